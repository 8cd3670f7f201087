"""Workbooks: texts stay texts, whatever they begin with, and what no sheet holds is refused with a mend."""

import zipfile
from pathlib import Path

import pytest

from campaign.errors import WrongUse
from campaign.reports.export import csv_pieces
from campaign.reports.sheet import write_xlsx

EVIL = ["=1+1", "@SUM(A1)", "+1", "-1", "{=1}", "http://example.org", "mailto:a@example.org"]


def sheet_of(file: Path) -> str:
    with zipfile.ZipFile(file) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def test_no_cell_is_a_formula_or_a_link(tmp_path: Path) -> None:
    rows = [{"slot": text, "impressions": number, "reach": None} for number, text in enumerate(EVIL)]
    assert write_xlsx(rows, tmp_path / "a.xlsx", ("slot", "impressions", "reach")) == len(EVIL)
    found = sheet_of(tmp_path / "a.xlsx")
    assert "<f>" not in found
    assert "hyperlink" not in found
    for text in EVIL:
        assert f">{text}<" in found
    assert '<c r="B3"><v>1</v></c>' in found
    assert 'r="C2"' not in found, "an unknown figure is no cell, and no 0"


def test_more_rows_than_a_sheet_holds_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    rows = [{"slot": "a"}] * 3
    assert write_xlsx(rows, tmp_path / "a.xlsx", ("slot",), most=3) == 3
    with pytest.raises(WrongUse, match="CSV"):
        write_xlsx(rows, tmp_path / "b.xlsx", ("slot",), most=2)
    assert not (tmp_path / "b.xlsx").exists()


@pytest.mark.parametrize("count", [0, 999, 1000, 1001])
def test_a_file_in_pieces_is_the_whole_file(count: int) -> None:
    rows = ({"slot": f"={number}"} for number in range(count))
    found = "".join(csv_pieces(rows, ("slot",))).splitlines()
    assert found == ["slot", *(f'"\'={number}"' for number in range(count))]
