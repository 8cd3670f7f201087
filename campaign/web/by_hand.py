"""Publishing by hand: a post ready to copy, the platform's own page, and where it stands afterwards."""

from typing import Any, ClassVar

from fastapi.responses import Response
from pydantic import Field
from sqlmodel import Session

from campaign.dispatch import by_hand
from campaign.errors import MoveRefused, WrongUse
from campaign.models import holds
from campaign.models.listing import PostRow
from campaign.models.status import Status
from campaign.newsletter.article import article_of
from campaign.people import Right
from campaign.review import speaking
from campaign.review.foresight import over
from campaign.web.area import Area
from campaign.web.forms import WRONG, Fields, Form, Sent, read
from campaign.web.visitor import Actor, Who

area = Area()

_LONGEST = 1000


class Done(Fields):
    """Where the post stands now."""

    missing: ClassVar = {"url": "Enter the address of the post, as the platform shows it: https://..."}
    url: str = Field(min_length=8, max_length=_LONGEST)


@area.get("/posts/{ident}/hand", Right.SETTLE)
def show(ident: str, who: Who) -> Response:
    """Show a post ready to copy."""
    return _page(who, ident, Form())


def _page(who: Actor, ident: str, form: Form[Any], status: int = 200, *, doubt: bool = False) -> Response:
    app = who.house.app
    with who.reading() as session:
        row = _waiting(session, who, ident)
        ready = by_hand.ready(session, app.channels, row, app.contents.message(row.post))
        held = over(holds.active(session), row)
    return who.page(
        "by_hand/hand.html",
        status=status,
        form=form,
        post=row.post,
        partner=row.partner,
        account=row.account,
        ready=ready,
        held=held,
        platform=app.channels[row.post.channel].title,
        doubt=doubt,
        late=row.post.status != Status.BY_HAND,
    )


def _waiting(session: Session, who: Actor, ident: str) -> PostRow:
    """Return a post that a person is to publish, or may have published. Raises MoveRefused for another one."""
    row = who.post(session, ident)
    by_hand.refuse_unasked(session, row.post)
    return row


@area.post("/posts/{ident}/hand", Right.SETTLE)
def done(ident: str, who: Who, sent: Sent) -> Response:
    """Record the address of a post that was published by hand."""
    form = read(Done, sent)
    if form.found is None:
        return _page(who, ident, form, WRONG)
    channels = who.house.app.channels
    try:
        with who.reading() as session:
            why = by_hand.doubt(session, channels, who.post(session, ident), form.found.url)
        if why and not sent.one("sure"):
            return _page(who, ident, form.wrong("url", f"{why} Check the address"), WRONG, doubt=True)
        with who.desk() as desk:
            row = who.post(desk.session, ident)
            why = by_hand.record(desk, channels, row, form.found.url)
    except MoveRefused:
        raise
    except WrongUse as error:
        return _page(who, ident, form.wrong("url", str(error)), WRONG)
    return who.redirect(f"/posts/{int(ident)}", f"Recorded as published. {why or 'It counts in the log.'}")


@area.get("/posts/{ident}/article", Right.SEE)
def paste(ident: str, who: Who) -> Response:
    """Show a newsletter as an article to paste into one's own."""
    with who.reading() as session:
        row = who.post(session, ident)
    return who.page(
        "by_hand/article.html",
        post=row.post,
        partner=row.partner,
        article=article_of(who.house.app.contents.message(row.post)),
        form=Form(),
    )


@area.get("/posts/{ident}/article.eml", Right.SEE)
def mail_file(ident: str, who: Who) -> Response:
    """Give the article as a mail that a mail program opens as a draft."""
    with who.reading() as session:
        found = article_of(who.house.app.contents.message(who.post(session, ident).post))
    name = f'attachment; filename="newsletter-{int(ident)}.eml"'
    return Response(found.eml, media_type="message/rfc822", headers={"Content-Disposition": name})


@area.post("/posts/{ident}/agree", Right.AGREE)
def agree(ident: str, who: Who) -> Response:
    """Record the partner's yes to one post; it goes to review."""
    with who.desk() as desk:
        row = who.post(desk.session, ident)
        count = speaking.agree(desk, row.partner, post_id=row.post.ident)
    return who.redirect(f"/posts/{int(ident)}", "Agreed. It is in review now." if count else "Agreed.")
