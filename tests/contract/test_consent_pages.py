"""The local platforms' consent pages take no question and no code but the one that was meant."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pages_room import Room
from trips import Trip, begun, box, room, trip

from campaign.models import sign_in, users
from campaign.sandbox.consent import CLIENT_ID, CLIENT_SECRET
from campaign.sandbox.server import Sandbox

__all__ = ["box", "room", "trip"]


def question(trip: Trip, **changes: str) -> requests.Response:
    """Ask the platform's page the product's own question, with changes; an empty value leaves a field out."""
    parts = urlsplit(trip.asked())
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | changes
    kept = {name: value for name, value in query.items() if value}
    return requests.get(f"{parts.scheme}://{parts.netloc}{parts.path}", params=kept, timeout=5, allow_redirects=False)


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"redirect_uri": "https://evil.example/x"}])
def test_an_unknown_app_or_address_is_never_sent_back(room: Room, box: Sandbox, changes: dict[str, str]) -> None:
    found = question(begun(room, box, "linkedin"), **changes)
    assert found.status_code == 400
    assert "location" not in found.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"response_type": "token"}, "unsupported_response_type"), ({"scope": "everything"}, "invalid_scope")],
)
def test_a_wrong_question_is_sent_back_with_its_error(
    room: Room, box: Sandbox, changes: dict[str, str], error: str
) -> None:
    found = question(begun(room, box, "facebook"), **changes)
    back = parse_qs(urlsplit(found.headers["location"]).query)
    assert (back["error"], len(back["state"])) == ([error], 1)


@pytest.mark.parametrize("left_out", ["code_challenge", "code_challenge_method", "state"])
def test_x_wants_state_and_pkce(room: Room, box: Sandbox, left_out: str) -> None:
    found = question(begun(room, box, "x"), **{left_out: ""})
    assert parse_qs(urlsplit(found.headers["location"]).query)["error"] == ["invalid_request"]


def token_call(box: Sandbox, channel: str, form: dict[str, str]) -> requests.Response:
    if channel == "facebook":
        return requests.get(f"{box.facebook_url}/v25.0/oauth/access_token", params=form, timeout=5)
    if channel == "linkedin":
        return requests.post(f"{box.linkedin_url}/oauth/v2/accessToken", data=form, timeout=5)
    login: Any = (form.pop("client_id"), form.pop("client_secret"))
    return requests.post(f"{box.x_url}/2/oauth2/token", data=form, auth=login, timeout=5)


@pytest.mark.parametrize("wrong", ["client_secret", "redirect_uri", "code", "code again"])
def test_a_code_serves_once_for_whoever_asked(trip: Trip, wrong: str) -> None:
    channel, address = trip.stored.channel, trip.asked()
    query = parse_qs(urlsplit(address).query)
    code = parse_qs(urlsplit(trip.allowed(address, "5001")).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": query["redirect_uri"][0],
        "code": code,
        "code_verifier": verifier_of(trip),
    }
    if wrong == "code again":
        assert token_call(trip.box, channel, dict(form)).status_code == 200
    else:
        form[wrong] += "x"
    assert token_call(trip.box, channel, form).status_code in {400, 401}


def verifier_of(trip: Trip) -> str:
    with trip.room.office.database.read() as session:
        person = users.user(session, trip.officer)
        assert person is not None
        visit = sign_in.visits(session, person.ident, trip.room.office.clock.now())[0]
        return str(visit.kept["connect"]["verifier"])
