"""One post: how it will look, what has happened to it, and what the person may do with it."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from fastapi.responses import FileResponse, Response
from pydantic import Field
from sqlmodel import Session

from campaign.errors import Changed, NotAllowed, UnknownName
from campaign.models import listing
from campaign.models.listing import PostRow
from campaign.models.status import Move, Status, moves_from
from campaign.newsletter.marks import spoken_marks
from campaign.people import Right
from campaign.ports import Media, Message
from campaign.review import decisions
from campaign.review.agreement import covers
from campaign.web.area import Area
from campaign.web.forms import Fields, Form, Sent, read
from campaign.web.items import items
from campaign.web.visitor import Actor, Who
from campaign.web.words import channel

area = Area()

_CONFLICT, _WRONG = 409, 422
_LONGEST = 500
_OUT = frozenset({Status.PUBLISHED, Status.RETRACTING, Status.RETRACTED})


class Decision(Fields):
    """A reviewer's decision, bound to the content that was seen."""

    missing: ClassVar = {
        "decision": "Choose what you decide",
        "seen": "Load the page again: it does not say which words you saw",
        "comment": f"Keep it to {_LONGEST} characters",
        "reason": f"Keep it to {_LONGEST} characters",
    }
    decision: Literal["approve", "return", "reject"]
    seen: str = Field(min_length=decisions.HASH_MIN, max_length=64)
    comment: str = Field(default="", max_length=_LONGEST)
    reason: str = Field(default="", max_length=_LONGEST)

    @property
    def lacks(self) -> tuple[str, str] | None:
        """The field that the decision needs and that is empty, with what to say."""
        if self.decision == "return" and not self.comment:
            return "comment", "Enter what needs to change"
        if self.decision == "reject" and not self.reason:
            return "reason", "Enter why it is not to go out"
        return None


class Withdrawal(Fields):
    """Why a post is withdrawn."""

    missing: ClassVar = {"why": f"Enter why it is withdrawn, in at most {_LONGEST} characters"}
    why: str = Field(min_length=1, max_length=_LONGEST)


@area.get("/posts/{ident}", Right.SEE)
def show(ident: str, who: Who) -> Response:
    """Show a post."""
    return _page(who, ident, Form())


@area.get("/posts/{ident}/images/{digest}", Right.SEE)
def image(ident: str, digest: str, who: Who) -> Response:
    """Show an image of a post to whoever may see the post."""
    with who.reading() as session:
        draft = who.house.app.contents.draft(who.post(session, ident).post)
    found = next((one for one in draft.media if one.digest == digest and one.path.is_file()), None)
    if found is None:
        raise UnknownName(kind="image", name=digest, mend="The post shows those that it has.")
    return FileResponse(found.path, media_type=found.mime, headers={"Cache-Control": "private, max-age=86400"})


@area.post("/posts/{ident}/decision", Right.REVIEW)
def decide(ident: str, who: Who, sent: Sent) -> Response:
    """Approve the words that were seen, ask for changes, or reject the post."""
    form = read(Decision, sent)
    if form.found is not None and (lack := form.found.lacks):
        form = form.wrong(*lack)
    if form.found is None:
        return _page(who, ident, form, status=_WRONG)
    try:
        with who.desk() as desk:
            notice = _decided(desk, who.post(desk.session, ident), form.found)
    except Changed:
        words = "This post changed since you opened it. Check it again, then decide"
        return _page(who, ident, form.wrong("decide", words), status=_CONFLICT)
    return who.redirect(f"/posts/{int(ident)}", notice)


def _decided(desk: decisions.Desk, row: PostRow, wanted: Decision) -> str:
    """Do what was decided; returns what to say of it."""
    if wanted.decision == "return":
        decisions.send_back(desk, row, wanted.comment)
        return "Returned. The officer of the partner is told."
    if wanted.decision == "reject":
        decisions.reject(desk, row, wanted.reason)
        return "Rejected. It will not go out."
    if decisions.approve(desk, row, wanted.seen):
        return "Approved. It goes out at its time."
    if row.post.status == Status.MISSED:
        return "Its time has passed, so it was not approved. It needs a new time."
    return "Your approval counts. The other side must approve it too."


