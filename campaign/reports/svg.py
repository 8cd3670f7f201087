"""Charts as SVG for the pages: lines over days, and bars. Their looks stand in the style sheet, for the pages' content
policy lets no style attribute through.

A line is told by its dash, its marker and its label at its end, not by its colour alone. Where a value is unknown the
line breaks. Every chart has a title and a description for those who hear it, and stands beside a table.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import count, takewhile

_TOP, _BOTTOM = 20, 40
_LABEL_APART = 20
_BAR, _ROW = 20, 52
_BAR_MOST = 68  # hundredths of the width: the number needs the rest, on a phone too
_MARKS = 8  # markers on a line, at the same days on every line
_LINES = 5  # grid lines, give or take one


@dataclass(frozen=True, slots=True)
class Frame:
    """How large a chart of lines is: its size, what is left of its axes and right of them, and how many dates it names.
    Its letters are as large in each, so that a small one can be read where a large one would have to shrink.
    """

    name: str
    width: int
    height: int
    left: int
    right: int
    dates: int

    @property
    def end(self) -> int:
        """Where the lines end."""
        return self.width - self.right

    @property
    def foot(self) -> int:
        """Where the axis lies."""
        return self.height - _BOTTOM


WIDE = Frame("lines", 900, 360, 70, 130, 7)
NARROW = Frame("narrow", 340, 300, 60, 120, 3)


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name, its kind (which gives it colour, dash and marker), and a value a day."""

    name: str
    kind: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its value, and what is said behind the number."""

    name: str
    value: int | None
    note: str = ""


def ticks(top: int) -> list[int]:
    """Return the values of the grid lines from 0 up past ``top``: round numbers, four to six of them."""
    if top <= 0:
        return [0, 1, 2, 3]
    for step in _steps():
        if top <= step * _LINES:
            needed = -(-top // step)
            return [step * number for number in range(max(needed, _LINES - 2) + 1)]
    return []


def _steps() -> Iterator[int]:
    for power in count():
        yield from (digit * 10**power for digit in (1, 2, 5))


def line_chart(title: str, days: Sequence[date], lines: Sequence[Series], *, ident: str, frame: Frame = WIDE) -> str:
    """Return a chart of lines over days. ``ident`` makes its ids its own on the page."""
    grid = ticks(max((value for line in lines for value in line.values if value is not None), default=0))
    at_day = _scale(len(days) - 1, frame.left, frame.end)
    at_value = _scale(grid[-1], frame.foot, _TOP)
    parts = [
        *(_grid_line(value, at_value(value), frame) for value in grid),
        *(_day(days[index], at_day(index), frame) for index in _spread(len(days), frame.dates)),
        *(_drawn(line, at_day, at_value) for line in lines),
        *_end_labels(lines, at_value, frame),
    ]
    size = f'class="app-chart app-chart--{frame.name}" viewBox="0 0 {frame.width} {frame.height}"'
    return _svg(title, _told(lines, days), size, parts, ident)


def bar_chart(title: str, bars: Sequence[Bar], kind: str, *, ident: str) -> str:
    """Return a chart of bars, one below the other, each with its name above it and its number at its end.

    It is as wide as its place and its letters stay as large as they are: it can be read on a phone.
    """
    top = max((bar.value for bar in bars if bar.value is not None), default=0)
    share = _scale(top or 1, 0, _BAR_MOST)
    parts = [_bar(bar, index * _ROW, share, kind) for index, bar in enumerate(bars)]
    told = "; ".join(f"{bar.name}: {_number(bar.value)}" for bar in bars)
    size = f'class="app-chart app-chart--bars" width="100%" height="{max(1, len(bars)) * _ROW}"'
    return _svg(title, told, size, parts, ident)


def _svg(title: str, told: str, size: str, parts: Iterable[str], ident: str) -> str:
    return (
        f'<svg {size} role="img" aria-labelledby="{ident}-title {ident}-desc" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{ident}-title">{escape(title)}</title><desc id="{ident}-desc">{escape(told)}</desc>'
        f"{''.join(parts)}</svg>"
    )


def _scale(top: int, low: int, high: int) -> Callable[[int], float]:
    """Return what places 0 at ``low`` and ``top`` at ``high``; where there is one value, in the middle."""
    if top <= 0:
        return lambda _value: (low + high) / 2
    return lambda value: round(low + (high - low) * value / top, 1)


def _spread(size: int, most: int) -> range:
    """Return the indexes, from the first on, at which something stands so that no more than ``most`` do."""
    return range(0, size, max(1, -(-size // most)))


def _grid_line(value: int, y: float, frame: Frame) -> str:
    kind = "app-chart__grid" if value else "app-chart__axis"
    line = f'<line class="{kind}" x1="{frame.left}" y1="{y}" x2="{frame.end}" y2="{y}"/>'
    return line + f'<text class="app-chart__tick" x="{frame.left - 10}" y="{y + 5}" text-anchor="end">{value:,}</text>'


def _day(day: date, x: float, frame: Frame) -> str:
    y = frame.foot
    mark = f'<line class="app-chart__axis" x1="{x}" y1="{y}" x2="{x}" y2="{y + 6}"/>'
    return mark + f'<text class="app-chart__tick" x="{x}" y="{y + 25}" text-anchor="middle">{day.day} {day:%b}</text>'


def _drawn(line: Series, at_day: Callable[[int], float], at_value: Callable[[int], float]) -> str:
    """Return a line with its gaps. Its markers stand at the same days as every other line's, and where it is a dot."""
    kind, marked = escape(line.kind), set(_spread(len(line.values), _MARKS))
    drawn = list[str]()
    for start, values in _runs(line.values):
        points = [(at_day(start + index), at_value(value)) for index, value in enumerate(values)]
        if len(points) > 1:
            path = " ".join(f"{x},{y}" for x, y in points)
            drawn.append(f'<polyline class="app-chart__line app-chart__line--{kind}" points="{path}"/>')
        ends = {start} if len(points) == 1 else set()
        drawn += [_marker(kind, *points[at - start]) for at in sorted((marked | ends) & _within(start, points))]
    return "".join(drawn)


