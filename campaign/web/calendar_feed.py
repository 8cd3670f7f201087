"""/calendar/<secret>.ics: the calendar of one person, for the program in which they keep their other dates.

It says when what goes out and where it stands, never the words: whoever has the address can read it. No cookie is read
or given.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from campaign.models import calendar, calendar_links, deliveries, listing
from campaign.models.calendar import Together
from campaign.models.listing import PostFilter, PostRow
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.people import calendars
from campaign.plan.days import instant
from campaign.plan.entries import Event
from campaign.plan.gather import Copy
from campaign.plan.rows import SINGLE
from campaign.ports import MAIL
from campaign.web import ical
from campaign.web.area import Area, Open
from campaign.web.house import House
from campaign.web.ical import Entry, Standing
from campaign.web.rates import network_of
from campaign.web.refusals import came_from
from campaign.web.subjects import copy_of, template_title
from campaign.web.visitor import own_partners
from campaign.web.words import STATES, sentence
from campaign.wording import channel, counted

area = Area()

MOST = 1000
"""Posts that are shown one by one; where there are more, those of a slot's occurrence stand together."""
_COUNTS = 2000
_BACK = timedelta(days=30)
_EVERY = timedelta(hours=1)
_SEEN_EVERY = timedelta(hours=1)
_SHORT = timedelta(minutes=15)
_NAMES = 20
_KEPT = {"Cache-Control": "private, max-age=600"}

_STANDS: Mapping[Status, Standing] = {
    Status.APPROVED: "CONFIRMED",
    Status.PUBLISHING: "CONFIRMED",
    Status.PUBLISHED: "CONFIRMED",
    Status.RETRACTING: "CONFIRMED",
    Status.BY_HAND: "CONFIRMED",
    Status.DRAFT: "TENTATIVE",
    Status.IN_REVIEW: "TENTATIVE",
    Status.UNCONFIRMED: "TENTATIVE",
}
"""What is not named here does not go out."""
_MAY_GO_ON = (Status.FAILED, Status.MISSED)

Names = Annotated[list[str], Query(default_factory=list, max_length=_NAMES)]


@area.get("/calendar/{secret}.ics", Open.MACHINES)
def feed(secret: str, request: Request, channel: Names, partner: Names) -> Response:
    """Answer the calendar that the secret opens, or that it is as it was."""
    house: House = request.app.state.house
    now = house.now()
    with house.app.database.read() as session:
        found = calendars.look(session, secret)
        if found is None:
            house.rates.spend("link", network_of(came_from(request)))
            return Response("There is no such calendar.\n", 404, media_type="text/plain")
        link, person = found
        house.rates.spend("calendar", str(link.id))
        wanted = PostFilter(
            partners=own_partners(person) or tuple(filter(str.isprintable, partner)),
            channels=tuple(filter(str.isprintable, channel)),
            since=now - _BACK,
        )
        entries = [*_posts(session, house, wanted), *_events(house, now - _BACK)]
    if link.used_at is None or now - link.used_at >= _SEEN_EVERY:
        with house.app.database.write() as session:
            calendar_links.note_use(session, link.ident, now)
    return _answer(house.app.settings.campaign.name, entries, now, request.headers.get("if-none-match", ""))


def _answer(name: str, entries: Sequence[Entry], now: datetime, known: str) -> Response:
    # Weak: the same entries written a minute later carry another stamp.
    tag = f'W/"{sha256(repr((name, entries)).encode()).hexdigest()[:32]}"'
    if tag in {one.strip() for one in known.split(",")}:
        return Response(status_code=304, headers={"ETag": tag, **_KEPT})
    body = ical.calendar(name, entries, now, every=_EVERY)
    headers = {"ETag": tag, "Content-Disposition": 'inline; filename="campaign.ics"', **_KEPT}
    return Response(body, headers=headers, media_type="text/calendar; charset=utf-8")


