"""What a release will do to each item that fell due while it was held, said beforehand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from campaign.clock import iso
from campaign.intake.values import row_id
from campaign.models import bounds, deliveries, holds, listing, partners, sharing
from campaign.models.deliveries import DeliveryStatus
from campaign.models.holds import Hold
from campaign.models.listing import PostFilter, PostRow
from campaign.models.partners import AccountMode, Lane
from campaign.models.sharing import Original
from campaign.models.status import Status
from campaign.ports import MAIL, Channel, Message
from campaign.ports.costs import Budgeted
from campaign.review.budgets import Budgets
from campaign.review.content import Contents

_AT_ONCE = timedelta(minutes=1)


class Fate(StrEnum):
    """What happens to an item once its hold is let go."""

    SENT = "sent"
    HANDED_OVER = "handed over"
    GOES_ON = "goes on"
    WAITS = "waits"
    HELD = "still held"
    REVIEW = "back to review"
    FAILED = "failed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Release:
    """What a release will do to one held item that fell due meanwhile; ``outcome`` says it to people.

    ``at``: when its account comes to it, where that is not at once (aware UTC).
    """

    row: PostRow
    fate: Fate
    outcome: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides beside the tables: the time, the grace, what would go out, the pace and the budget of channels."""

    now: datetime
    grace: timedelta
    contents: Contents
    pace: Mapping[str, timedelta] = field(default_factory=dict)
    budgets: Mapping[str, Budgeted] = field(default_factory=dict)

    @classmethod
    def of(cls, now: datetime, grace: timedelta, contents: Contents, channels: Mapping[str, Channel]) -> "Terms":
        """Take pace and budget from the channels."""
        budgets = {name: one for name, one in channels.items() if isinstance(one, Budgeted)}
        return cls(now, grace, contents, {name: one.limits.pace for name, one in channels.items()}, budgets)


def foresee(session: Session, scope: str, terms: Terms) -> list[Release]:
    """Say of every item under the scope that is due already what its release will bring, by due time.

    Named too is what was missed while the holds with this scope were on: for that a release comes too late.
    """
    until = terms.now + timedelta.resolution  # what is due now goes too
    held = under(session, scope, PostFilter(statuses=(Status.APPROVED.value,), until=until))
    outlook = _Outlook(session, scope, terms, held)
    told = [outlook.of(row) for row in held]
    gone = [Release(row, Fate.MISSED, "missed while it was held") for row in _missed(session, scope, terms)]
    return sorted([*gone, *told], key=lambda item: (item.row.post.due_at, item.row.post.ident))


def scopes(row: PostRow) -> frozenset[str]:
    """Return every scope that the item falls under."""
    return holds.scopes_of(row.post.ident, row.post.channel, row.partner.key, row.account.ident, row.post.event)


def over(on: Iterable[Hold], row: PostRow) -> list[Hold]:
    """Return those of the active holds that the item falls under."""
    fallen = scopes(row)
    return [hold for hold in on if hold.scope in fallen]


def _missed(session: Session, scope: str, terms: Terms) -> list[PostRow]:
    since = min((row.held_at for row in holds.active(session) if row.scope == scope), default=terms.now)
    wanted = PostFilter(statuses=(Status.MISSED.value,), since=since - terms.grace, until=terms.now)
    return under(session, scope, wanted)


def under(session: Session, scope: str, wanted: PostFilter) -> list[PostRow]:
    """Return the posts that are wanted under a scope, by due time."""
    kind, _, name = scope.partition(":")
    if kind == "partner":  # whose few posts the database finds; else those of all would be read
        wanted = replace(wanted, partners=(name,))
    elif kind in {"account", "post"} and (number := row_id(name)) is not None:
        wanted = replace(wanted, account_id=number) if kind == "account" else replace(wanted, ids=(number,))
    return [row for row in listing.posts(session, wanted) if scope in scopes(row)]


