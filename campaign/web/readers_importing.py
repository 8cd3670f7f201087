"""Readers of an email list from a CSV file: uploaded, counted with nothing stored, then taken in all together.

The preview counts people and names none: their addresses are read by nobody who need not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.config import said
from campaign.errors import WrongUse
from campaign.intake import SubscriberRow, subscribers_of
from campaign.intake.subscribers import KNOWN
from campaign.models import audiences
from campaign.people import Right
from campaign.register import lists as register
from campaign.register.lists import Change
from campaign.review.decisions import Desk
from campaign.web.area import Area
from campaign.web.carrying import MOST, Carrier
from campaign.web.downloads import as_csv
from campaign.web.forms import Form, Posted, Sent, Upload, options
from campaign.web.visitor import Actor, Who

area = Area()

_HOME = "/admin/lists/import"


@area.get(_HOME, Right.ADMINISTER)
def ask(who: Who, on: str = "") -> Response:
    """Ask for the list and the file, and say what it holds."""
    form: Form[Any] = Form(Posted({"list": (on,)}))
    return _carrier(who, form.posted).ask(form)


@area.get(f"{_HOME}/template.csv", Right.ADMINISTER)
def template_csv() -> Response:
    """Give a file to fill in."""
    return as_csv(iter(()), KNOWN, "readers")


@area.post(_HOME, Right.ADMINISTER, most_bytes=2 * MOST)
def take(who: Who, sent: Sent) -> Response:
    """Show what the file would do, or take it in."""
    return _carrier(who, sent).answer(sent)


def _carrier(who: Actor, sent: Posted) -> Carrier[SubscriberRow, Change]:
    with who.reading() as session:
        found = audiences.counts(session)
    known, lost = [one.key for one in found], bool(sent.one("lost"))

    def read(file: Upload) -> list[SubscriberRow]:
        _named(sent, known)
        return subscribers_of(file.name or "readers.csv", file.content, who.house.now(), who.house.zone, MOST)

    def foresee(session: Session, rows: Sequence[SubscriberRow]) -> list[Change]:
        return [register.preview(session, _named(sent, known), rows, by=who.person, lost=lost)]

    def store(desk: Desk, rows: Sequence[SubscriberRow]) -> str:
        done = register.take(desk.session, _named(sent, known), rows, by=desk.person, now=desk.now, lost=lost)
        return done.said("reader")

    lists = options("Choose a list", [(key, key) for key in known], sent.one("list"))
    pages = ("admin/readers_import.html", "admin/readers_preview.html", "/admin/lists")
    names = {"section": "lists", "lists": lists if known else [], "broken_off": [one for one in found if one.importing]}
    more = {"list": sent.one("list"), "new": sent.one("new"), "lost": sent.one("lost")}
    return Carrier(who, *pages, read, foresee, store, _sums, names | {"more": more})


def _sums(changes: Sequence[Change]) -> Mapping[str, Any]:
    return {"found": changes[0]}


def _named(sent: Posted, known: Sequence[str]) -> str:
    """Return the name of the list that is meant. Raises WrongUse, beside its field."""
    chosen, new = sent.one("list"), sent.one("new").strip()
    if chosen and new:
        raise WrongUse(field="new", problem="A list is chosen already", mend="Choose one, or name a new one.")
    if new.casefold() in {key.casefold() for key in known}:
        raise WrongUse(field="new", problem="There is a list of this name", mend="Choose it, or take another name.")
    if chosen in known:
        return chosen
    if not new:
        raise WrongUse(field="list" if known else "new", problem="No list is named", mend="Choose or name one.")
    try:
        return said("list's name", new)
    except WrongUse as error:
        raise WrongUse(**error.facts | {"field": "new"}) from error
