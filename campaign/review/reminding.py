"""Reminding partners of their next step: who is, who is left out and why, and the mail that they get."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import Session

from campaign import tell
from campaign.models import audit, notices, participation, users
from campaign.models.participation import Progress
from campaign.models.partners import Partner
from campaign.models.users import User
from campaign.notices.kinds import Kind
from campaign.review.decisions import Desk
from campaign.tell import News

TODAY = "was reminded today already"
NOBODY = "nobody has an address: invite an officer, or add a contact address to its details"
UNWANTED = "its people want no mail"


class Step(StrEnum):
    """What a partner has still to do before anything can be published in its name."""

    DETAILS = "details"
    ACCOUNT = "account"
    AGREE = "agree"


@dataclass(frozen=True, slots=True)
class Wording:
    """The mail of a step: ``asked`` is its subject, ``why`` its words; the page is where the step is done."""

    asked: str
    why: str
    page: str


_WORDINGS: Mapping[Step, Wording] = MappingProxyType(
    {
        Step.DETAILS: Wording(
            "please give your details",
            "The posts of this campaign need a few details of your organisation, such as its web address. That takes "
            "some minutes. Until then no post can go out in its name.",
            "/details",
        ),
        Step.ACCOUNT: Wording(
            "please choose how you publish",
            "No account of your organisation is connected yet, so nothing can be published in its name. Connect it, or "
            "reply to this mail and say that you would rather publish by hand.",
            "/accounts",
        ),
        Step.AGREE: Wording(
            "please say yes to your posts",
            "Your posts are ready. Nothing goes out in the name of your organisation before it has said yes.",
            "/details/agreement",
        ),
    }
)
_NO_SIGN_IN = "If you cannot sign in yet, reply to this mail and ask for an invitation."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which partners are meant; empty means all."""

    step: str = ""
    kind: str = ""
    region: str = ""

    def takes(self, one: Progress) -> bool:
        """Say whether a partner is meant."""
        partner = one.partner
        return (
            (not self.step or step_of(one) == self.step)
            and (not self.kind or partner.kind == self.kind)
            and (not self.region or partner.region == self.region)
        )


@dataclass(frozen=True, slots=True)
class Reminder:
    """A partner that is reminded, of what, and at which addresses."""

    partner: Partner
    step: Step
    to: tuple[str, ...]

    def news(self, today: date) -> News:
        """Return the mail; the partner gets one a day."""
        wording = _WORDINGS[self.step]
        body = f"{self.partner.name}: {wording.asked}.\n\n{wording.why}\n\n{_NO_SIGN_IN}\n"
        key = f"{_beginning(today)}{self.partner.id}"
        return News(Kind.REMINDER, f"{self.partner.name}: {wording.asked}", body, wording.page, key)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A partner that has a step before it and is not reminded, and why."""

    partner: Partner
    why: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom a reminder reaches and whom not."""

    reminders: tuple[Reminder, ...]
    left_out: tuple[LeftOut, ...]


def step_of(one: Progress) -> Step | None:
    """Return the first of the steps that a partner has not taken, None when it has taken all."""
    return next(iter(steps_of(one)), None)


def steps_of(one: Progress) -> list[Step]:
    """Return the steps that a partner has not taken, in their order."""
    taken = {Step.DETAILS: one.has_details, Step.ACCOUNT: bool(one.channels), Step.AGREE: one.agreed}
    return [step for step, done in taken.items() if not done]


def choose(rows: Iterable[Progress], officers: Iterable[User], reminded: Container[int]) -> Chosen:
    """Choose whom to remind; ``reminded`` are the ids of partners that were today."""
    by_partner: dict[str | None, list[User]] = {}
    for person in officers:
        by_partner.setdefault(person.partner_key, []).append(person)
    reminders, left_out = list[Reminder](), list[LeftOut]()
    for one in rows:
        partner, step = one.partner, step_of(one)
        if step is None:
            continue
        people = by_partner.get(partner.key, [])
        to = tuple(sorted(tell.willing(people, asks=True) or tell.contact(people, partner)))
        why = TODAY if partner.ident in reminded else "" if to else UNWANTED if people else NOBODY
        if why:
            left_out.append(LeftOut(partner, why))
        else:
            reminders.append(Reminder(partner, step, to))
    return Chosen(tuple(reminders), tuple(left_out))


def chosen(session: Session, wanted: Wanted, today: date) -> Chosen:
    """Return whom a reminder would reach today of the partners that are meant."""
    rows = participation.progress(session, published_up_to=0, of=participation.unfinished(session))
    told = notices.keys(session, _beginning(today))
    return choose(filter(wanted.takes, rows), users.officers(session), {int(key.split(":")[2]) for key in told})


def remind(desk: Desk, found: Chosen, today: date) -> int:
    """Write the mails and the row of the audit; returns how many partners are reminded. Two who press at once remind
    nobody twice: each mail has the key of its partner and day.
    """
    reached = [
        one.partner.key for one in found.reminders if tell.write(desk.session, one.to, one.news(today), desk.now)
    ]
    if reached:
        facts = {"partners": reached, "left_out": [one.partner.key for one in found.left_out]}
        audit.record(desk.session, who=desk.person.name, action="remind", subject="partners", at=desk.now, facts=facts)
    return len(reached)


def _beginning(today: date) -> str:
    return f"remind:{today.isoformat()}:"
