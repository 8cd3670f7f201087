"""Posts: list, show, preview, queue, change, move, submit, approve what was seen, return, reject, withdraw."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from campaign.models import listing
from campaign.models.listing import PostFilter, PostRow
from campaign.models.status import Status
from campaign.newsletter.article import article_of
from campaign.people import Right, demand
from campaign.plan.words import TOKEN
from campaign.ports import Draft
from campaign.reports.documents import message_document, row_document
from campaign.reports.story import story
from campaign.review import correcting, decisions, findings, rearranging, searching, single
from campaign.review.decisions import Desk
from campaign.review.single import Asked
from campaign.web import places
from campaign.web.api.bearer import Caller, Queues, Reads, Reviews
from campaign.web.api.once import Onced
from campaign.web.api.query import place
from campaign.web.api.shapes import (
    Comment,
    Correction,
    Cursor,
    Fault,
    Instant,
    Name,
    NewPost,
    NewTime,
    NewWords,
    Page,
    PostId,
    PostOut,
    PostPreview,
    PostProposed,
    PostStory,
    Seen,
    Sent,
    Size,
    Why,
)
from campaign.web.groups import refuse_unread
from campaign.web.queue import place_in
from campaign.web.subjects import copy_of

router = APIRouter(prefix="/posts", tags=["posts"])

Names = Annotated[list[Name], Query(max_length=50)]


class Approval(Seen):
    """The content that was seen, and that its checks were read."""

    read_checks: bool = Field(
        default=False, description="Whether what `check` says of it was read; needed where it says anything."
    )


class CorrectionProposed(PostProposed):
    """What a correction would send, and how many would get it."""

    readers: int


class PostCheck(BaseModel):
    """What speaks against a post, and the words of its account's post of the same template that was approved last."""

    faults: list[Fault]
    approved_words: str | None


class ArticleOut(BaseModel):
    """A newsletter's words, copy-ready."""

    html: str
    plain: str
    eml: str = Field(description="A mail that mail programs open as a draft.")


@router.get("")
def list_posts(
    who: Reads,
    partner: Names = [],  # noqa: B006 - FastAPI copies it
    channel: Names = [],  # noqa: B006
    status: Annotated[list[Status], Query(max_length=50)] = [],  # noqa: B006
    slot: Names = [],  # noqa: B006
    since: Instant | None = None,
    until: Instant | None = None,
    search: Annotated[str, Query(max_length=200)] = "",
    needs_person: Annotated[bool, Query(description="Only those that nobody but a person can settle.")] = False,  # noqa: FBT002 - FastAPI calls it by name
    limit: Size = 50,
    cursor: Cursor = "",
) -> Page[PostOut]:
    """List posts by due time; `until` is exclusive. An officer's token sees their partner's alone.

    `status=by_hand` lists what waits to be published by hand, `needs_person=true` what waits to be settled.
    `search` is a post's number, a partner's name, or words of a post. Words are looked for in at most 10,000 posts at a
    time: while `next` is there, a page with few or no items is not the end.
    """
    after = place(cursor, place_in)
    wanted = PostFilter(
        channels=who.channels(*channel),
        statuses=tuple(one.value for one in status),
        slots=tuple(slot),
        since=since,
        until=until,
        for_person=needs_person,
    )
    with who.house.app.database.read() as session:
        wanted = replace(wanted, partners=who.only(session, *partner))
        found = searching.read(session, search, wanted).page(session, limit, after=after)
        items = [PostOut.model_validate(row_document(row)) for row in found.page.rows]
    return Page[PostOut](items=items, next=places.written(found.further) if found.further else None)


@router.get("/{ident}")
def show_post(ident: PostId, who: Reads) -> PostStory:
    """Show a post with its events, attempts and deliveries."""
    with who.house.app.database.read() as session:
        return PostStory.model_validate(story(session, who.post(session, ident)))


@router.get("/{ident}/preview")
def preview_post(ident: PostId, who: Reads) -> PostPreview:
    """Show exactly what a post will send."""
    with who.house.app.database.read() as session:
        row = who.post(session, ident)
    return PostPreview.model_validate(message_document(who.house.app.contents.message(row.post)))


@router.get("/{ident}/check")
def check_post(ident: PostId, who: Reads) -> PostCheck:
    """Say what speaks against a post while it can still be mended, and what was approved last beside it."""
    app = who.house.app
    with app.database.read() as session:
        row = who.post(session, ident)
        found = findings.against(session, row, app.contents, app.limits, copy_of(app), who.house.now())
        before = listing.approved_before(session, row) if row.post.template else None
    words = app.contents.draft(before).words if before else None
    return PostCheck(faults=[Fault.of(one) for one in found], approved_words=words)


@router.get("/{ident}/article")
def show_article(ident: PostId, who: Reads) -> ArticleOut:
    """Show a newsletter as an article, to paste into a newsletter of one's own."""
    with who.house.app.database.read() as session:
        row = who.post(session, ident)
    found = article_of(who.house.app.contents.message(row.post))
    return ArticleOut(html=found.html_fragment, plain=found.plain, eml=found.eml.decode("utf-8", "replace"))


@router.post("", status_code=201)
def queue_post(sent: NewPost, who: Queues, once: Onced) -> PostOut:
    """Queue a post outside the timetable; it goes to review like any other."""
    source = who.house.app.source(placeholders=False)

    def act(desk: Desk) -> dict[str, object]:
        post = single.queue_one(desk, source, _asked(sent))
        return row_document(who.post(desk.session, post.ident))

    return once.do(who, sent, PostOut, act)


