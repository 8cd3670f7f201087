"""The review by groups: what waits, what a group says, new words, and decisions over posts that were seen.

A decision names of each post the `content_hash` that was shown with its differences. All are decided, or none is.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from campaign.clock import iso
from campaign.models import asides
from campaign.models.asides import Aside
from campaign.models.listing import PostRow
from campaign.people import Right, demand
from campaign.review import grouping
from campaign.review.decisions import Desk
from campaign.review.differences import Difference, Section
from campaign.review.grouping import MOST, Reader, why_not
from campaign.review.novelty import Novelty, Wording
from campaign.web import groups
from campaign.web.api.bearer import Caller, Reads, Reviews
from campaign.web.api.once import Once, Onced
from campaign.web.api.shapes import Digest, Fault, Page, Reason, RowNumber, Sent, Size
from campaign.web.subjects import about, title

router = APIRouter(prefix="/review", tags=["review"])

_NAMED = MOST


class GroupNamed(BaseModel):
    """What the posts of a group have in common. ``template`` is empty for those that pass on another post."""

    template: str
    version: str
    channel: str
    title: str


class GroupOut(GroupNamed):
    """A group of posts that wait for review."""

    posts: int
    aside: int = Field(description="How many of them are set aside.")
    first_due_at: str


class OwnLine(BaseModel):
    """A line of a post's own. ``known``: its partner had it approved before. ``single``: written for this post."""

    words: str
    known: bool
    single: bool


class AsideOut(BaseModel):
    """Who set a post aside, and when."""

    by: str
    at: str


class GroupPost(BaseModel):
    """A post of a group: what is its own beside the common words."""

    id: str
    partner: str
    due_at: str
    content_hash: str = Field(description="Of what is shown here: a decision names it.")
    own: list[OwnLine]
    lacks: list[str] = Field(description="Lines of its template that it has not.")
    holds: list[str] = Field(description="What its new lines hold that is easily wrong.")
    faults: list[Fault]
    why_not: str | None = Field(description="Why the token's person may not approve it; null where they may.")
    aside: AsideOut | None


class SectionOut(BaseModel):
    """The posts of a group that speak of the same event or question, riskiest first."""

    event: str | None
    question: str | None
    about: str
    common: list[str] = Field(description="Words that every post of the section has.")
    posts: list[GroupPost]


class GroupSheet(GroupNamed):
    """What a group says: the common words once, then what is each post's own."""

    common: list[str] = Field(description="Words that every post has.")
    sections: list[SectionOut]
    more: bool = Field(description=f"Whether others come when these are decided: {MOST} are shown at a time.")


class Worded(BaseModel):
    """A line as some posts have it."""

    words: str
    posts: int
    some: list[str] = Field(description=f"The first of the posts, at most {_NAMED}.")


class NewLine(BaseModel):
    """A line that its partners had not had approved before."""

    words: str = Field(description="In the wording that is shown for all.")
    wordings: list[Worded] = Field(description="They differ by their organisations' own facts alone.")
    holds: list[str] = Field(description="What it holds that is easily wrong.")
    partners: list[str]
    posts: int


class NewLines(Page[NewLine]):
    """New lines, the rarest first. ``whole``: whether every waiting post was read."""

    unshown: int = Field(description="How many lines are not shown.")
    more: int = Field(deprecated=True, description="The same as `unshown`. Elsewhere `more` says only whether.")
    whole: bool


class SeenPost(Sent):
    """A post, and the hash of what was seen of it."""

    id: RowNumber
    content_hash: Digest


class SeenPosts(Sent):
    """Posts that were seen."""

    posts: Annotated[list[SeenPost], Field(min_length=1, max_length=MOST)]


class ApprovedPosts(SeenPosts):
    """Posts that were seen, and that their checks were read."""

    read_checks: bool = Field(
        default=False, description="Whether the `faults` of each were read; needed where one has some."
    )


class ReturnedPosts(SeenPosts):
    """Posts that were seen, and what needs to change in them."""

    comment: Reason


class Decided(BaseModel):
    """What became of the posts. ``waiting``: the other side must approve them too, or their time has passed."""

    decided: list[str]
    waiting: list[str]


def _reader(who: Caller) -> Reader:
    demand(who.person, Right.REVIEW)
    return groups.reader(who.house.app, who.partners)


@router.get("/groups")
def list_groups(who: Reads) -> Page[GroupOut]:
    """List the groups of what waits for review, by when their first post is due; there are never many."""
    reader = _reader(who)
    with who.house.app.database.read() as session:
        found = grouping.waiting(session, who.partners)
    items = [
        GroupOut(
            template=one.key.template,
            version=one.key.version,
            channel=one.key.channel,
            title=title(reader.copy, one.key),
            posts=one.posts,
            aside=apart,
            first_due_at=iso(one.first_due_at),
        )
        for one, apart in found
    ]
    return Page[GroupOut](items=items)


