"""A small chart for the terminal: one figure over time, a line per channel, with its numbers beside it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from campaign.models.snapshots import FIGURES
from campaign.wording import counted

BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING_YET = " "

Row = Mapping[str, str | int | None]


@dataclass(slots=True)
class _Line:
    """What a channel's line is drawn from: (instant, post, value) in order of time, and the gaps."""

    points: list[tuple[datetime, str, int]] = field(default_factory=list)
    gaps: int = 0

    def sums(self, instants: Sequence[datetime]) -> Iterator[int | None]:
        """Yield, for each instant, the sum of each post's newest known value."""
        newest: dict[str, int] = {}
        points = iter(self.points)
        upcoming = next(points, None)
        for instant in instants:
            while upcoming is not None and upcoming[0] <= instant:
                newest[upcoming[1]] = upcoming[2]
                upcoming = next(points, None)
            yield sum(newest.values()) if newest else None


def chart(rows: Iterable[Row], width: int, figure: str = "impressions", *, zone: tzinfo = UTC) -> str:
    """Return the chart of ``figure`` from log rows, ``width`` characters wide at the most where that is possible.

    A line is the sum over a channel's posts of their newest known value. Each line has its own scale, because each
    platform counts in its own way. A channel that does not give the figure says so.
    """
    if figure not in FIGURES:
        msg = f"{figure!r} is no figure; take one of {', '.join(FIGURES)}"
        raise ValueError(msg)
    lines, first, last = _read(rows, figure)
    if first is None or last is None:
        return "No readings yet."
    name_width = max(map(len, lines))
    notes = {name: _note(line) for name, line in lines.items()}
    columns = max(8, width - name_width - max(map(len, notes.values())) - 4)
    instants = _instants(first, last, columns)
    drawn = (f"{name:<{name_width}}  {_draw(lines[name], instants)}  {notes[name]}" for name in sorted(lines))
    heading = f"{figure}, {_when(first, zone)} to {_when(last, zone)}; each line on its own scale"
    return "\n".join([heading, *(line.rstrip() for line in drawn)])


def _read(rows: Iterable[Row], figure: str) -> tuple[dict[str, _Line], datetime | None, datetime | None]:
    lines: dict[str, _Line] = {}
    instants: list[datetime] = []
    for row in rows:
        line = lines.setdefault(str(row["channel"]), _Line())
        value, taken_at = row[figure], datetime.fromisoformat(str(row["taken_at"]))
        instants.append(taken_at)
        if isinstance(value, int):
            line.points.append((taken_at, str(row["id"]), value))
        elif row["gap"] is not None:
            line.gaps += 1
    for line in lines.values():
        line.points.sort(key=lambda point: point[0])
    return lines, min(instants, default=None), max(instants, default=None)


def _instants(first: datetime, last: datetime, columns: int) -> list[datetime]:
    if first == last:
        return [last]
    step: timedelta = (last - first) / columns
    return [*(first + step * number for number in range(1, columns)), last]


def _draw(line: _Line, instants: Sequence[datetime]) -> str:
    sums = list(line.sums(instants))
    top = max((value for value in sums if value is not None), default=0)
    return "".join(NOTHING_YET if value is None else _block(value, top) for value in sums)


def _block(value: int, top: int) -> str:
    return BLOCKS[value * (len(BLOCKS) - 1) // top] if top > 0 else BLOCKS[0]


def _note(line: _Line) -> str:
    newest = {post: value for _, post, value in line.points}
    words = f"{sum(newest.values()):,} ({counted(len(newest), 'post')})" if newest else "not given"
    return f"{words}, {counted(line.gaps, 'gap')}" if line.gaps else words


def _when(instant: datetime, zone: tzinfo) -> str:
    return f"{instant.astimezone(zone):%d %b %H:%M}"
