"""Writing a plan: rows that the planner proposes become posts in review, changes and withdrawals.

Running it twice changes nothing. A change touches only posts not yet claimed and voids their approval.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from campaign.errors import BadInput, MoveRefused, WrongUse
from campaign.models import deliveries, listing, partners, planned
from campaign.models.moves import void_approval
from campaign.models.partners import Account
from campaign.models.posts import Event, Post, TemplateVersion, has_template
from campaign.models.status import PLANNABLE, Move, Status
from campaign.people import Right, demand
from campaign.plan.rows import PlanRow
from campaign.plan.twins import text_key
from campaign.ports import Draft
from campaign.review import agreement, decisions
from campaign.review.content import content_hash, draft_to_json, media_key
from campaign.review.decisions import Desk

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Queued:
    """What a run of the queue did: how many rows of each action, and which drafts wait for their partner's yes."""

    counts: Counter[str]
    not_agreed: tuple[int, ...]


def apply(desk: Desk, rows: Iterable[PlanRow]) -> Queued:
    """Write the plan's rows in the transaction of the desk; first what goes, for another post may take its place."""
    counts: Counter[str] = Counter()
    waiting: list[int] = []
    for row in sorted(rows, key=lambda row: row.action != "withdraw"):
        counts[row.action] += 1
        if row.action == "add":
            post = _add(desk, row)
        elif row.action == "change" and row.post_id is not None:
            post = _change(desk, row)
        elif row.action in {"withdraw", "blocked"} and row.post_id is not None:
            (_withdraw if row.action == "withdraw" else _put_back)(desk, row)
            continue
        else:
            post = _submit_draft(desk, row)
        if post is not None and post.status == Status.DRAFT and post.comment is None:  # else it was returned
            waiting.append(post.ident)
    return Queued(counts, tuple(waiting))


def _add(desk: Desk, row: PlanRow) -> Post | None:
    if row.draft is None:
        return None
    account = desk.session.get_one(Account, row.account_id)
    planned.free_key(desk.session, row.account_id, row.slot, row.occurrence)
    post = new_post(desk, account, row, row.draft)
    if row.post_id is not None:
        _bring_back(desk, post, row.post_id)
    _submit(desk, post)
    return post


def _bring_back(desk: Desk, post: Post, ident: int) -> None:
    """Let whoever wrote what a plan withdrew not approve the post that stands for it now."""
    earlier = desk.session.get_one(Post, ident)
    post.edited_by, post.writers = earlier.edited_by, earlier.writers
    desk.session.flush()


def add_single(desk: Desk, account: Account, row: PlanRow, fields: Mapping[str, str]) -> Post:
    """Store and submit a post that no timetable asked for.

    Raises:
        NotAllowed: the person may not queue for this partner.
        BadInput: what is wrong with the row.
        WrongUse: it has no words, or its time is past.

    """
    demand(desk.person, Right.QUEUE, row.partner)
    if row.findings:
        raise BadInput(row.findings)
    decisions.refuse_past(desk, row.due_at)
    if row.draft is None:
        raise WrongUse(problem="The post has no words", mend="Name a template that has some.")
    post = new_post(desk, account, row, row.draft)
    post.fields = dict(fields)
    desk.session.flush()
    _submit(desk, post)
    return post


def new_post(desk: Desk, account: Account, row: PlanRow, draft: Draft) -> Post:
    """Store a draft post with its token, its hash and its first event."""
    token = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    message = desk.contents.composer.compose(row.channel, draft, token)
    post = Post(
        **_carried(row),
        account_id=account.ident,
        partner_id=account.partner_id,
        channel=row.channel,
        slot=row.slot,
        occurrence=row.occurrence,
        template=row.template,
        template_version=row.template_version,
        token=token,
        due_at=row.due_at,
        window_from=row.window_from,
        window_until=row.window_until,
        moved=row.moved,
        draft=draft_to_json(draft),
        fields=dict(row.fields),
        content_hash=content_hash(message, account, row.window_from, row.window_until),
        text_key=text_key(message),
        media_key=media_key(message),
        queued_by=desk.person.name,
        next_try_at=row.due_at,
        created_at=desk.now,
    )
    desk.session.add(post)
    desk.session.flush()
    _first_event(desk, post)
    return post