def _within(start: int, points: Sequence[object]) -> set[int]:
    return set(range(start, start + len(points)))


def _runs(values: Sequence[int | None]) -> Iterator[tuple[int, list[int]]]:
    """Yield each stretch of known values with the index at which it begins."""
    index = 0
    while index < len(values):
        run = [value for value in takewhile(lambda value: value is not None, values[index:]) if value is not None]
        if run:
            yield index, run
        index += len(run) + 1


def _marker(kind: str, x: float, y: float) -> str:
    name = f'class="app-chart__mark app-chart__mark--{kind}"'
    shapes = {
        "linkedin": f'<rect {name} x="{x - 5}" y="{y - 5}" width="10" height="10"/>',
        "facebook": f'<polygon {name} points="{x},{y - 6} {x + 6},{y + 5} {x - 6},{y + 5}"/>',
        "email": f'<polygon {name} points="{x},{y - 7} {x + 7},{y} {x},{y + 7} {x - 7},{y}"/>',
    }
    return shapes.get(kind, f'<circle {name} cx="{x}" cy="{y}" r="5"/>')


def _end_labels(lines: Sequence[Series], at_value: Callable[[int], float], frame: Frame) -> Iterator[str]:
    """Yield each line's name at its end, moved apart where two would lie on one another."""
    ends = [(at_value(last), line) for line in lines if (last := _last(line.values)) is not None]
    y, x = float(_TOP), frame.end + 16
    for wanted, line in sorted(ends, key=lambda end: end[0]):
        y = max(wanted, y)
        yield _marker(escape(line.kind), x, y)
        name = f'class="app-chart__name app-chart__name--{escape(line.kind)}"'
        yield f'<text {name} x="{x + 14}" y="{y + 6}">{escape(line.name)}</text>'
        y += _LABEL_APART


def _last(values: Sequence[int | None]) -> int | None:
    return next((value for value in reversed(values) if value is not None), None)


def _bar(bar: Bar, y: int, share: Callable[[int], float], kind: str) -> str:
    wide = share(bar.value) if bar.value and bar.value > 0 else 0  # what a platform takes back is less than nothing
    note = f'<tspan class="app-chart__note"> ({escape(bar.note)})</tspan>' if bar.note else ""
    shape = (
        f'<rect class="app-chart__bar app-chart__bar--{escape(kind)}" y="{y + 24}" width="{wide}%" height="{_BAR}"/>'
    )
    name = f'<text class="app-chart__label" y="{y + 17}">{escape(bar.name)}</text>'
    place = f'class="app-chart__value" x="{wide}%" dx="{8 if wide else 0}" y="{y + 40}"'
    return f"{name}{shape if bar.value is not None else ''}<text {place}>{_number(bar.value)}{note}</text>"


def _number(value: int | None) -> str:
    return "not given" if value is None else f"{value:,}"


def _told(lines: Sequence[Series], days: Sequence[date]) -> str:
    if not days:
        return "No readings yet."
    span = f"From {days[0].day} {days[0]:%B} to {days[-1].day} {days[-1]:%B %Y}."
    return " ".join([span, *(f"{line.name}: {_number(_last(line.values))} at the end." for line in lines)])