def _asked(sent: NewPost) -> Asked:
    return Asked(sent.partner, sent.channel, sent.template, sent.due_at, sent.fields, sent.account)


@router.post("/preview")
def propose_post(sent: NewPost, who: Queues) -> PostProposed:
    """Show what a new post would send, and what is wrong with it. Nothing is stored."""
    house = who.house
    source = house.app.source(placeholders=False)
    with house.app.database.read() as session:
        _, row = single.proposed(session, source, who.person, _asked(sent))
    shown = composed(who, sent.channel, row.draft) if row.draft else None
    return PostProposed(preview=shown, faults=[Fault.of(one) for one in row.findings])


@router.post("/{ident}/preview")
def propose_words(ident: PostId, sent: NewWords, who: Queues) -> PostPreview:
    """Show what a post would send with other words. Nothing is stored."""
    house = who.house
    source = house.app.source(placeholders=True)
    with house.app.database.read() as session:
        row = who.post(session, ident)
        desk = Desk(session, house.app.contents, who.person, house.now())
        made, _ = single.reworded(desk, source, row, sent.fields)
    return composed(who, row.post.channel, made.draft)


def composed(who: Caller, channel: str, draft: Draft) -> PostPreview:
    """Return what a draft that is not stored would send."""
    message = who.house.app.contents.composer.compose(channel, draft, TOKEN)
    return PostPreview.model_validate(message_document(message))


@router.post("/{ident}/correct", status_code=201)
def correct_issue(ident: PostId, sent: Correction, who: Queues, once: Onced) -> PostOut:
    """Queue a correction of a newsletter, to exactly those who got it; it goes to review like any other."""
    source = who.house.app.source(placeholders=False)

    def act(desk: Desk) -> dict[str, object]:
        post = correcting.queue_correction(desk, source, who.post(desk.session, ident), sent.due_at, sent.fields)
        return row_document(who.post(desk.session, post.ident))

    return once.do(who, sent, PostOut, act)


@router.post("/{ident}/correct/preview")
def propose_correction(ident: PostId, sent: Correction, who: Queues) -> CorrectionProposed:
    """Show what a correction would send, and how many would get it. Nothing is stored."""
    house = who.house
    source = house.app.source(placeholders=False)
    with house.app.database.read() as session:
        row = who.post(session, ident)
        demand(who.person, Right.QUEUE, row.partner.key)
        made = correcting.correction(session, source, row, sent.due_at, sent.fields)
        readers = correcting.can_be_corrected(session, row)
    shown = composed(who, row.post.channel, made.draft) if made.draft else None
    return CorrectionProposed(preview=shown, faults=[Fault.of(one) for one in made.findings], readers=readers)


def decided(
    ident: int, who: Caller, once: Onced, sent: Sent | None, decide: Callable[[Desk, PostRow], object]
) -> PostOut:
    """Do what a call asks of a post, once, and return the post as it is then."""

    def act(desk: Desk) -> dict[str, object]:
        decide(desk, who.post(desk.session, ident))
        desk.session.flush()
        return row_document(who.post(desk.session, ident))

    return once.do(who, sent, PostOut, act)


@router.patch("/{ident}")
def edit_post(ident: PostId, sent: NewWords, who: Queues, once: Onced) -> PostOut:
    """Change the words of a post where its template lets them change. An approval is void then."""
    source = who.house.app.source(placeholders=True)
    return decided(ident, who, once, sent, lambda desk, row: single.refill(desk, source, row, sent.fields))


@router.post("/{ident}/move")
def move_post(ident: PostId, sent: NewTime, who: Queues, once: Onced) -> PostOut:
    """Give a post a new time. Inside its slot's window it keeps its approval, unless it says other words at that time.
    So does a newsletter that failed when some had got it: it goes on unchanged to the others.
    """
    files = partial(who.house.app.source, placeholders=True)
    return decided(ident, who, once, sent, lambda desk, row: rearranging.new_time(desk, files, row, sent.due_at))


@router.post("/{ident}/submit")
def submit_post(ident: PostId, who: Queues, once: Onced) -> PostOut:
    """Hand a draft to review."""
    return decided(ident, who, once, None, decisions.submit)


@router.post("/{ident}/withdraw")
def withdraw_post(ident: PostId, sent: Why, who: Queues, once: Onced) -> PostOut:
    """Take a post out before it is published."""
    return decided(ident, who, once, sent, lambda desk, row: decisions.withdraw(desk, row, sent.reason))


@router.post("/{ident}/approve")
def approve_post(ident: PostId, sent: Approval, who: Reviews, once: Onced) -> PostOut:
    """Approve the content that was seen. Where partner and DfE must both say yes, it may stay in review.

    A post of which `check` says anything is refused until `read_checks` is true.
    """

    def approve(desk: Desk, row: PostRow) -> None:
        decisions.approve(desk, row, sent.content_hash)
        if not sent.read_checks:
            refuse_unread(who.house.app, desk.session, row)

    return decided(ident, who, once, sent, approve)


@router.post("/{ident}/return")
def return_post(ident: PostId, sent: Comment, who: Reviews, once: Onced) -> PostOut:
    """Return a post to its partner; its officers are told what to change."""
    return decided(ident, who, once, sent, lambda desk, row: decisions.send_back(desk, row, sent.comment))


@router.post("/{ident}/reject")
def reject_post(ident: PostId, sent: Why, who: Reviews, once: Onced) -> PostOut:
    """Reject a post for good."""
    return decided(ident, who, once, sent, lambda desk, row: decisions.reject(desk, row, sent.reason))
