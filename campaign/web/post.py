"""One post: how it will look on every channel, what speaks against it, what changed, and what has happened to it."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from campaign.errors import UnknownName
from campaign.models import holds, leaving, listing
from campaign.models.listing import PostRow
from campaign.models.partners import AccountMode
from campaign.models.posts import Post
from campaign.models.status import PLANNABLE, Move, Status, moves_from
from campaign.people import Right
from campaign.ports import MAIL
from campaign.review import correcting, findings
from campaign.review.agreement import covers
from campaign.review.comparing import Pair, compared
from campaign.review.grouping import why_not
from campaign.review.subjects import outline_of, template_of
from campaign.web.area import Area
from campaign.web.forms import Form, Posted
from campaign.web.headers import MAIL_POLICY
from campaign.web.history import sentence_of
from campaign.web.items import Kind, Strip, items
from campaign.web.pictures import image_of
from campaign.web.preview import Preview, mail_page, preview
from campaign.web.subjects import copy_of, template_title
from campaign.web.visitor import Actor, Who
from campaign.web.words import advised
from campaign.wording import channel

area = Area()

_OUT = frozenset({Status.UNCONFIRMED, Status.PUBLISHED, Status.RETRACTING, Status.RETRACTED})
_MOVABLE = frozenset({*PLANNABLE, Status.MISSED, Status.FAILED})


@area.get("/posts/{ident}", Right.SEE)
def show(ident: str, who: Who, came: Annotated[str, Query(alias="from")] = "") -> Response:
    """Show a post. ``from=words``: whoever decides it goes on to the new words, for the form carries that on."""
    return page(who, ident, Form(Posted({"from": (came,)})))


@area.get("/posts/{ident}/images/{digest}", Right.SEE)
def image(ident: str, digest: str, who: Who) -> Response:
    """Show an image of a post to whoever may see the post."""
    with who.reading() as session:
        post = who.post(session, ident).post
    return image_of(who.house, post, digest)


@area.get("/posts/{ident}/mail", Right.SEE)
def letter(ident: str, who: Who) -> Response:
    """Show an issue's HTML for a frame of the post's page."""
    with who.reading() as session:
        message = who.house.app.contents.message(who.post(session, ident).post)
    if message.html is None:
        raise UnknownName(kind="mail of post", name=ident, mend="It is no newsletter.")
    return HTMLResponse(mail_page(message), headers={"Content-Security-Policy": MAIL_POLICY})


def page(who: Actor, ident: str, form: Form[Any], status: int = 200) -> Response:
    """Return the page of a post, with a form as it was filled in."""
    with who.reading() as session:
        row = who.post(session, ident)
        on = holds.active(session)
        [item] = items(on, [row])
        found = list(_strips(session, who, row))
        happened = reversed(listing.events(session, row.post.ident))
        names = {
            "post": row.post,
            "partner": row.partner,
            "account": row.account,
            "item": item,
            "strips": [*item.strips, *found],
            "checks": sum(one.kind != Kind.NOTE for one in found),
            "where": "by email" if row.post.channel == MAIL else f"on {channel(row.post.channel)}",
            "which": "newsletter" if row.post.channel == MAIL else f"{channel(row.post.channel)} post",
            "preview": preview(who.house.app, row.post, row.account, row.partner),
            "others": [(one, _looks(who, one.row)) for one in items(on, listing.siblings(session, row))],
            "comparisons": _comparisons(session, who, row) if row.post.status in PLANNABLE else [],
            "looks": "How it looks" if row.post.status in _OUT else "How it will look",
            "facts": _facts(who, row),
            "events": [(one, *sentence_of(one, row.post.channel)) for one in happened],
            **_powers(session, who, row),
        }
    return who.page("post/post.html", status=status, form=form, **names)


def _looks(who: Actor, row: PostRow) -> Preview:
    return preview(who.house.app, row.post, row.account, row.partner)


def _strips(session: Session, who: Actor, row: PostRow) -> Iterator[Strip]:
    """Say what `campaign check` would find of the post, while it can still be mended, and what waits for it."""
    app = who.house.app
    if row.post.status in leaving.UNSURE and (order := leaving.ordered(session, row.post.ident)):
        words = f"It is taken down as soon as it is found, as {order.ordered_by} ordered: {order.why}"
        yield Strip(Kind.NOTE, words)
    if row.post.status not in PLANNABLE:
        return
    if row.account.mode == AccountMode.BY_HAND:
        yield Strip(Kind.NOTE, "No program has access to this account: a person publishes the post when it is due.")
    for one in findings.against(session, row, app.contents, app.limits, copy_of(app), who.house.now()):
        yield Strip(Kind.FIX if one.severity == "error" else Kind.CHECK, advised(one))


def _comparisons(session: Session, who: Actor, row: PostRow) -> list[tuple[str, list[Pair]]]:
    """Return the post's words beside those that were approved last, and beside its template's."""
    found, draft = list[tuple[str, list[Pair]]](), who.house.app.contents.draft(row.post)
    approved = listing.approved_before(session, row) if row.post.template else None
    if approved is not None:
        before = who.house.app.contents.draft(approved)
        found.append(("Words approved last", compared(before.words, draft.words)))
    copy = copy_of(who.house.app)
    template = template_of(copy, row.post.template, row.post.channel)
    if template is not None:
        outline = outline_of(copy, template, row, draft)
        found.append((f"Template, version {template.version}", compared(outline.words, draft.words, outline.holes)))
    return found


def _facts(who: Actor, row: PostRow) -> list[dict[str, dict[str, str]]]:
    post = row.post
    template = template_title(copy_of(who.house.app), post.template, post.channel)
    pairs = {
        "Partner": row.partner.name,
        "Channel": f"{channel(post.channel)}, {row.account.handle}",
        "Template": f"{template}, version {post.template_version}" if post.template else template,
        "Goes to": str(post.draft.get("audience") or ""),
        "Queued by": post.queued_by,
        "Changed by": post.edited_by or "",
        "Version": str(post.version),
    }
    found = [{"key": {"text": name}, "value": {"text": text}} for name, text in pairs.items() if text]
    return [*found, {"key": {"text": "Address"}, "value": _linked(post.url)}] if post.url else found


def _linked(url: str) -> dict[str, str]:
    """Return an address as the macro takes it, to open where it is one of the web."""
    if not url.startswith(("https://", "http://")):
        return {"text": url}
    return {"html": Markup('<a class="govuk-link" href="{0}" rel="noreferrer">{0}</a>').format(url)}


def _powers(session: Session, who: Actor, row: PostRow) -> dict[str, object]:
    """Return what the page offers: what the table allows, the role, and the rules of review."""
    can = moves_from(Status(row.post.status))
    reviews = Move.APPROVE in can and who.may(Right.REVIEW)
    barred = why_not(who.person, row) if reviews else ""
    not_mail = row.post.channel != MAIL
    held = holds.reason(session, f"post:{row.post.id}") is not None
    return {
        "may_decide": reviews and not barred,
        "why_not": barred,
        "may_submit": Move.SUBMIT in can and who.may(Right.QUEUE) and covers(session, row.post),
        "may_withdraw": Move.WITHDRAW in can and who.may(Right.EDIT),
        "may_edit": Move.EDIT in can and who.may(Right.EDIT) and bool(row.post.template),
        "may_move": row.post.status in _MOVABLE and who.may(Right.EDIT),
        "may_hold": row.post.status in PLANNABLE and who.may(Right.EDIT) and not held,
        "may_release": held and who.may(Right.EDIT),
        "by_hand": row.post.status == Status.BY_HAND and who.may(Right.SETTLE),
        "in_vain": who.may(Right.SETTLE) and listing.handed_in_vain(session, row.post),
        "may_take_down": not_mail and who.may(Right.RETRACT) and _may_be_out(session, row.post),
        "correctable": correcting.can_be_corrected(session, row) if who.may(Right.QUEUE) else 0,
        "must_agree": row.post.status == Status.DRAFT and not covers(session, row.post) and who.may(Right.AGREE),
    }


def _may_be_out(session: Session, post: Post) -> bool:
    """Say whether the post is out, or may be and nobody has ordered yet that it be taken down."""
    if post.status in leaving.UNSURE:
        return leaving.ordered(session, post.ident) is None
    return post.status == Status.PUBLISHED
