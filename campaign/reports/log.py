"""The engagement log as rows ready for JSON, its totals, and the log of what was published.

An unknown figure is None in every row, never 0. Ids are text and instants ISO 8601 with Z, as everywhere outside.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, tzinfo

from sqlmodel import Session

from campaign.clock import iso
from campaign.models import Database, listing, snapshots
from campaign.models import totals as sums
from campaign.models.listing import PostFilter
from campaign.models.paging import sizes
from campaign.models.snapshots import FIGURES, LogFilter, LogLine
from campaign.models.summed import ChannelTotal

LogRow = dict[str, str | int | None]

LOG_COLUMNS = (
    *("id", "partner", "channel", "external_id", "taken_at"),
    *FIGURES,
    *("reading", "slot", "template", "gap"),
)
KNOWN = tuple(f"{name}_posts" for name in FIGURES)
"""How many posts have each figure, beside totals."""
_PAGE = 2000
NEWEST = 50_000
"""Rows that a person can be shown at once: more are to be exported."""
POSTS_COLUMNS = ("day", "partner", "channel", "status", "posts")


def each_log_row(database: Database, wanted: LogFilter) -> Iterator[LogRow]:
    """Yield one row per snapshot, oldest first, read page by page in short transactions: whoever takes the rows away
    slowly keeps no snapshot of the database open.

    ``id`` is the post's. A row with a ``gap`` says why a reading has no figures.
    """
    last: LogLine | None = None
    for size in sizes(_PAGE):
        with database.read() as session:
            lines = snapshots.page(session, wanted, last, size=size)
        yield from map(log_row, lines)
        if len(lines) < size:
            return
        last = lines[-1]


def log_rows(session: Session, wanted: LogFilter | None = None, *, newest: int = NEWEST) -> list[LogRow]:
    """Return as many of the newest rows, oldest first."""
    return [log_row(line) for line in snapshots.newest(session, wanted or LogFilter(), newest)]


def log_row(line: LogLine) -> LogRow:
    """Return a reading as a row."""
    return {
        "id": str(line.post_id),
        "partner": line.partner,
        "channel": line.channel,
        "external_id": line.external_id,
        "taken_at": iso(line.taken_at),
        **dict(zip(FIGURES, line.figures, strict=True)),
        "reading": line.reading,
        "slot": line.slot,
        "template": line.template,
        "gap": line.gap,
    }


def totals(session: Session, wanted: LogFilter | None = None, by: str | None = None) -> list[LogRow]:
    """Return one row per channel, or per channel and what it is split ``by``: the newest known figures of its posts
    added up; with ``wanted.since`` what they gained from then on.

    There is no sum over channels: each platform counts an impression in its own way. ``posts`` counts those with
    figures, ``clicks_posts`` those that have clicks, and so on; ``taken_at`` is the newest reading among them.
    """
    return [
        {
            "channel": total.channel,
            **_part(total, by),
            "posts": total.posts,
            "taken_at": iso(total.taken_at),
            **dict(zip(FIGURES, total.figures, strict=True)),
            **dict(zip(KNOWN, total.known, strict=True)),
        }
        for total in sums.totals(session, wanted or LogFilter(), by)
    ]


def _part(total: ChannelTotal, by: str | None) -> LogRow:
    """Return what a total is of; of a partner the key, which is its own, and the name."""
    return {"partner": total.partner, "name": total.part} if by == "partner" else {by: total.part} if by else {}


def posts_report(session: Session, wanted: PostFilter | None = None, *, zone: tzinfo = UTC) -> list[LogRow]:
    """Return how many posts stand in each status, by local day, partner and channel.

    The day is that of publishing; of a post not published, that of its due time.
    """
    counts = Counter(
        (
            (row.post.published_at or row.post.due_at).astimezone(zone).date().isoformat(),
            row.partner.key,
            row.post.channel,
            str(row.post.status),
        )
        for row in listing.posts(session, wanted or PostFilter())
    )
    return [dict(zip(POSTS_COLUMNS, (*key, count), strict=True)) for key, count in sorted(counts.items())]
