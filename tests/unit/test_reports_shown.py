"""What people see and take away: the table, the chart in the terminal, CSV and JSON."""

import csv
import io
import json
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from rich.table import Table

from campaign.reports.chart import BLOCKS, chart
from campaign.reports.export import write_csv, write_json
from campaign.reports.log import LOG_COLUMNS, LogRow
from campaign.reports.table import table


def row(hour: int, impressions: int | None, *, post: str = "1", **more: str | int | None) -> LogRow:
    known: LogRow = {
        "id": post,
        "partner": "oak",
        "channel": "x",
        "external_id": "1995",
        "taken_at": f"2026-06-01T{hour:02}:00:00Z",
        "impressions": impressions,
        "reading": "1h",
        "slot": "launch",
        "template": "post-1",
    }
    return {**dict.fromkeys(LOG_COLUMNS), **known, **more}


def shown(made: Table) -> list[list[str]]:
    console = Console(file=io.StringIO(), width=250, highlight=False)
    with console.capture() as caught:
        console.print(made)
    return [line.split() for line in caught.get().splitlines()]


def test_a_table_shows_thousands_local_times_and_a_dash_for_what_is_unknown() -> None:
    _, line = shown(table([row(9, 12345, clicks=0)], zone=ZoneInfo("Europe/London")))
    assert line == ["2026-06-01", "10:00", "oak", "x", "1", "launch", "1h", "12,345", "-", "-", "-", "-", "0"]


def test_a_table_reads_nothing_as_markup() -> None:
    _, line = shown(table([row(9, None, partner="[red]oak[/red]", gap="[bold]HTTP 500")]))
    assert "[red]oak[/red]" in line
    assert line[-2:] == ["[bold]HTTP", "500"]


def test_a_chart_rises_from_the_lowest_block_to_the_highest() -> None:
    drawn = chart([row(hour, hour * 100) for hour in range(10)], 60).splitlines()
    assert drawn[0] == "impressions, 01 Jun 00:00 to 01 Jun 09:00; each line on its own scale"
    assert drawn[1].startswith("x  ")
    assert drawn[1].endswith("  900 (1 post)")
    blocks = [BLOCKS.index(letter) for letter in drawn[1] if letter in BLOCKS]
    assert blocks == sorted(blocks)
    assert (blocks[0], blocks[-1]) == (0, len(BLOCKS) - 1)
    assert len(drawn[1]) == 60


def test_a_chart_adds_each_posts_newest_value_at_every_instant() -> None:
    rows = [row(0, 100), row(1, 100, post="2"), row(8, 300), row(8, 100, post="2")]
    line = chart(rows, 60).splitlines()[1]
    assert line.endswith("400 (2 posts)")
    blocks = [letter for letter in line if letter in BLOCKS]
    assert blocks[-1] == BLOCKS[-1]
    assert set(blocks[len(blocks) // 2 : -1]) == {BLOCKS[7 * 200 // 400]}


def test_each_channel_has_a_line_on_its_own_scale_and_says_its_gaps() -> None:
    rows = [row(0, 10), row(4, 10_000), row(0, 1, channel="linkedin", post="2")]
    rows += [row(4, None, channel="linkedin", post="2", gap="HTTP 500"), row(4, None, channel="facebook", post="3")]
    _, facebook, linkedin, x = chart(rows, 70).splitlines()
    assert facebook.split() == ["facebook", "not", "given"]
    assert linkedin.endswith("1 (1 post), 1 gap")
    assert BLOCKS[-1] in linkedin
    assert x.endswith("10,000 (1 post)")


def test_a_channel_that_begins_later_is_blank_until_then() -> None:
    rows = [row(0, 1), row(8, 2), row(6, 5, channel="linkedin", post="2")]
    linkedin = chart(rows, 60).splitlines()[1]
    drawn = linkedin.removeprefix("linkedin  ")
    first = min(drawn.index(letter) for letter in set(drawn) & set(BLOCKS))
    assert 15 < first < 40
    assert drawn[:first].isspace()


def test_a_chart_of_one_instant_of_zeros_and_of_nothing_can_be_drawn() -> None:
    assert chart([row(3, 0)], 80).splitlines()[1] == f"x  {BLOCKS[0]}  0 (1 post)"
    assert chart([], 80) == "No readings yet."


def test_a_chart_of_no_known_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="take one of impressions"):
        chart([row(0, 1)], 80, "likes")


def test_csv_has_a_header_and_empty_cells_for_what_is_unknown() -> None:
    file = io.StringIO()
    assert write_csv([row(9, 0)], file) == 1
    head, line = list(csv.reader(io.StringIO(file.getvalue())))
    assert tuple(head) == LOG_COLUMNS
    cells = dict(zip(head, line, strict=True))
    assert (cells["impressions"], cells["reach"], cells["gap"]) == ("0", "", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_disarms_what_a_spreadsheet_would_take_for_a_formula(start: str) -> None:
    file = io.StringIO(newline="")
    write_csv([row(9, -5, slot=f"{start}1+1", partner=f"a{start}b")], file)
    (cells,) = csv.DictReader(io.StringIO(file.getvalue(), newline=""))
    assert (cells["slot"], cells["partner"], cells["impressions"]) == (f"'{start}1+1", f"a{start}b", "-5")


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_one_array_with_nulls(count: int) -> None:
    file = io.StringIO()
    rows = [row(hour, None, partner="Ysgol Tŷ") for hour in range(count)]
    assert write_json(iter(rows), file) == count
    assert json.loads(file.getvalue()) == rows
