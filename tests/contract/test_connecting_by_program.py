"""Connecting accounts by a program: the same journey by the API."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import requests
from api_room import Program, program
from pages_room import Room
from trips import Trip, begun, box, room, trip

from campaign.sandbox.server import Sandbox

__all__ = ["box", "room", "trip"]


def begins(trip: Trip, caller: Program) -> tuple[str, str]:
    """Begin a connection; returns the address of the platform's page and the journey's secret."""
    found = caller.call("POST", f"/accounts/{trip.account_id}/connect")
    assert found.status_code == 201, found.text
    return found.json()["address"], found.json()["journey"]


def answers(trip: Trip, caller: Program, journey: str, path: str) -> requests.Response:
    """Hand on what stands in the address to which the platform sent the browser back."""
    said = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    kept = {name: said[name] for name in ("state", "code", "error") if name in said}
    return caller.call("POST", f"/accounts/{trip.account_id}/connect/answer", {"journey": journey, **kept})


def test_a_program_connects_an_account_and_sees_no_credentials(trip: Trip) -> None:
    caller = program(trip.room, trip.officer)
    address, journey = begins(trip, caller)
    path = trip.allowed(address, "5001")
    assert "If a program began it, hand it the address of this page." in trip.browser.get(path).text
    found = answers(trip, caller, journey, path)
    assert found.status_code == 200, found.text
    assert (found.json()["connected"], found.json()["works"], found.json()["can_find"]) == (True, True, True)
    assert (trip.stored.external_id, trip.stored.mode) == ("5001", "api")
    assert not any(value in found.text for value in trip.credentials.values() if len(value) > 12)
    again = answers(trip, caller, journey, trip.allowed(address, "5001"))
    assert (again.status_code, again.json()["code"]) == (422, "wrong-use"), "it serves once"


def test_an_answer_goes_with_the_journey_the_token_and_the_account_that_asked(room: Room, box: Sandbox) -> None:
    ours, theirs = begun(room, box, "x"), begun(room, box, "x")
    caller, stranger = program(room, ours.officer), program(room, theirs.officer)
    address, journey = begins(ours, caller)
    path = ours.allowed(address, "5001")
    _, other = begins(theirs, stranger)
    for who, secret in ((program(room, ours.officer), journey), (caller, other), (caller, "guessed")):
        found = answers(ours, who, secret, path)
        assert (found.status_code, "begun elsewhere" in found.text) == (422, True), found.text
    assert answers(theirs, stranger, other, path).status_code == 422, "another one's state"
    assert answers(ours, stranger, other, path).status_code == 404, "another partner's account"
    assert answers(ours, caller, journey, "/?code=any&state=guessed").status_code == 422
    assert (ours.stored.sealed, theirs.stored.sealed) == (None, None)
    assert answers(ours, caller, journey, path).json()["connected"] is True


def test_a_no_and_a_late_answer_connect_nothing_by_a_program(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "linkedin")
    caller = program(room, trip.officer)
    address, journey = begins(trip, caller)
    assert "You did not allow it" in answers(trip, caller, journey, trip.allowed(address, do="cancel")).text
    address, journey = begins(trip, caller)
    path = trip.allowed(address, "5001")
    room.office.clock.at += timedelta(minutes=11)
    try:
        assert answers(trip, caller, journey, path).status_code == 422
    finally:
        room.office.clock.at -= timedelta(minutes=11)
    assert trip.stored.sealed is None


def test_a_program_chooses_one_of_many_pages(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook", external_id="", mode="by-hand")
    caller, here = program(room, trip.officer), f"/accounts/{trip.account_id}/connect/choice"
    address, journey = begins(trip, caller)
    found = answers(trip, caller, journey, trip.allowed(address, "5001", "5002")).json()
    assert (found["connected"], {one["external_id"] for one in found["offers"]}) == (False, {"5001", "5002"})
    assert trip.stored.sealed is None
    stranger = program(room, trip.officer).call("POST", here, {"journey": journey, "external_id": "5002"})
    assert stranger.status_code == 422, "another token"
    assert caller.call("POST", here, {"journey": journey, "external_id": "5003"}).json()["connected"] is False
    done = caller.call("POST", here, {"journey": journey, "external_id": "5002"})
    assert done.json()["connected"] is True
    assert (trip.stored.external_id, trip.stored.mode) == ("5002", "api")
    assert caller.call("POST", here, {"journey": journey, "external_id": "5001"}).status_code == 422


def test_what_is_kept_of_a_beginning_holds_no_secret(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    caller, path = program(room, trip.officer), f"/accounts/{trip.account_id}/connect"
    first = caller.call("POST", path, **{"Idempotency-Key": "c"}).json()
    again = caller.call("POST", path, **{"Idempotency-Key": "c"}).json()
    assert (again["address"], again["journey"]) == (None, None)
    raw = room.office.raw()
    assert first["journey"].encode() not in raw
    assert parse_qs(urlsplit(first["address"]).query)["state"][0].encode() not in raw


def test_a_journeys_secret_opens_no_page(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    _, journey = begins(trip, program(room, trip.officer))
    stranger = room.browser()
    stranger.session.cookies.set("campaign", journey)
    assert stranger.get("/accounts").headers["location"].startswith("/sign-in")