@area.post("/posts/{ident}/submit", Right.QUEUE)
def submit(ident: str, who: Who) -> Response:
    """Hand a draft to review."""
    with who.desk() as desk:
        decisions.submit(desk, who.post(desk.session, ident))
    return who.redirect(f"/posts/{int(ident)}", "Sent for review.")


@area.post("/posts/{ident}/withdraw", Right.EDIT)
def withdraw(ident: str, who: Who, sent: Sent) -> Response:
    """Take a post out before it is published."""
    form = read(Withdrawal, sent)
    if form.found is None:
        return _page(who, ident, form, status=_WRONG)
    with who.desk() as desk:
        decisions.withdraw(desk, who.post(desk.session, ident), form.found.why)
    return who.redirect(f"/posts/{int(ident)}", "Withdrawn. It will not go out.")


@dataclass(frozen=True, slots=True)
class Preview:
    """What the preview shows of what goes out. ``seen`` is its hash: of what is shown, not of what once was stored."""

    words: str
    length: int
    longest: int
    media: tuple[Media, ...] = ()
    link: str | None = None
    link_title: str | None = None
    shared: str = ""
    seen: str = ""
    issue: bool = False
    sender: str = ""
    subject: str | None = None

    @property
    def host(self) -> str:
        """The host of the link's card."""
        return urlsplit(self.link or "").hostname or ""


def preview(who: Actor, row: PostRow) -> Preview:
    """Return what the post will send, from the same message that review hashes and dispatch sends."""
    message: Message = who.house.app.contents.message(row.post)
    limits = who.house.app.channels[row.post.channel].limits
    issue = message.html is not None
    return Preview(
        words=spoken_marks(message.text) if issue else message.text,
        length=limits.count(message.text),
        longest=limits.text_max,
        media=message.media,
        link=message.link,
        link_title=message.link_title,
        shared="It passes on another post as it stands." if message.share_of and not message.text else "",
        seen=who.house.app.contents.hash_of(message, row.post, row.account),
        issue=issue,
        sender=message.envelope.sender if message.envelope else "",
        subject=message.subject,
    )


def _page(who: Actor, ident: str, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        row = who.post(session, ident)
        [item] = items(session, [row])
        names = {
            "post": row.post,
            "partner": row.partner,
            "account": row.account,
            "tag": item.tag,
            "strips": item.strips,
            "preview": preview(who, row),
            "looks": "How it looks" if row.post.status in _OUT else "How it will look",
            "facts": _facts(row),
            "events": list(reversed(listing.events(session, row.post.ident))),
            **_powers(session, who, row),
        }
    return who.page("post/post.html", status=status, form=form, **names)


def _facts(row: PostRow) -> list[dict[str, dict[str, str]]]:
    post = row.post
    pairs = {
        "Partner": row.partner.name,
        "Channel": f"{channel(post.channel)}, {row.account.handle}",
        "Template": f"{post.template}, version {post.template_version}",
        "Queued by": post.queued_by,
        "Changed by": post.edited_by or "",
        "Version": str(post.version),
        "Address": post.url or "",
    }
    return [{"key": {"text": name}, "value": {"text": text}} for name, text in pairs.items() if text]


def _powers(session: Session, who: Actor, row: PostRow) -> dict[str, object]:
    """Return what the page offers: what the table allows, the role, and the rules of review."""
    can = moves_from(Status(row.post.status))
    reviews = Move.APPROVE in can and who.may(Right.REVIEW)
    barred = why_not(who, row) if reviews else ""
    return {
        "may_decide": reviews and not barred,
        "why_not": barred,
        "may_submit": Move.SUBMIT in can and who.may(Right.QUEUE) and covers(session, row.post),
        "may_withdraw": Move.WITHDRAW in can and who.may(Right.EDIT),
    }


def why_not(who: Actor, row: PostRow) -> str:
    """Return why this person may not approve the post, to end a sentence with; nothing when they may."""
    try:
        decisions.four_eyes(who.person, row.post)
        decisions.side_of(who.person, row)
    except NotAllowed as error:
        return str(error.facts["why"]).replace("they queued", "you queued")
    return ""
