"""Subscribers of a list: ``email,name,consent_source,consent_at`` and any further columns, which become details.

No address comes in without saying where and when its owner consented (PECR regulation 22; UK GDPR article 7(1)).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign.config import MAIL_MAX, is_mail
from campaign.intake.rows import Row
from campaign.intake.sheet import Rows, read_content, rows_of
from campaign.intake.values import instant
from campaign.models.mailing import folded

FILE_MAX = 200_000_000
_REQUIRED = ("email", "consent_source", "consent_at")
KNOWN = (*_REQUIRED, "name")
_NAME_MAX = 200
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """One person on a list. The domain of ``email`` is in lower case; the mailbox stays as it was written.

    ``columns`` are those that the file has: what it says of them counts, an empty cell too; of others it says nothing.
    """

    email: str
    name: str
    consent_source: str
    consent_at: datetime
    details: dict[str, str] = field(default_factory=dict)
    columns: frozenset[str] = field(default=frozenset(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Readers:
    """The people of a file that was checked whole; ``rows`` can be taken once. ``digest`` is ``digest_of`` them."""

    file: str
    digest: str
    rows: Iterator[SubscriberRow]


def digest_of(rows: Iterable[SubscriberRow]) -> str:
    """Return the digest of what rows say, in their order: by whatever way a file comes in, it is the same."""
    summed = sha256()
    for row in rows:
        summed.update(_said(row))
    return summed.hexdigest()


def _said(row: SubscriberRow) -> bytes:
    consent = (row.consent_source, row.consent_at.timestamp())
    return repr((row.email, row.name, *consent, sorted(row.details.items()), sorted(row.columns))).encode()


def read_subscribers(path: Path, now: datetime, zone: ZoneInfo) -> list[SubscriberRow]:
    """Read and check the whole file, as ``subscribers_of`` does. Raises BadInput."""
    return subscribers_of(path.name, read_content(path, FILE_MAX), now, zone)


def subscribers_of(
    name: str, content: bytes, now: datetime, zone: ZoneInfo, file_max: int = FILE_MAX
) -> list[SubscriberRow]:
    """Read and check the whole of what came in as a file of this name, of ``file_max`` bytes at most. Consent that is
    dated after ``now`` (aware UTC) has not been given; a time without an offset is of the wall in ``zone``.

    Raises:
        BadInput: every row and column that is wrong, each with its line and how to mend it.

    """
    rows, found = _rows(name, content, file_max), list[SubscriberRow]()
    _refuse(rows, now, zone, found.append)
    return found


def each_subscriber(path: Path, now: datetime, zone: ZoneInfo) -> Readers:
    """Read and check the whole file as ``read_subscribers`` does, then read it once more as the people are asked for:
    a long file is never in memory as rows. Raises BadInput at once.
    """
    rows = _rows(path.name, read_content(path, FILE_MAX), FILE_MAX)
    summed = sha256()
    _refuse(rows, now, zone, lambda row: summed.update(_said(row)))
    return Readers(path.name, summed.hexdigest(), (one for _, one in _each(rows, now, zone)))


def _rows(name: str, content: bytes, file_max: int) -> Rows:
    return rows_of(name, content, required=_REQUIRED, known=KNOWN, free=True, file_max=file_max)


def _refuse(
    rows: Rows, now: datetime, zone: ZoneInfo, seen: Callable[[SubscriberRow], object] = lambda _: None
) -> None:
    """Check every row, and show each. Raises BadInput."""

    def keys() -> Iterator[tuple[Row, str]]:
        for row, one in _each(rows, now, zone):
            seen(one)
            yield row, folded(one.email)

    rows.sheet.refuse_repeats("email", keys())
    rows.sheet.refuse_faults()


def _each(rows: Rows, now: datetime, zone: ZoneInfo) -> Iterator[tuple[Row, SubscriberRow]]:
    columns = frozenset(rows.sheet.columns)
    for row in rows:
        yield row, _subscriber(row, columns, now, zone)


def _subscriber(row: Row, columns: frozenset[str], now: datetime, zone: ZoneInfo) -> SubscriberRow:
    return SubscriberRow(
        _email(row),
        row.at_most("name", _NAME_MAX),
        row.need("consent_source", _NAME_MAX),
        _consent_at(row, now, zone),
        row.details(KNOWN),
        columns,
    )


def _email(row: Row) -> str:
    text = row.need("email", MAIL_MAX)
    if text and not is_mail(text):
        row.fault("email", f"{text!r} is no mail address", "Write name@example.org, one address")
    mailbox, at, domain = text.rpartition("@")
    # Letter by letter: at a word's end str.lower writes another sigma, and that is another domain.
    return f"{mailbox}{at}{''.join(map(str.lower, domain))}"


def _consent_at(row: Row, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when consent was given; a stand-in where it is wrong, which the noted fault keeps from getting out."""
    text = row.need("consent_at", _NAME_MAX)
    found = instant(text, zone)
    if text and found is None:
        row.fault("consent_at", f"{text!r} is no day or time", "Write 2025-11-20 or 2025-11-20T14:05:00Z")
    if found is not None and found > now:
        row.fault("consent_at", f"{text!r} is still to come", "Write when the consent was given")
    return found or _NEVER
