"""Who takes part, and reminding those who have a step before them. It is the campaign's, so no officer's token may."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from campaign.models import participation
from campaign.models.participation import MANY, Progress
from campaign.people import Right, demand
from campaign.reports.participation import counted, parts
from campaign.review import reminding
from campaign.review.decisions import Desk
from campaign.review.reminding import Step, Wanted, step_of
from campaign.web import places
from campaign.web.api.bearer import Caller, Holds, Reads
from campaign.web.api.once import Onced
from campaign.web.api.problems import SeenOthers
from campaign.web.api.query import place
from campaign.web.api.shapes import Cursor, Digest, Name, Page, Sent, Size
from campaign.web.reminding import mail, today, told

router = APIRouter(prefix="/participation", tags=["participation"])


class Taking(BaseModel):
    """How far a partner has come."""

    partner: str
    name: str
    kind: str
    region: str
    channels: list[str] = Field(description="Where it can post.")
    invited: bool
    details: bool
    agreed: bool
    published: int = Field(description=f"Posts that it has published, counted up to {MANY}.")
    next_step: Step | None


class Counts(BaseModel):
    """How many partners have come how far. ``name`` is empty for those that have none."""

    name: str
    counts: dict[str, int]


class Taken(BaseModel):
    """How many partners have come how far, all together and part by part."""

    whole: dict[str, int]
    kind: list[Counts]
    region: list[Counts]
    channel: list[Counts]


class Reminded(BaseModel):
    """A partner that a reminder reaches."""

    partner: str
    step: Step
    addresses: int


class Omitted(BaseModel):
    """A partner that has a step before it and is not reminded."""

    partner: str
    why: str


class Letter(BaseModel):
    """The mail of a step, as its first partner gets it."""

    step: Step
    subject: str
    body: str


class Reminders(BaseModel):
    """Whom a reminder would reach today."""

    seen: str = Field(description="To be sent with the order to remind them.")
    reminders: list[Reminded]
    left_out: list[Omitted]
    letters: list[Letter]


class Some(Sent):
    """Which partners are meant; null means all."""

    step: Step | None = None
    kind: Name | None = None
    region: Name | None = None


class RemindOrder(Some):
    """An order to remind those that were shown."""

    seen: Digest


class RemindersSent(BaseModel):
    """How many partners are reminded."""

    reminded: int


def _some(
    step: Step | None = None,
    kind: Annotated[Name | None, Query()] = None,
    region: Annotated[Name | None, Query()] = None,
) -> Some:
    return Some(step=step, kind=kind, region=region)


Filtered = Annotated[Some, Depends(_some)]


def _wanted(some: Some) -> Wanted:
    return Wanted(some.step or "", some.kind or "", some.region or "")


@router.get("")
def list_taking_part(who: Reads, some: Filtered, limit: Size = 50, cursor: Cursor = "") -> Page[Taking]:
    """List the partners by key, with how far each has come."""
    demand(who.person, Right.HOLD)
    (begin,) = place(cursor, places.key_in) or ("",)
    with who.house.app.database.read() as session:
        rows = [one for one in participation.progress(session) if _wanted(some).takes(one)]
    after = sorted((one for one in rows if one.partner.key > begin), key=lambda one: one.partner.key)
    items = [_taking(one) for one in after[:limit]]
    return Page[Taking](items=items, next=items[-1].partner if len(after) > limit else None)


def _taking(one: Progress) -> Taking:
    return Taking(
        partner=one.partner.key,
        name=one.partner.name,
        kind=one.partner.kind,
        region=one.partner.region,
        channels=list(one.channels),
        invited=one.invited,
        details=one.has_details,
        agreed=one.agreed,
        published=one.published,
        next_step=step_of(one),
    )


@router.get("/counts")
def count_taking_part(who: Reads) -> Taken:
    """Count how many partners have come how far: all of them, by kind, by region, by channel."""
    demand(who.person, Right.HOLD)
    with who.house.app.database.read() as session:
        rows = participation.progress(session)
    by = {
        name: [Counts(name=part.name, counts=dict(part.counts)) for part in found]
        for name, found in parts(rows).items()
    }
    return Taken(whole=dict(counted("", rows).counts), **by)


@router.get("/reminders")
def show_reminders(who: Reads, some: Filtered) -> Reminders:
    """Show whom a reminder would reach today, its mail, and who is left out and why. Nothing is sent."""
    demand(who.person, Right.HOLD)
    with who.house.app.database.read() as session:
        found = reminding.chosen(session, _wanted(some), today(who.house))
    first = {one.step: one for one in reversed(found.reminders)}
    return Reminders(
        seen=told(found),
        reminders=[Reminded(partner=one.partner.key, step=one.step, addresses=len(one.to)) for one in found.reminders],
        left_out=[Omitted(partner=one.partner.key, why=one.why) for one in found.left_out],
        letters=[_letter(who, step, one) for step, one in sorted(first.items())],
    )


def _letter(who: Caller, step: Step, one: reminding.Reminder) -> Letter:
    subject, body = mail(who.house, one)
    return Letter(step=step, subject=subject, body=body)


@router.post("/remind")
def send_reminders(sent: RemindOrder, who: Holds, once: Onced) -> RemindersSent:
    """Remind those that were shown, where they are still the same; nobody is reminded twice a day."""

    def act(desk: Desk) -> dict[str, object]:
        demand(desk.person, Right.HOLD)
        found = reminding.chosen(desk.session, _wanted(sent), today(who.house))
        if told(found) != sent.seen:
            raise SeenOthers
        return {"reminded": reminding.remind(desk, found, today(who.house))}

    return once.do(who, sent, RemindersSent, act)
