"""What only a person can say: posts that nobody could confirm, and posts to be taken down by hand."""

from typing import Any, ClassVar, Literal

from fastapi.responses import Response
from pydantic import Field

from campaign.dispatch import word
from campaign.errors import NotAllowed, UnknownName, WrongUse
from campaign.models import holds, listing
from campaign.models.listing import PostFilter, PostRow
from campaign.models.status import UNSETTLED, Move, Status
from campaign.people import Right
from campaign.web.area import Area
from campaign.web.forms import WRONG, Fields, Form, Sent, read
from campaign.web.items import items
from campaign.web.visitor import Actor, Who

area = Area()

SHOWN = 50
"""Posts on the page: the next ones come as these are settled."""


class Word(Fields):
    """What a person saw."""

    missing: ClassVar = {"there": "Choose what you saw", "url": "Enter its address in at most 500 characters"}
    there: Literal["yes", "no"]
    url: str = Field(default="", max_length=500)


@area.get("/settle", Right.SETTLE)
def waiting(who: Who) -> Response:
    """List what waits for a person's word."""
    with who.reading() as session:
        rows = listing.waiting_for_person(session, PostFilter(partners=who.partners), limit=SHOWN + 1)
        return who.page(
            "settle/list.html",
            items=items(holds.active(session), rows[:SHOWN]),
            more=len(rows) > SHOWN,
            all_partners=not who.partners,
        )


@area.get("/settle/{ident}", Right.SETTLE)
def ask(ident: str, who: Who) -> Response:
    """Ask what is to be seen on the platform."""
    return _page(who, ident, Form())


@area.post("/settle/{ident}", Right.SETTLE)
def settle(ident: str, who: Who, sent: Sent) -> Response:
    """Take the person's word."""
    form = read(Word, sent)
    if form.found is not None and form.found.there == "yes" and not form.found.url:
        form = form.wrong("url", "Enter the address of the post, beginning with https://")
    if form.found is None:
        return _page(who, ident, form, WRONG)
    published = form.found.url if form.found.there == "yes" else None
    app = who.house.app
    if published is not None and not sent.one("sure"):
        with who.reading() as session:
            why = word.doubt(who.post(session, ident), app.channels, published)
        if why:
            return _page(who, ident, form.wrong("url", f"{why} Check the address"), WRONG, doubt=True)
    means = app.means()
    try:
        with who.desk() as desk:
            row = who.post(desk.session, ident)
            known = word.settle(desk, row, published, channels=app.channels, means=means)
    except WrongUse as error:
        if published is None or isinstance(error, NotAllowed | UnknownName):
            raise
        return _page(who, ident, form.wrong("url", str(error)), WRONG)
    return who.redirect(f"/posts/{int(ident)}", _said(row, known=known))


def _said(row: PostRow, *, known: bool) -> str:
    """Return what to say of a post that was settled just now."""
    words = {
        Status.PUBLISHED: "It counts as published.",
        Status.APPROVED: "It counts as not published, and goes out again.",
        Status.MISSED: "It counts as not published. Its time has passed: it needs a new one.",
        Status.RETRACTED: "It counts as taken down.",
        Status.WITHDRAWN: "It counts as not published, and is withdrawn: somebody has ordered it to be taken down.",
    }
    hidden = " Its figures cannot be read: the address holds no number of this account's." if not known else ""
    return words.get(Status(row.post.status), "Settled.") + hidden


def _page(who: Actor, ident: str, form: Form[Any], status: int = 200, *, doubt: bool = False) -> Response:
    with who.reading() as session:
        row = who.post(session, ident)
        if row.post.status not in UNSETTLED:
            raise UnknownName(kind="post to settle", name=ident, mend="It may have been settled already.")
        [item] = items(holds.active(session), [row])
        orders = [event for event in listing.events(session, row.post.ident) if event.move == Move.RETRACT]
        message = who.house.app.contents.message(row.post)
    leaving = row.post.status == Status.RETRACTING
    return who.page(
        "settle/post.html",
        status=status,
        form=form,
        doubt=doubt,
        post=row.post,
        partner=row.partner,
        account=row.account,
        tag=item.tag,
        strips=item.strips,
        words=message.text,
        leaving=leaving,
        why=orders[-1] if orders else None,
    )