@router.get("/group")
def show_group(who: Reads, key: groups.Key) -> GroupSheet:
    """Show a group: the common words, and what is each post's own, riskiest first."""
    reader = _reader(who)
    with who.house.app.database.read() as session:
        sheet = reader.sheet(session, key)
        apart = asides.of(session, [one.row.post.ident for one in sheet.posts])

    def post(one: Difference) -> GroupPost:
        return _post(who, one, apart.get(one.row.post.ident))

    return GroupSheet(
        template=key.template,
        version=key.version,
        channel=key.channel,
        title=title(reader.copy, key),
        common=list(sheet.common),
        sections=[_section(part, about(reader.copy, part.event, part.question), post) for part in sheet.sections],
        more=len(sheet.posts) >= MOST,
    )


def _section(part: Section, words: str, post: Callable[[Difference], GroupPost]) -> SectionOut:
    found = part.changes
    return SectionOut(
        event=part.event,
        question=part.question,
        about=words,
        common=list(found.common),
        posts=[post(one) for one in (*found.own, *found.known, *found.plain)],
    )


def _post(who: Caller, one: Difference, aside: Aside | None) -> GroupPost:
    row = one.row
    return GroupPost(
        id=str(row.post.id),
        partner=row.partner.key,
        due_at=iso(row.post.due_at),
        content_hash=one.said.seen,
        own=[OwnLine(words=line.words, known=line.known, single=line.single) for line in one.own],
        lacks=list(one.lacks),
        holds=one.holds,
        faults=[Fault.of(found) for found in one.said.findings],
        why_not=why_not(who.person, row) or None,
        aside=AsideOut(by=aside.set_by, at=iso(aside.set_at)) if aside else None,
    )


@router.get("/words")
def list_new_words(who: Reads, limit: Size = 200) -> NewLines:
    """List every new line of what waits for review once, the rarest first."""
    found = _reader(who).new_words(who.house.app.database)
    items = [_line(one) for one in found.lines[:limit]]
    unshown = len(found.lines) - len(items)
    return NewLines(items=items, unshown=unshown, more=unshown, whole=found.whole)


def _line(one: Novelty) -> NewLine:
    return NewLine(
        words=one.words,
        holds=one.holds,
        partners=[partner.key for partner in one.partners],
        posts=len(one.posts),
        wordings=[_worded(wording) for wording in one.wordings],
    )


def _worded(one: Wording) -> Worded:
    some = [str(told.post.post_id) for told in one.posts[:_NAMED]]
    return Worded(words=one.words, posts=len(one.posts), some=some)


def _decided(
    who: Caller, once: Once, sent: SeenPosts, decide: Callable[[Desk, list[tuple[PostRow, str]]], Sequence[PostRow]]
) -> Decided:
    """Decide every post that is named, or none where one of them cannot be."""

    def act(desk: Desk) -> dict[str, object]:
        shown = [(who.post(desk.session, int(one.id)), one.content_hash) for one in sent.posts]
        done = {row.post.ident for row in decide(desk, shown)}
        idents = [row.post.ident for row, _ in shown]
        return {
            "decided": [str(ident) for ident in idents if ident in done],
            "waiting": [str(ident) for ident in idents if ident not in done],
        }

    return once.do(who, sent, Decided, act)


@router.post("/approve")
def approve_posts(sent: ApprovedPosts, who: Reviews, once: Onced) -> Decided:
    """Approve posts whose differences were seen. What is set aside is taken back first, or refused; so is what has
    `faults`, until `read_checks` is true.
    """

    def approve(desk: Desk, shown: list[tuple[PostRow, str]]) -> list[PostRow]:
        done = grouping.approve(desk, shown)
        for row, _ in shown if not sent.read_checks else ():
            groups.refuse_unread(who.house.app, desk.session, row)
        return done

    return _decided(who, once, sent, approve)


@router.post("/return")
def return_posts(sent: ReturnedPosts, who: Reviews, once: Onced) -> Decided:
    """Return posts to their partners with a comment; their officers are told."""
    return _decided(who, once, sent, lambda desk, shown: grouping.send_back(desk, shown, sent.comment))


@router.post("/aside")
def set_posts_aside(sent: SeenPosts, who: Reviews, once: Onced) -> Decided:
    """Set posts aside: they wait, and nobody approves them in passing, until somebody decides them or they change."""
    return _decided(who, once, sent, lambda desk, shown: grouping.put_aside(desk, shown, aside=True))


@router.post("/take-back")
def take_posts_back(sent: SeenPosts, who: Reviews, once: Onced) -> Decided:
    """Set posts aside no longer."""
    return _decided(who, once, sent, lambda desk, shown: grouping.put_aside(desk, shown, aside=False))
