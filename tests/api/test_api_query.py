"""What a query says that nobody reads is refused by name: it would be answered with what was not asked for."""

from collections.abc import Iterator

import pytest
from api_room import Program, program
from api_routes import NEEDS
from conftest import MovedClock
from pages_room import Room, opened_room

pytestmark = pytest.mark.thorough
LISTS = ("/posts", "/log", "/partners", "/accounts", "/figures/issues", "/participation", "/audit")
BY_CHANNEL = ("/posts", "/log", "/figures/totals", "/figures/over-time", "/figures/hours")
BY_PARTNER = (*BY_CHANNEL, "/figures/issues", "/figures/week")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened_room(tmp_path_factory.mktemp("query"), MovedClock()) as room:
        room.office.post("oak")
        yield room


@pytest.mark.parametrize(("method", "path"), sorted(NEEDS))
def test_what_a_call_does_not_take_is_named(room: Room, method: str, path: str) -> None:
    filled = path.format(ident=1, partner="oak", field="image", digest="0" * 64)
    found = program(room, "adam").call(method, f"{filled}?no_such=1")
    assert (found.status_code, found.headers["content-type"]) == (422, "application/problem+json")
    (fault,) = found.json()["errors"]
    assert (fault["field"], fault["in"]) == ("no_such", "query")


def test_a_stranger_is_told_of_no_parameter(room: Room) -> None:
    assert Program(room, None).call("GET", "/posts?no_such=1").status_code == 401


def test_a_like_parameter_is_named(room: Room) -> None:
    found = program(room, "rita").call("GET", "/posts?partners=elm")
    assert "Did you mean 'partner'?" in found.json()["errors"][0]["problem"]


def test_one_value_is_not_taken_for_another(room: Room) -> None:
    rita = program(room, "rita")
    found = rita.call("GET", "/log?channel=x&channel=facebook")
    assert (found.status_code, found.json()["errors"][0]["field"]) == (422, "channel")
    assert rita.call("GET", "/posts?channel=x&channel=facebook&partner=oak&partner=elm").status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_no_page_gave_does_not_begin_again(room: Room, path: str) -> None:
    adam = program(room, "adam")
    for cursor in ("!", "no%00thing~x~y", "2025-12-03~"):
        found = adam.call("GET", f"{path}?cursor={cursor}")
        assert (found.status_code, found.json()["errors"][0]["field"]) == (422, "cursor"), cursor
    assert adam.call("GET", f"{path}?cursor=").status_code == 200


@pytest.mark.parametrize("path", BY_PARTNER)
def test_a_partner_that_is_not_there_is_no_empty_answer(room: Room, path: str) -> None:
    rita, olga = program(room, "rita"), program(room, "olga")
    found = rita.call("GET", f"{path}?partner=oka")
    assert (found.status_code, found.json()["code"]) == (404, "not-found")
    assert "Did you mean 'oak'?" in found.json()["detail"]
    theirs, nothing = (olga.call("GET", f"{path}?partner={key}") for key in ("elm", "xyz"))
    assert (theirs.status_code, theirs.text.replace("elm", "xyz")) == (404, nothing.text)
    assert "elm" not in olga.call("GET", f"{path}?partner=eln").text, "another partner's key is told to no officer"
    assert olga.call("GET", f"{path}?partner=oak").status_code == 200


@pytest.mark.parametrize("path", BY_CHANNEL)
def test_a_channel_that_is_not_there_is_no_empty_answer(room: Room, path: str) -> None:
    rita = program(room, "rita")
    found = rita.call("GET", f"{path}?channel=facebok")
    assert (found.status_code, found.json()["code"]) == (404, "not-found")
    assert "There is no channel 'facebok'. Did you mean 'facebook'?" in found.json()["detail"]
    assert rita.call("GET", f"{path}?channel=facebook").status_code == 200
