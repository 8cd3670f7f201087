"""The benchmark of the pages keeps up with the tables and the routes: it fills a campaign and asks for every page."""

from pathlib import Path

import pytest

FEW = 2_400
"""The fewest posts that have each kind that a page is about."""


@pytest.mark.thorough
def test_every_page_of_the_bench_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks.pages import staged  # noqa: PLC0415 - found by the line above

    with staged(FEW, postgresql=False, only="", kept=tmp_path) as stage:
        for one in stage.asked:
            stage.try_out(one)  # asserts that it answers
    assert len(stage.asked) > 100