def _carried(row: PlanRow) -> dict[str, Any]:
    """Return what a post carries of the timetable besides its words and its time."""
    names = ("event", "question", "first_slot", "slot_at", "stale_at")
    return {name: getattr(row, name) for name in names}


def _first_event(desk: Desk, post: Post) -> None:
    who, at = desk.person.name, desk.now
    first = Event(
        post_id=post.ident, at=at, who=who, move="queue", from_status="", to_status=post.status, why=post.slot
    )
    desk.session.add(first)
    desk.record("queue", post, {"slot": post.slot, "content_hash": post.content_hash})


def _submit(desk: Desk, post: Post) -> None:
    if agreement.covers(desk.session, post):
        desk.move(post, Move.SUBMIT)


def _submit_draft(desk: Desk, row: PlanRow) -> Post | None:
    """Submit a draft that waited for its partner's yes, now that it is there; a returned one waits for its author."""
    if row.post_id is None:
        return None
    post = desk.session.get_one(Post, row.post_id)
    if row.action == "keep":
        _follow(desk, post, row)
    if row.action == "keep" and post.status == Status.DRAFT and post.comment is None:
        _submit(desk, post)
    return post


def _follow(desk: Desk, post: Post, row: PlanRow) -> None:
    """Give a stored post the key under which the timetable has it now, and what it carries of the timetable."""
    if row.first_slot is not None:
        planned.set_carried(desk.session, post, _carried(row))
    if (post.slot, post.occurrence) != (row.slot, row.occurrence):
        partners.rename_agreed_slot(desk.session, post.partner_id, post.slot, row.slot)
        planned.set_key(desk.session, post, row.slot, row.occurrence)


def _change(desk: Desk, row: PlanRow) -> Post | None:
    found = listing.post(desk.session, row.post_id or 0)
    if found is None or found.post.status not in PLANNABLE or row.draft is None:
        return None
    changes: dict[str, object] = {
        "draft": draft_to_json(row.draft),
        "template": row.template,
        "template_version": row.template_version,
        "due_at": row.due_at,
        "window_from": row.window_from,
        "window_until": row.window_until,
        **_carried(row),
    }
    try:
        decisions.rewrite(desk, found, changes, f"the plan changed: {row.reason}")
    except MoveRefused:
        return None  # claimed meanwhile: it goes out as it was approved, and the next plan says so
    _follow(desk, found.post, row)
    if found.post.status == Status.DRAFT and found.post.comment is None:
        _submit(desk, found.post)
    return found.post


def _withdraw(desk: Desk, row: PlanRow) -> None:
    found = listing.post(desk.session, row.post_id or 0)
    if found is None or found.post.status not in PLANNABLE or deliveries.copies_out(desk.session, found.post.ident):
        return
    with suppress(MoveRefused):  # claimed meanwhile: it goes out, and the others of this plan are not lost over it
        desk.move(found.post, Move.WITHDRAW, why=row.reason, changes={"withdrawn_by_plan": True})


def _put_back(desk: Desk, row: PlanRow) -> None:
    """Make a draft again of a post that can no longer be filled: nobody may send, or approve, what has no ground."""
    found = listing.post(desk.session, row.post_id or 0)
    if found is None or found.post.status not in PLANNABLE or deliveries.copies_out(desk.session, found.post.ident):
        return
    if found.post.status == Status.APPROVED:
        void_approval(desk.session, found.post, who=desk.person.name, at=desk.now, why=row.reason)
    with suppress(MoveRefused):  # claimed meanwhile
        if found.post.status == Status.IN_REVIEW:
            desk.move(found.post, Move.RETURN, why=row.reason)


def note_template(desk: Desk, *, name: str, version: str, digest: str, source: str) -> None:
    """Keep the source of a template that posts were filled from."""
    if not has_template(desk.session, name, digest):
        kept = TemplateVersion(name=name, version=version, digest=digest, source=source, seen_at=desk.now)
        desk.session.add(kept)
