"""partners.csv: ``partner,name,kind,region,agreed`` and any further columns, which become the partner's details.

Of the details one has a meaning of its own: ``contact_email`` is where the partner's notices go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from campaign.config import is_mail
from campaign.intake.rows import Row
from campaign.intake.sheet import FILE_MAX, one_row, read_content, sheet_of
from campaign.intake.values import KEY_MAX, instant, is_key
from campaign.models.partners import CONTACT

_REQUIRED = ("partner", "name")
KNOWN = (*_REQUIRED, "kind", "region", "agreed")
_NAME_MAX = 200
APPROVERS = ("dfe", "partner", "both")


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """One organisation. ``agreed_at`` and ``agreed_by`` are its standing yes, when the file records one.

    ``columns`` are those that the file has: what it says of them counts, an empty cell too; of others it says nothing.
    """

    key: str
    name: str
    kind: str = ""
    region: str = ""
    agreed_at: datetime | None = None
    agreed_by: str | None = None
    details: dict[str, str] = field(default_factory=dict)
    columns: frozenset[str] = field(default=frozenset(), compare=False)


def read_partners(path: Path) -> list[PartnerRow]:
    """Read and check the whole file, as ``partners_of`` does. Raises BadInput."""
    return partners_of(path.name, read_content(path))


def partners_of(name: str, content: bytes, file_max: int = FILE_MAX) -> list[PartnerRow]:
    """Read and check the whole of what came in as a file of this name.

    ``agreed`` holds a day and a name: ``2025-11-20, Jo Smith``.

    Raises:
        BadInput: every row and column that is wrong, each with its line and how to mend it.

    """
    sheet = sheet_of(name, content, required=_REQUIRED, known=KNOWN, free=True, file_max=file_max)
    partners = [_partner(row) for row in sheet.rows]
    sheet.refuse_repeats("partner", [(row, row["partner"]) for row in sheet.rows])
    sheet.refuse_faults()
    return partners


def partner_of(values: Mapping[str, str]) -> PartnerRow:
    """Read one partner that was typed in, by column. Raises BadInput."""
    row = one_row("the partner", values)
    found = _partner(row)
    row.sheet.refuse_faults()
    return found


def _partner(row: Row) -> PartnerRow:
    key = row.need("partner", KEY_MAX)
    if key and not is_key(key):
        row.fault("partner", f"{key!r} cannot be used", "Use letters, digits, '.', '_' and '-' without blanks")
    if row[CONTACT] and not is_mail(row[CONTACT]):
        row.fault(CONTACT, f"{row[CONTACT]!r} is no mail address", "Write name@example.org, one address")
    if row["approver"] and row["approver"] not in APPROVERS:
        row.fault("approver", f"{row['approver']!r} is not known", f"Write one of {', '.join(APPROVERS)}")
    agreed_at, agreed_by = _agreed(row)
    return PartnerRow(
        key,
        row.need("name", _NAME_MAX),
        row.at_most("kind", _NAME_MAX),
        row.at_most("region", _NAME_MAX),
        agreed_at,
        agreed_by,
        row.details(KNOWN),
        frozenset(row.values),
    )


def _agreed(row: Row) -> tuple[datetime | None, str | None]:
    if not row["agreed"]:
        return None, None
    day, _, name = (part.strip() for part in row["agreed"].partition(","))
    agreed_at = instant(day)
    if agreed_at is None or not name:
        row.fault(
            "agreed", f"{row['agreed']!r} is no day with a name", "Write who said yes and when: 2025-11-20, Jo Smith"
        )
    return agreed_at, name
