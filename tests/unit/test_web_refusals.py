"""Whoever is refused at the door stands in the log, with where they came from and without what they typed."""

import pytest
import requests
from pages_room import Room
from structlog.testing import capture_logs

from campaign.models import users
from campaign.people import passwords
from campaign.web.rates import RULES

pytestmark = pytest.mark.thorough

TYPED = "a word that is wrong"


def refusals(lines: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    assert all(line["address"] == "127.0.0.1" for line in lines if line["event"] == "refused")
    assert TYPED not in str(lines)
    return [(line["why"], line["person"], line["path"]) for line in lines if line["event"] == "refused"]


def test_a_wrong_password_is_written_down_with_whose_it_should_have_been(room: Room) -> None:
    with room.office.database.write() as session:
        person = users.user(session, "rita")
        assert person is not None
        person.email = "rita@example.org"
        passwords.set_password(
            session, person, passwords.hashed(person, "three random words"), now=room.office.clock.now()
        )
    with capture_logs() as lines:
        for email in ("rita@example.org", TYPED):
            room.browser().send("/sign-in", page="/sign-in", email=email, password=TYPED)
    assert refusals(lines) == [("a wrong password", "rita", "/sign-in"), ("a wrong password", None, "/sign-in")]


def test_what_does_not_sign_in_is_written_down_without_its_secret(room: Room) -> None:
    with capture_logs() as lines:
        room.browser().get("/invitation/a-guess")
        room.browser().send("/sign-in/passkey", page="/sign-in", credential='{"id": "aWQ"}')
        room.browser().get("/sign-in/back?state=a-guess&code=a-guess")
    assert [why for why, _, _ in refusals(lines)] == [
        "an invitation that does not serve",
        "a passkey that does not fit",
        "a sign-in elsewhere that does not hold",
    ]
    assert "a-guess" not in str(lines)


def test_who_tries_what_their_role_may_not_is_written_down(room: Room) -> None:
    with capture_logs() as lines:
        assert room.browser("olga").get("/admin/people").status_code == 403
        assert room.browser("olga").post("/account/sign-out-everywhere", {"form_token": ""}).status_code == 403
    assert refusals(lines) == [
        ("no right", "olga", "/admin/people"),
        ("a form that no page of ours sent", "olga", "/account/sign-out-everywhere"),
    ]


def test_a_flood_and_a_token_that_does_not_serve_are_written_down(room: Room) -> None:
    most = int(RULES["api-door"].split()[0])
    with capture_logs() as lines:
        for _ in range(most + 1):
            requests.get(f"{room.address}/api/v1/posts", headers={"Authorization": "Bearer cmp_guessed"}, timeout=10)
    found = refusals(lines)
    assert [why for why, _, _ in found] == ["no token that serves"] * most + ["too many calls"]
    assert "cmp_guessed" not in str(lines)
