"""A correction of a newsletter, to exactly those who got it: written, previewed and sent for review like a new post."""

from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import UnknownName, WrongUse
from campaign.models.listing import PostRow
from campaign.models.status import Status
from campaign.people import Right
from campaign.review import correcting
from campaign.web import times
from campaign.web.area import Area
from campaign.web.forms import WRONG, Form, Sent
from campaign.web.holes import holes
from campaign.web.pictures import addresses
from campaign.web.preview import Preview, drafted
from campaign.web.visitor import Actor, Who
from campaign.web.words_page import Words, words_page
from campaign.web.writing import own_values, placed
from campaign.wording import counted

area = Area()


@area.get("/posts/{ident}/correct", Right.QUEUE)
def ask(ident: str, who: Who) -> Response:
    """Ask for the words of a correction of an issue."""
    with who.reading() as session:
        row = _issue(session, who, ident)
        return _words(who, session, row, Form())


def _issue(session: Session, who: Actor, ident: str) -> PostRow:
    """Return an issue that somebody got. Raises UnknownName."""
    row = who.post(session, ident)
    if not correcting.can_be_corrected(session, row):
        raise UnknownName(kind="newsletter to correct", name=ident, mend="A correction is for an issue that has ended.")
    return row


def _words(
    who: Actor, session: Session, row: PostRow, form: Form[Any], look: Preview | None = None, status: int = 200
) -> Response:
    template = correcting.wording(who.house.app.source(placeholders=False))
    count = counted(correcting.can_be_corrected(session, row), "reader")
    words = Words(
        row.account,
        row.partner,
        template,
        {**row.partner.details, "corrected": correcting.subject_of(row, template)},
        action=f"/posts/{row.post.id}/correct",
        title="Correct a newsletter",
        back=f"/posts/{row.post.id}",
        goes_to=f"the {count} who got this newsletter, but for those who have left the list since",
    )
    return words_page(who, words, form, look, status=status)


@area.post("/posts/{ident}/correct", Right.QUEUE)
def create(ident: str, who: Who, sent: Sent) -> Response:
    """Show the correction as it will look, or send it for review."""
    source = who.house.app.source(placeholders=False)
    due_at = times.moment(sent.one("day"), sent.one("time"), who.house.zone)
    with who.reading() as session:
        row = _issue(session, who, ident)
        inputs = holes(correcting.wording(source).fields, {})
        if isinstance(due_at, dict):
            return _words(who, session, row, Form(sent, None, due_at), status=WRONG)
        own = own_values(inputs.sent(sent), row.partner.details, correcting.wording(source))
        made = correcting.correction(session, source, row, due_at, own)
        if made.findings or made.draft is None:
            return _words(who, session, row, Form(sent, None, placed(inputs.told(made.findings))), status=WRONG)
        if sent.one("do") != "send":
            look = drafted(who.house.app, made.draft, row.account, row.partner, addresses(who, row.partner, row.post))
            return _words(who, session, row, Form(sent), look)
    try:
        with who.desk() as desk:
            post = correcting.queue_correction(desk, source, who.post(desk.session, ident), due_at, own)
            number, review = post.ident, post.status == Status.IN_REVIEW
    except WrongUse as error:
        with who.reading() as session:
            return _words(
                who, session, _issue(session, who, ident), Form(sent, None, {"day": str(error)}), status=WRONG
            )
    return who.redirect(f"/posts/{number}", "Sent for review." if review else "Saved as a draft.")
