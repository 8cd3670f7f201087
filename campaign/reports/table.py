"""Rows as a table for the terminal. Cells are plain text: nothing in a name or a gap is read as markup."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from rich.table import Table
from rich.text import Text

from campaign.models.snapshots import FIGURES

UNKNOWN = "-"

_NUMBERS = frozenset({*FIGURES, "posts"})
_LOG = ("taken_at", "partner", "channel", "id", "slot", "reading", *FIGURES, "gap")
_HEADS = {"taken_at": "taken", "id": "post"}

Row = Mapping[str, str | int | None]


def table(rows: Iterable[Row], *, zone: tzinfo = UTC) -> Table:
    """Return the engagement log as a table; instants are shown in ``zone``, an unknown figure as a dash."""
    made = Table(header_style="bold", box=None, pad_edge=False)
    for name in _LOG:
        made.add_column(
            _HEADS.get(name, name),
            justify="right" if name in _NUMBERS else "left",
            overflow="fold",
            no_wrap=name not in {"slot", "gap"},
        )
    for row in rows:
        made.add_row(*(Text(_cell(name, row.get(name), zone)) for name in _LOG))
    return made


def _cell(name: str, value: str | int | None, zone: tzinfo) -> str:
    if value is None:
        return UNKNOWN if name in _NUMBERS else ""
    if name == "taken_at":
        return f"{datetime.fromisoformat(str(value)).astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) else value
