"""Subscribers of a list: ``email,name,consent_source,consent_at`` and any further columns, which become details.

No address comes in without saying where and when its owner consented (PECR regulation 22; UK GDPR article 7(1)).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign.config import MAIL_MAX, is_mail
from campaign.intake.sheet import Row, read_content, sheet_of
from campaign.intake.values import instant
from campaign.models.mailing import folded

FILE_MAX = 200_000_000
_REQUIRED = ("email", "consent_source", "consent_at")
KNOWN = (*_REQUIRED, "name")
_NAME_MAX = 200
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """One person on a list. The domain of ``email`` is in lower case; the mailbox stays as it was written."""

    email: str
    name: str
    consent_source: str
    consent_at: datetime
    details: dict[str, str] = field(default_factory=dict)


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
    sheet = sheet_of(name, content, required=_REQUIRED, known=KNOWN, free=True, file_max=file_max)
    subscribers = [_subscriber(row, now, zone) for row in sheet.rows]
    sheet.refuse_repeats("email", [(row, folded(row["email"])) for row in sheet.rows])
    sheet.refuse_faults()
    return subscribers


def _subscriber(row: Row, now: datetime, zone: ZoneInfo) -> SubscriberRow:
    return SubscriberRow(
        _email(row),
        row.at_most("name", _NAME_MAX),
        row.need("consent_source", _NAME_MAX),
        _consent_at(row, now, zone),
        row.details(KNOWN),
    )


def _email(row: Row) -> str:
    text = row.need("email", MAIL_MAX)
    if text and not is_mail(text):
        row.fault("email", f"{text!r} is no mail address", "Write name@example.org, one address")
    mailbox, at, domain = text.rpartition("@")
    return f"{mailbox}{at}{domain.lower()}"


def _consent_at(row: Row, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when consent was given; a stand-in where it is wrong, which the noted fault keeps from getting out."""
    text = row.need("consent_at", _NAME_MAX)
    found = instant(text, zone)
    if text and found is None:
        row.fault("consent_at", f"{text!r} is no day or time", "Write 2025-11-20 or 2025-11-20T14:05:00Z")
    if found is not None and found > now:
        row.fault("consent_at", f"{text!r} is still to come", "Write when the consent was given")
    return found or _NEVER
