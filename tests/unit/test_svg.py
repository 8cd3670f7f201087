"""Charts: no style attribute, titles and words for those who hear them, gaps that stay gaps, four to six grid lines."""

import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from campaign.reports.svg import Bar, Series, bar_chart, line_chart, ticks

FIRST = date(2025, 12, 1)
SVG = "{http://www.w3.org/2000/svg}"


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(count)]


def read(chart: str) -> ET.Element:
    return ET.fromstring(chart)  # noqa: S314 - our own


def drawn(values: list[int | None], kind: str = "x") -> ET.Element:
    return read(line_chart("Views", days(len(values)), [Series("X", kind, values)], ident="c"))


@given(st.integers(min_value=0, max_value=10**12))
def test_there_are_four_to_six_grid_lines_and_the_top_is_below_the_last(top: int) -> None:
    found = ticks(top)
    assert 4 <= len(found) <= 6
    assert found[0] == 0
    assert found[-1] >= top
    assert len({after - before for before, after in pairwise(found)}) == 1


def test_a_gap_breaks_the_line_and_a_lone_day_is_a_dot() -> None:
    chart = drawn([1, 2, None, 4, None, None, 7, 8])
    lines = [line.attrib["points"].count(",") for line in chart.iter(f"{SVG}polyline")]
    assert lines == [2, 2], "four alone is a dot, and no line leads over a gap"


def test_markers_stand_at_the_same_days_on_every_line() -> None:
    both = [Series("X", "x", [5] * 30), Series("Y", "y", [None] * 3 + [7] * 27)]
    chart = read(line_chart("Views", days(30), both, ident="c"))
    at = [
        {mark.attrib["cx"] for mark in chart.iter(f"{SVG}circle") if mark.attrib["class"].endswith(kind)}
        for kind in "xy"
    ]
    assert at[1] < at[0]


def test_a_line_is_told_by_more_than_its_colour() -> None:
    kinds = {"x": "circle", "linkedin": "rect", "facebook": "polygon"}
    for kind, shape in kinds.items():
        assert list(drawn([1, 2, 3], kind).iter(f"{SVG}{shape}"))


def test_a_chart_is_told_in_words_and_has_no_style() -> None:
    chart = line_chart("Views <b>", days(2), [Series('<script>"', "x", [1, 2])], ident="c")
    assert '<title id="c-title">Views &lt;b&gt;</title>' in chart
    assert "From 1 December to 2 December 2025." in chart
    assert "2 at the end" in chart
    assert "<script>" not in chart
    assert not re.search(r"\sstyle=|\son\w+=", chart)
    assert 'role="img" aria-labelledby="c-title c-desc"' in chart


def test_labels_at_the_end_do_not_lie_on_one_another() -> None:
    lines = [Series(name, "x", [5, 5]) for name in ("A", "B", "C")]
    chart = read(line_chart("Views", days(2), lines, ident="c"))
    heights = [float(text.attrib["y"]) for text in chart.iter(f"{SVG}text") if "name" in text.attrib["class"]]
    assert len(heights) == 3
    assert all(after - before >= 20 for before, after in pairwise(heights))


def test_a_bar_that_nobody_knows_is_no_bar_of_zero() -> None:
    chart = read(bar_chart("Views", [Bar("a", 4, "2 posts"), Bar("b", None), Bar("c", 0)], "x", ident="c"))
    assert len(list(chart.iter(f"{SVG}rect"))) == 2
    said = ["".join(text.itertext()) for text in chart.iter(f"{SVG}text")]
    assert said == ["a", "4 (2 posts)", "b", "not given", "c", "0"]
