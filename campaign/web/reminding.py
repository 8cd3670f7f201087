"""Reminding partners of their next step: the mail and whom it reaches are shown before anything is sent."""

from datetime import date
from itertools import groupby
from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi.responses import Response
from pydantic import Field

from campaign.people import Right
from campaign.review import reminding
from campaign.review.reminding import Chosen, LeftOut, Reminder, Wanted
from campaign.web.area import Area
from campaign.web.forms import CONFLICT, WRONG, Fields, Form, Sent, read, seen
from campaign.web.house import House
from campaign.web.visitor import Actor, Who
from campaign.wording import counted

area = Area()

_LONGEST = 200


class Order(Fields):
    """Whom to remind, and which partners the person saw."""

    missing: ClassVar = {"told": "Load the page again"}
    step: str = Field(default="", max_length=_LONGEST)
    kind: str = Field(default="", max_length=_LONGEST)
    region: str = Field(default="", max_length=_LONGEST)
    told: str = Field(min_length=1, max_length=64)

    @property
    def wanted(self) -> Wanted:
        """The partners that are meant."""
        return Wanted(self.step, self.kind, self.region)


@area.get("/participation/remind", Right.HOLD)
def ask(who: Who, step: str = "", kind: str = "", region: str = "") -> Response:
    """Show the mail, whom it reaches, and who is left out and why."""
    return _page(who, Wanted(step, kind, region), Form())


def _page(who: Actor, wanted: Wanted, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        found = reminding.chosen(session, wanted, today(who.house))
    return who.page(
        "participation/remind.html",
        status=status,
        form=form,
        wanted=wanted,
        back=f"/participation?{urlencode({'step': wanted.step, 'kind': wanted.kind, 'region': wanted.region})}",
        count=len(found.reminders),
        mails=[(some, *mail(who.house, some[0])) for some in _by_step(found)],
        left_out=_by_reason(found),
        told=told(found),
    )


def mail(house: House, one: Reminder) -> tuple[str, str]:
    """Return subject and words of the mail that a partner gets."""
    paper, now = house.app.notices.paper, house.now()
    notice = one.news(today(house)).notice(one.to[0], now)
    return paper.subject([notice]), paper.body([notice])


def _by_step(found: Chosen) -> list[list[Reminder]]:
    return [list(some) for _, some in groupby(sorted(found.reminders, key=_step), _step)]


def _step(one: Reminder) -> str:
    return one.step


def _by_reason(found: Chosen) -> list[tuple[str, list[str]]]:
    rows = sorted(found.left_out, key=_why)
    return [(why, [one.partner.name for one in some]) for why, some in groupby(rows, _why)]


def _why(one: LeftOut) -> str:
    return one.why


def told(found: Chosen) -> str:
    """Return the digest of whom a reminder reaches: whoever orders it orders what they saw."""
    return seen((one.partner.id, one.step, one.to) for one in found.reminders)


def today(house: House) -> date:
    """Return the local day."""
    return house.now().astimezone(house.zone).date()


@area.post("/participation/remind", Right.HOLD)
def send(who: Who, sent: Sent) -> Response:
    """Remind those that were shown, where they are still the same."""
    form = read(Order, sent)
    if form.found is None:
        return _page(who, Wanted(), form, WRONG)
    wanted, day = form.found.wanted, today(who.house)
    with who.desk() as desk:
        found = reminding.chosen(desk.session, wanted, day)
        same = told(found) == form.found.told
        count = reminding.remind(desk, found, day) if same else 0
    if not same:
        return _page(who, wanted, form.wrong("told", "Something has changed since you looked. Look again"), CONFLICT)
    return who.redirect("/participation", f"{counted(count, 'partner')} reminded. The mails go out within a minute.")
