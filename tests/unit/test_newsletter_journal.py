"""The journal: what stands in it after a process ended at the worst moment."""

from pathlib import Path

import pytest

from campaign.newsletter.journal import Journal, this_run


def test_intents_and_outcomes_come_back_by_claim(tmp_path: Path) -> None:
    with Journal(tmp_path / "j" / "issue.log", run="r1") as journal:
        journal.begin("a")
        journal.intend("a", 1)
        journal.note("a", 1, {"end": "sent"})
        journal.intend("a", 2)
        journal.begin("b")
        past = journal.past()
    assert past["a"].intents == {1, 2}
    assert past["a"].outcomes[1]["end"] == "sent"
    assert 2 not in past["a"].outcomes
    assert (past["b"].run, past["b"].intents) == ("r1", set())


def test_line_that_was_cut_short_neither_counts_nor_swallows_the_next(tmp_path: Path) -> None:
    path = tmp_path / "issue.log"
    with Journal(path, run="r1") as journal:
        journal.begin("a")
    with path.open("ab") as file:
        file.write(b'{"claim": "a", "inte')
    with Journal(path, run="r1") as journal:
        journal.intend("a", 7)
        assert journal.past()["a"].intents == {7}


@pytest.mark.parametrize("rubbish", [b"12\n", b"[]\n", b'{"claim": "zz", "intent": 1}\n', b"\xff\xfe\n", b'"claim"\n'])
def test_rubbish_is_passed_over(tmp_path: Path, rubbish: bytes) -> None:
    path = tmp_path / "issue.log"
    path.write_bytes(rubbish)
    with Journal(path, run="r1") as journal:
        journal.begin("a")
        assert set(journal.past()) == {"a"}


def test_cleared_journal_is_empty_and_goes_on(tmp_path: Path) -> None:
    with Journal(tmp_path / "issue.log", run="r1") as journal:
        journal.begin("a")
        journal.clear()
        journal.begin("b")
        assert set(journal.past()) == {"b"}


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "issue.log") as journal:
        assert journal.path.stat().st_mode & 0o077 == 0


def test_a_run_of_the_machine_has_one_name() -> None:
    assert this_run() == this_run()
