"""Notices that an event moves or is cancelled: a draft for every account that has posted about it, and nothing more.

Whoever speaks for the partner reads it, submits it or withdraws it; it is reviewed like any post. A draft about an
event that has come to stand otherwise is withdrawn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from campaign import tell
from campaign.errors import BadInput, UnknownName
from campaign.models import Database, announcements, audit, planned
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Move
from campaign.models.users import User
from campaign.notices.kinds import WORDINGS, Kind
from campaign.plan.days import instant, local
from campaign.plan.entries import Event
from campaign.plan.events import called_off, notice_key
from campaign.plan.gather import Source
from campaign.plan.refill import NewPost, about
from campaign.plan.rows import SINGLE
from campaign.plan.template import EVENT_NOTICE
from campaign.review import queue
from campaign.review.content import Contents
from campaign.review.decisions import Desk
from campaign.review.rules import TIMETABLE, Changes
from campaign.tell import News
from campaign.wording import counted

log = structlog.get_logger(__name__)

_AHEAD = timedelta(hours=4)
"""So long a draft has for a person to submit it and another to approve it."""
_MORNING, _EVENING = time(9), time(19)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is to be drafted: the event, and for whom."""

    event: Event
    account: Account
    partner: Partner


def bring_in(desk: Desk, source: Source, *, only: str | None = None) -> list[Post]:
    """Withdraw the drafts that are out of date, and draft what notices are missing; returns those. ``only``: draft for
    this partner alone, and withdraw nothing.
    """
    if only is None:
        withdraw_old(desk, source)
    return draft(desk, source, [one for one in missing(desk, source) if only in {None, one.partner.key}])


def withdraw_old(desk: Desk, source: Source) -> None:
    """Withdraw the notices that nobody has sent and that are no longer true."""
    current = {notice_key(event) for event in _stopped(source, desk.now)}
    for post in announcements.open_notices(desk.session, EVENT_NOTICE):
        if post.occurrence not in current:
            desk.move(post, Move.WITHDRAW, why="the event stands otherwise by now")


def missing(desk: Desk, source: Source) -> list[Notice]:
    """Return the notices that have not been drafted; none where the campaign has no template of them."""
    return [
        Notice(event, account, partner)
        for event in _stopped(source, desk.now)
        for account, partner in announcements.untold(desk.session, event.name, SINGLE, notice_key(event))
        if _has_words(source, account)
    ]


def draft(desk: Desk, source: Source, notices: Sequence[Notice]) -> list[Post]:
    """Draft notices, unless somebody else has done so meanwhile, and tell the partners' people."""
    audit.take_turns(desk.session)  # of two workers that see the file change, one drafts
    drafted = [(one, post) for one in notices if (post := _drafted(desk, source, one))]
    _tell(desk, [one for one, _ in drafted])
    return [post for _, post in drafted]


def _stopped(source: Source, now: datetime) -> Iterator[Event]:
    """Yield the events to come that do not take place as they stand."""
    timetable = source.copy.timetable
    yield from (
        event for event in timetable.events if called_off(event) and instant(event.starts, timetable.zone) > now
    )


def _has_words(source: Source, account: Account) -> bool:
    try:
        source.copy.templates.pick(EVENT_NOTICE, account.channel)
    except UnknownName:
        return False
    return True


def _drafted(desk: Desk, source: Source, notice: Notice) -> Post | None:
    event, account, partner = notice.event, notice.account, notice.partner
    if planned.by_key(desk.session, account.ident, SINGLE, notice_key(event)):
        return None
    due_at = due(desk.now, event, source.copy.timetable.zone)
    row = about(desk.session, source, NewPost(account, partner, EVENT_NOTICE, due_at, event=event))
    if row.draft is None or row.findings:
        said = [str(finding) for finding in row.findings]
        log.warning("no notice drafted", partner=partner.key, channel=account.channel, findings=said)
        return None
    post = queue.new_post(desk, account, row, row.draft)
    # What has a comment waits for its author: neither a plan nor the partner's yes submits it.
    post.comment = f"Drafted because {called_off(event)}. Read it, then submit it or withdraw it."
    return post


def due(now: datetime, event: Event, zone: ZoneInfo) -> datetime:
    """Return when a notice is to go out: hours ahead, by day, on a quarter of an hour, and before the event."""
    at = local(now + _AHEAD, zone).replace(second=0, microsecond=0, tzinfo=None)
    at += timedelta(minutes=-at.minute % 15)
    if at.time() < _MORNING:
        at = datetime.combine(at.date(), _MORNING)
    elif at.time() > _EVENING:
        at = datetime.combine(at.date() + timedelta(days=1), _MORNING)
    return min(instant(at, zone), max(instant(event.starts, zone) - timedelta(hours=1), now + timedelta(minutes=15)))


def _tell(desk: Desk, drafted: Sequence[Notice]) -> None:
    """Tell the people of each partner, once for each event."""
    for several in _by_partner(drafted):
        partner, reason = several[0].partner, called_off(several[0].event)
        body = (
            f"{partner.name}: {reason}, and {counted(len(several), 'account')} of yours posted about it. A notice is "
            "drafted for each. Read it, then submit it or withdraw it: nothing goes out by itself.\n"
        )
        news = News(Kind.EVENT_NOTICE, f"{partner.name}: a notice to submit", body, WORDINGS[Kind.EVENT_NOTICE].pages)
        tell.of_partner(desk.session, partner, news, desk.now)


def _by_partner(notices: Iterable[Notice]) -> list[list[Notice]]:
    """Return the notices of each event and partner together."""

    def place(one: Notice) -> tuple[str, str]:
        return one.event.name, one.partner.key

    return [list(several) for _, several in groupby(sorted(notices, key=place), key=place)]


class EventNotices:
    """Drafts the notices beside dispatch when the timetable's file changes, and once at the start."""

    def __init__(self, database: Database, contents: Contents, source: Callable[[], Source], file: Path) -> None:
        self._database = database
        self._contents = contents
        self._source = source
        self._changes = Changes(file)

    def __call__(self, now: datetime) -> datetime | None:
        """Look at the file; nothing asks to be called again before the next beat.

        A file that is at fault changes nothing: whoever brings it in line is told of it. Each partner's notices are a
        transaction of their own, so that a decision need not wait for all.
        """
        self._changes.follow(partial(self._draft_missing, now))
        return None

    def _draft_missing(self, now: datetime) -> None:
        try:
            source = self._source()
        except BadInput as error:
            log.warning("no notices of events", detail=str(error))
            return
        with self._desk(now) as desk:
            withdraw_old(desk, source)
            wanted = missing(desk, source)
        for several in _by_partner(wanted):
            with self._desk(now) as desk:
                draft(desk, source, several)

    @contextmanager
    def _desk(self, now: datetime) -> Iterator[Desk]:
        nobody = User(name=TIMETABLE, role="admin", added_at=now)
        with self._database.write() as session:
            yield Desk(session, self._contents, nobody, now)
