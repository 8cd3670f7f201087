"""Files to take away: no text of theirs becomes a formula, at whatever sign a spreadsheet splits its lines."""

import csv
import io
import re
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.reports.export import csv_pieces

COLUMNS = ("id", "name", "reach", "text")
SIGNS = "=+-@＝＋－＠"
ODD = st.text(st.sampled_from([*SIGNS, *" ;,\t\n\r\"'a1|(\ufeff", "\xa0", "\u200b", "\x0b", "\x00"]), max_size=12)
TEXTS = ODD | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ROWS = st.lists(
    st.fixed_dictionaries({"id": st.integers(0, 9), "name": TEXTS, "reach": st.none() | st.integers(), "text": TEXTS}),
    min_size=1,
    max_size=4,
)


def written(rows: list[dict[str, str | int | None]]) -> str:
    return "".join(csv_pieces(rows, COLUMNS))


def cells(text: str, sign: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=sign))


def visible(cell: str) -> str:
    """Return a cell without what a spreadsheet may not count as its beginning."""
    return re.sub(r"^[\s\x00-\x1f\xa0\u200b\ufeff]+", "", cell)


@given(ROWS, st.sampled_from(",;\t"))
@example([{"id": 1, "name": "x;=cmd", "reach": 2, "text": 'y;"=cmd"'}], ";")
@example([{"id": 1, "name": "x;", "reach": None, "text": "\n=1"}], ";")
@example([{"id": 1, "name": "\t=1", "reach": 2, "text": " ＝1"}], "\t")
def test_no_text_is_a_formula_wherever_a_line_is_split(rows: list[dict[str, str | int | None]], sign: str) -> None:
    texts = [{**row, "reach": abs(int(row["reach"] or 0))} for row in rows]
    found = [cell for line in cells(written(texts), sign) for cell in line]
    assert [cell for cell in found if visible(cell).startswith(tuple(SIGNS))] == []


@given(ROWS)
def test_every_cell_comes_back_as_it_was_but_for_apostrophes(rows: list[dict[str, str | int | None]]) -> None:
    head, *found = cells(written(rows), ",")
    assert head == list(COLUMNS)
    wanted = [["" if row[name] is None else str(row[name]) for name in COLUMNS] for row in rows]
    assert [[cell.replace("'", "") for cell in line] for line in found] == [
        [cell.replace("'", "") for cell in line] for line in wanted
    ]
    for line, row in zip(found, rows, strict=True):
        assert line[2] == ("" if row["reach"] is None else str(row["reach"]))


def test_numbers_stay_numbers_and_unknown_stays_empty() -> None:
    rows: list[dict[str, str | int | None]] = [{"id": 7, "name": "Oak", "reach": None, "text": 'a "b"'}]
    assert written(rows) == 'id,name,reach,text\r\n7,"Oak",,"a ""b"""\r\n'


@given(TEXTS, st.sampled_from(",;\t"))
@example("x;=cmd", ";")
def test_a_head_out_of_what_people_named_is_no_formula_either(name: str, sign: str) -> None:
    text = "".join(csv_pieces([{"partner": "oak", name: "yes"}], ("partner", name)))
    assert [cell for line in cells(text, sign) for cell in line if visible(cell).startswith(tuple(SIGNS))] == []
    assert cells(text, ",")[0][1].replace("'", "") == name.replace("'", "")


@pytest.mark.parametrize("filler", ["\n", ";", '"', " ", "a", "="])
def test_a_long_text_takes_no_long_time(filler: str) -> None:
    def took(length: int) -> float:
        """Seconds of this thread's own work, of the quickest of five."""
        began = [time.thread_time()]
        for _ in range(5):
            written([{"id": 1, "name": filler * length, "reach": None, "text": f"{filler * length}="}])
            began.append(time.thread_time())
        return min(end - start for start, end in pairwise(began))

    assert took(320_000) < 8 * 4 * took(40_000), "eight times the text takes more than four times its share"
