"""Partners, accounts, agreement and plan by a program: the same as the pages do, by whom it concerns."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_room import program
from conftest import MovedClock
from pages_room import Room, opened_room

from campaign.models import listing, partners
from campaign.models.listing import PostFilter
from campaign.people.bearers import Scope

pytestmark = pytest.mark.thorough


@pytest.fixture
def room(tmp_path: Path, clock: MovedClock) -> Iterator[Room]:
    with opened_room(tmp_path, clock) as room:
        yield room


def test_a_partner_with_its_account_and_its_yes_begins_to_post(room: Room) -> None:
    adam, yew = program(room, "adam"), {"partner": "yew", "name": "Yew School", "kind": "school"}
    made = adam.call("POST", "/partners", yew, **{"Idempotency-Key": "p"})
    assert made.status_code == 201, made.text
    assert (made.json()["agreed"], made.json()["kind"]) == (False, "school")
    assert adam.call("POST", "/partners", yew, **{"Idempotency-Key": "p"}).json() == made.json()
    assert adam.call("POST", "/partners", yew).status_code == 422
    account = adam.call("POST", "/accounts", {"partner": "yew", "channel": "facebook", "handle": "Yew"})
    assert account.status_code == 201, account.text
    assert (account.json()["mode"], account.json()["credentials"]) == ("by-hand", False)
    plan = adam.get("/plan")
    mine = [row for row in plan["rows"] if (row["partner"], row["action"]) == ("yew", "add")]
    assert mine
    queued = adam.call("POST", "/plan", {"seen": plan["seen"]})
    assert queued.json()["counts"]["add"] == plan["counts"]["add"] > 0
    assert queued.json()["drafts"] == len(mine)
    assert adam.get("/plan")["rows"] == [], "what a quiet period leaves out is nothing to do"
    said = {"given_by": "Jo Smith", "given_on": "2025-11-20", "source": "A mail to us"}
    agreed = adam.call("POST", "/partners/yew/agreed-elsewhere", said)
    assert agreed.json() == {"partner": "yew", "submitted": len(mine)}
    assert adam.call("POST", "/plan", {"seen": plan["seen"]}).json()["code"] == "changed"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"mode": "api"}, "connect it in the pages"),
        ({"channel": "none"}, "there is no channel"),
        ({"partner": "none"}, "there is no partner"),
        ({"channel": "email"}, "external_id"),
        ({"credentials": "env:HOME"}, "credentials"),
    ],
    ids=str,
)
def test_an_account_that_cannot_be_is_refused_with_the_mend(room: Room, more: dict[str, str], word: str) -> None:
    sent = {"partner": "oak", "channel": "linkedin", "handle": "Oak"} | more
    found = program(room, "adam").call("POST", "/accounts", sent)
    assert found.status_code == 422
    assert word in found.text


def test_a_file_of_partners_is_seen_then_taken(room: Room) -> None:
    adam, csv = program(room, "adam"), {"csv": "partner,name,x_line\noak,Oak,Ours\nyew,Yew,Theirs\n"}
    seen = adam.call("POST", "/partners/import/preview", csv).json()
    assert [(row["partner"], row["state"]) for row in seen["rows"]] == [("oak", "changed"), ("yew", "new")]
    assert adam.call("POST", "/partners/import", csv | {"seen": "0" * 64}).status_code == 409
    done = adam.call("POST", "/partners/import", csv | {"seen": seen["seen"]})
    assert done.json() == {"added": 1, "changed": 1, "same": 0}
    wrong = {"csv": "partner,name\no k,Oak\n", "name": "ours.csv"}
    assert "ours.csv:2" in adam.call("POST", "/partners/import/preview", wrong).text


def test_a_file_that_records_an_agreement_takes_a_second_scope(room: Room) -> None:
    caller = program(room, "adam", {Scope.ADMINISTER})
    for key, agreed, status in (("fir", '"2025-11-20, Jo"', 403), ("oak", "", 201)):
        csv = {"csv": f"partner,name,agreed\n{key},{key.title()},{agreed}\n"}
        seen = caller.call("POST", "/partners/import/preview", csv).json()
        done = caller.call("POST", "/partners/import", csv | {"seen": seen["seen"]})
        assert done.status_code == status, done.text
    with room.office.database.read() as session:
        assert partners.partner_by_key(session, "fir") is None


def test_a_file_of_partners_names_no_picture_of_the_workspace(room: Room) -> None:
    adam, csv = program(room, "adam"), {"csv": "partner,name,image\noak,Oak,config.toml\n"}
    for path, body in {"/partners/import/preview": csv, "/partners/import": csv | {"seen": "0" * 64}}.items():
        refused = adam.call("POST", path, body)
        assert refused.status_code == 422
        assert "image" in refused.text


def test_a_file_of_accounts_is_seen_then_taken(room: Room) -> None:
    adam = program(room, "adam")
    csv = {"csv": "partner,channel,handle,external_id\noak,facebook,Oak,\nelm,email,News,parents\n"}
    seen = adam.call("POST", "/accounts/import/preview", csv).json()
    assert [(row["partner"], row["channel"], row["state"], row["returns"]) for row in seen["rows"]] == [
        ("oak", "facebook", "new", 0),
        ("elm", "email", "new", 0),
    ]
    assert adam.call("POST", "/accounts/import", csv | {"seen": "0" * 64}).status_code == 409
    done = adam.call("POST", "/accounts/import", csv | {"seen": seen["seen"]})
    assert done.json() == {"added": 2, "changed": 0, "same": 0, "posts": 0}
    assert {("facebook", "by-hand"), ("email", "api")} <= {
        (row["channel"], row["mode"]) for row in adam.get("/accounts")["items"]
    }
    assert adam.call("POST", "/accounts/import", csv | {"seen": seen["seen"]}).status_code == 409, "all is there now"


def test_who_swaps_an_account_does_not_approve_its_posts_alone(room: Room) -> None:
    post, adam = room.office.post("oak"), program(room, "adam")
    (known,) = (row for row in adam.get("/accounts")["items"] if row["partner"] == "oak")
    csv = {"csv": f"partner,channel,handle,external_id\noak,x,{known['handle']},999666\n"}
    seen = adam.call("POST", "/accounts/import/preview", csv).json()["seen"]
    assert adam.call("POST", "/accounts/import", csv | {"seen": seen}).json()["posts"] == 1
    approval = {"content_hash": adam.get(f"/posts/{post}")["content_hash"]}
    refused = adam.call("POST", f"/posts/{post}/approve", approval)
    assert refused.status_code == 403
    assert "queued or edited" in refused.text
    assert program(room, "rita").call("POST", f"/posts/{post}/approve", approval).status_code == 200


def test_a_file_of_accounts_brings_no_credentials(room: Room) -> None:
    adam = program(room, "adam")
    csv = {"csv": "partner,channel,handle,external_id,credentials\noak,x,Oak,7,file:config.toml\n"}
    for path, body in {"/accounts/import/preview": csv, "/accounts/import": csv | {"seen": "0" * 64}}.items():
        refused = adam.call("POST", path, body)
        assert refused.status_code == 422
        assert "Connect the account, or import it on the command line" in refused.text


def test_who_is_no_admin_adds_nothing_and_plans_for_their_own_partner(room: Room) -> None:
    olga = program(room, "olga")
    for path, body in {
        "/partners": {"partner": "yew", "name": "Yew"},
        "/partners/import/preview": {"csv": "partner,name\nyew,Yew\n"},
        "/accounts/import/preview": {"csv": "partner,channel,handle,external_id\noak,x,Oak,7\n"},
        "/accounts": {"partner": "oak", "channel": "linkedin", "handle": "Oak"},
        "/partners/oak/agreed-elsewhere": {"given_by": "Jo", "given_on": "2025-11-20", "source": "m"},
    }.items():
        assert olga.call("POST", path, body).status_code == 403, path
    plan = olga.get("/plan")
    assert {row["partner"] for row in plan["rows"]} <= {"oak"}
    assert olga.call("POST", "/plan", {"seen": plan["seen"]}).status_code == 200
    with room.office.database.read() as session:
        assert {row.partner.key for row in listing.posts(session, PostFilter())} <= {"oak"}
        assert partners.partner_by_key(session, "yew") is None