def _posts(session: Session, house: House, wanted: PostFilter) -> list[Entry]:
    rows = listing.posts(session, wanted, limit=MOST + 1)
    if len(rows) <= MOST:
        copy = copy_of(house.app)
        changes = calendar.changes_made(session, [row.post.ident for row in rows])
        begun = _begun(session, rows)
        return [_post(house, copy, row, changes.get(row.post.ident, 0), partly=row.post.ident in begun) for row in rows]
    since = wanted.since or house.now()
    found = calendar.together(session, since, wanted.partners, wanted.channels, limit=_COUNTS)
    entries = [_together(house, one) for one in found]
    return [*entries, _more(house, found[-1])] if sum(len(one.counts) for one in found) == _COUNTS else entries


def _more(house: House, last: Together) -> Entry:
    """Return what says that a calendar ends before the timetable does: nothing is left out unsaid."""
    words = "More goes out after this than a calendar holds. Add ?channel=x or ?partner=KEY to its address."
    return Entry(_uid(house, "more"), last.first_at, "TENTATIVE", "More than is shown here", words)


def _uid(house: House, *parts: str) -> str:
    return f"{'-'.join(parts)}@{urlsplit(house.app.settings.web.public_url).hostname}"


def _called(copy: Copy | None, post: Post) -> str:
    """Return what a post is called here: the pages call one outside the timetable by its words."""
    return template_title(copy, post.template, post.channel) if post.slot == SINGLE else sentence(post.slot)


def _begun(session: Session, rows: Sequence[PostRow]) -> set[int]:
    """Return the issues that ended when some had got them: they may go on."""
    ended = [row.post.ident for row in rows if row.post.status in _MAY_GO_ON and row.post.channel == MAIL]
    return deliveries.partly_out(session, ended)


def _post(house: House, copy: Copy | None, row: PostRow, changes: int, *, partly: bool) -> Entry:
    """Return the entry of a post; ``partly``: it ended when some had got it."""
    post = row.post
    state, where = STATES[Status(post.status)].text, house.address(f"/posts/{post.ident}")
    return Entry(
        uid=_uid(house, "post", str(post.ident)),
        starts=post.due_at,
        standing="TENTATIVE" if partly else _STANDS.get(Status(post.status), "CANCELLED"),
        title=f"{channel(post.channel)}: {_called(copy, post)}, {row.partner.name} ({state.lower()})",
        words=f"{state}.\n{where}",
        address=where,
        sequence=changes,
        lasts=_SHORT,
    )


def _together(house: House, one: Together) -> Entry:
    states = [f"{counted(count, 'post')} {STATES[Status(name)].text.lower()}" for name, count in one.counts.items()]
    day = one.first_at.astimezone(house.zone)
    query = urlencode({"from": f"{day.day}/{day.month}/{day.year}", "channel": one.channel})
    where = house.address(f"/posts?{query}")
    return Entry(
        uid=_uid(house, "slot", sha256(repr((one.slot, one.occurrence, one.channel)).encode()).hexdigest()[:24]),
        starts=one.first_at,
        standing=_all_stand(Status(name) for name in one.counts),
        title=f"{channel(one.channel)}: {sentence(one.slot)}, {counted(sum(one.counts.values()), 'post')}",
        words=f"{', '.join(states)}.\n{where}",
        address=where,
        lasts=_SHORT,
    )


def _all_stand(states: Iterator[Status]) -> Standing:
    """Return where posts stand together: tentative while one of them may not go out."""
    found = {_STANDS.get(state, "CANCELLED") for state in states} - {"CANCELLED"}
    return "TENTATIVE" if "TENTATIVE" in found else "CONFIRMED" if found else "CANCELLED"


def _events(house: House, since: datetime) -> Iterator[Entry]:
    """Return the events of the timetable; a change of its file is a change of each of them."""
    copy = copy_of(house.app)
    if copy is None:
        return
    changed = int(house.app.settings.campaign.timetable.stat().st_mtime) // 60
    for event in copy.timetable.events:
        starts = instant(event.starts, copy.timetable.zone)
        if starts >= since:
            yield Entry(
                uid=_uid(house, event.key),
                starts=starts,
                standing=_event_stands(event),
                title=f"Event: {event.title}",
                words=f"{sentence(event.status)}.{f' {event.register_url}' if event.register_url else ''}",
                address=event.register_url or None,
                sequence=changed,
            )


def _event_stands(event: Event) -> Standing:
    if event.status == "cancelled":
        return "CANCELLED"
    return "CONFIRMED" if event.confirmed and event.status != "moved" else "TENTATIVE"
