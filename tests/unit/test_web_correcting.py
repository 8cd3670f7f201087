"""Correcting a newsletter in the pages: from its own page, previewed, sent for review, to those who got it."""

from collections.abc import Iterator

import pytest
from conftest import MovedClock
from measured import measure
from pages_room import Room, opened_room

pytestmark = pytest.mark.thorough
WORDS = {
    "corrected": "News",
    "mistake": "The day <b>",
    "right": "It is on Tuesday.",
    "day": "4/12/2025",
    "time": "10am",
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Room, int]]:
    with opened_room(tmp_path_factory.mktemp("correcting"), MovedClock()) as room:
        yield room, measure(room)["mailed"]


def test_a_correction_is_seen_then_sent_for_review(measured: tuple[Room, int]) -> None:
    room, issue = measured
    browser, page = room.browser("rita"), f"/posts/{issue}/correct"
    assert page in browser.get(f"/posts/{issue}").text
    assert "who got this newsletter" in browser.get(page).text
    seen = browser.send(page, **WORDS, do="preview")
    assert seen.status_code == 200
    assert "It is on Tuesday." in seen.text
    assert "The day &lt;b&gt;" in seen.text
    sent = browser.send(page, **WORDS, do="send")
    assert sent.status_code == 303
    ident = int(sent.headers["location"].rpartition("/")[2])
    assert room.office.seen(ident).draft["audience"].endswith(f"those who got issue {issue}")
    assert f"those who got issue {issue}" in browser.get(f"/posts/{ident}").text, "whoever approves it sees to whom"
    assert "Mistake" in browser.get(f"/posts/{ident}/edit").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"right": ""}, "Right"), ({"day": "soon"}, "Enter the day"), ({"day": "1/12/2025"}, "is past")],
)
def test_what_is_wrong_stands_beside_its_field(measured: tuple[Room, int], changed: dict[str, str], said: str) -> None:
    room, issue = measured
    found = room.browser("rita").send(f"/posts/{issue}/correct", **{**WORDS, **changed}, do="send")
    assert found.status_code == 422
    assert said in found.text


def test_only_a_newsletter_that_went_out_is_corrected(measured: tuple[Room, int]) -> None:
    room, _ = measured
    assert room.browser("rita").get(f"/posts/{room.office.post('oak')}/correct").status_code == 404
    accounts = room.office.accounts.values()
    offered = [room.browser("rita").get(f"/posts/new?account={ident}").text for ident in accounts]
    assert ["correction" in text for text in offered] == [False] * len(accounts)
    assert "Mistake" not in room.browser("olga").get("/details").text, "it is no detail of a partner"