class _Outlook:
    """The other holds, the unconfirmed posts, what partners agreed to, who is silent, what the budgets have room for,
    and when each account may send: read once for all items. ``_goes``: when what this release sends will be there.
    """

    def __init__(self, session: Session, scope: str, terms: Terms, held: Sequence[PostRow]) -> None:
        self._session, self._terms = session, terms
        self._others = [row.scope for row in holds.active(session) if row.scope != scope]
        self._covered = partners.covered_of(session, [row.post.ident for row in held])
        self._quiet = bounds.quiet_of(session, {row.partner.ident for row in held}, terms.now)
        self._unsure = listing.posts(session, PostFilter(statuses=(Status.UNCONFIRMED.value,)))
        self._budgets = Budgets(session, terms.budgets, held, terms.now)
        self._ready: dict[int, datetime] = {}
        self._shared: dict[tuple[str, str], Original | None] = {}
        self._goes: dict[tuple[str, str], datetime] = {}

    def of(self, row: PostRow) -> Release:
        """Foretell one item; items are asked by due time, for each takes its turn in its account."""
        begun = row.post.channel == MAIL and self._begun(row)
        if row.post.due_at + self._terms.grace < self._terms.now and not begun:
            return Release(row, Fate.MISSED, "missed")
        if still := [scope for scope in self._others if scope in scopes(row)]:
            return Release(row, Fate.HELD, f"still held: {', '.join(dict.fromkeys(still))}")
        if kept := self._kept_back(row):
            return kept
        message = self._terms.contents.message(row.post)
        if row.account.mode == AccountMode.BY_HAND:
            return self._changed(row, message) or self._handed_over(row, message)
        return self._waits(row) or self._in_turn(row, message, begun=begun)

    def _begun(self, row: PostRow) -> bool:
        counts = deliveries.count(self._session, row.post.ident)
        return any(count for status, count in counts.items() if status != DeliveryStatus.WAITING)

    def _kept_back(self, row: PostRow) -> Release | None:
        """Say what keeps the item back besides holds: ``models.bounds.may_go`` asks the same."""
        post, now = row.post, self._terms.now
        if post.ident not in self._covered:
            return Release(row, Fate.WAITS, "waits: its partner has not agreed")
        if quiet := self._quiet.get(post.partner_id):
            return Release(row, Fate.WAITS, f"waits: the quiet period {quiet.name}")
        if post.stale_at is not None and post.stale_at <= now:
            return Release(row, Fate.WAITS, "waits until it is missed: its words are no longer true")
        return None

    def _waits(self, row: PostRow) -> Release | None:
        account = row.account
        if account.stopped_why and _stopped(account.stopped_until, self._terms.now):
            return Release(row, Fate.WAITS, f"waits: its account has stopped ({account.stopped_why})")
        if twin := next((other.post for other in self._unsure if _equal(row, other)), None):
            return Release(row, Fate.WAITS, f"waits: post {twin.id} says the same, and is unconfirmed")
        return None

    def _changed(self, row: PostRow, message: Message) -> Release | None:
        if self._terms.contents.hash_of(message, row.post, row.account) == row.post.approved_hash:
            return None
        return Release(row, Fate.REVIEW, "back to review: what would go out is not what was approved")

    def _handed_over(self, row: PostRow, message: Message) -> Release:
        if ended := message.ended(self._terms.now):
            return Release(row, Fate.MISSED, f"missed: {ended}")
        if kept := self._lacks_original(row, message):
            return kept
        when = "once the post that it shares is published" if self._follows(row, message) else "at once"
        return Release(row, Fate.HANDED_OVER, f"handed over {when}")

    def _in_turn(self, row: PostRow, message: Message, *, begun: bool) -> Release:
        """Reckon when its account comes to it: one post at a time, at the pace of the channel, within its budgets."""
        post, end = row.post, row.post.due_at + self._terms.grace
        start = max(self._terms.now, self._ready_at(post.account_id), post.next_try_at)
        if begun or start <= end:
            if changed := self._changed(row, message):
                return changed
            start = self._with_room(row, message, start, end)
        if start > end and not begun:
            return Release(row, Fate.MISSED, f"missed: its account may not send before {iso(start)}", start)
        return self._stopped_short(row, message, start) or self._sent(row, message, start, begun=begun)

    def _with_room(self, row: PostRow, message: Message, start: datetime, end: datetime) -> datetime:
        """Return when the budgets have room for the post; its account waits until then."""
        room = self._budgets.room_from(row, message, start, end)
        if room > start:
            self._ready[row.post.account_id] = room
        return room

    def _stopped_short(self, row: PostRow, message: Message, start: datetime) -> Release | None:
        """Say what ends its try before anything is sent; the next post of its account goes in its stead."""
        if kept := self._lacks_original(row, message):
            return kept
        ended = message.ended(start) if row.post.channel != MAIL else None
        return Release(row, Fate.FAILED, f"failed: {ended}") if ended else None

    def _sent(self, row: PostRow, message: Message, start: datetime, *, begun: bool) -> Release:
        post, follows = row.post, self._follows(row, message)
        start = max(start, follows or start)
        self._ready[post.account_id] = start + self._terms.pace.get(post.channel, timedelta())
        self._budgets.take(row, message, start)
        self._goes[f"{post.slot}@{row.partner.key}", post.channel] = start
        if begun:
            return Release(row, Fate.GOES_ON, "goes on where it stopped; nobody gets it twice")
        if follows:
            return Release(row, Fate.SENT, "sent once the post that it shares is published", start)
        if start - self._terms.now < _AT_ONCE:
            return Release(row, Fate.SENT, "sent at once")
        return Release(row, Fate.SENT, f"sent from {iso(start)} on, in its turn", start)

    def _lacks_original(self, row: PostRow, message: Message) -> Release | None:
        """Say what becomes of a share as long as there is nothing to share."""
        if message.share_of is None or self._has_original(row, message.share_of):
            return None
        there_at = self._follows(row, message)
        if there_at is None:
            return Release(row, Fate.WAITS, f"waits: the post that it shares, {message.share_of}, is not published")
        if there_at > row.post.due_at + self._terms.grace:
            return Release(row, Fate.MISSED, f"missed: the post that it shares is not sent before {iso(there_at)}")
        return None

    def _follows(self, row: PostRow, message: Message) -> datetime | None:
        """Return when this release sends the post that is shared; None where it does not, or need not."""
        if message.share_of is None or self._has_original(row, message.share_of):
            return None
        return self._goes.get((message.share_of, row.post.channel))

    def _has_original(self, row: PostRow, name: str) -> bool:
        """Say whether there is something to share: for a person its address will do, a platform needs its id."""
        post, key = row.post, (name, row.post.channel)
        if key not in self._shared:
            self._shared[key] = sharing.original(self._session, *key)
        found = self._shared[key]
        if row.account.mode == AccountMode.BY_HAND:
            return found is not None
        if found is not None and found.external_id:
            return True
        return post.tries > 0 and sharing.passed_on(self._session, post.ident, *key) is not None

    def _ready_at(self, account_id: int) -> datetime:
        if account_id not in self._ready:
            lane = self._session.get(Lane, account_id)
            self._ready[account_id] = (lane.ready_at if lane else None) or self._terms.now
        return self._ready[account_id]


def _stopped(until: datetime | None, now: datetime) -> bool:
    return until is None or until > now


def _equal(row: PostRow, other: PostRow) -> bool:
    """Say whether both would show the same words or the same images on the same account."""
    mine, theirs = row.post, other.post
    same_media = mine.media_key is not None and mine.media_key == theirs.media_key
    return mine.account_id == theirs.account_id and (mine.text_key == theirs.text_key or same_media)


def on_their_way(session: Session, scope: str) -> Sequence[PostRow]:
    """Return what is being sent just now under the scope: a hold stops it before its next request, if there is one."""
    return under(session, scope, PostFilter(statuses=(Status.PUBLISHING.value,)))
