"""A partner's details by a program: what is asked for, what changes, and what becomes of the posts."""

import pytest
from api_room import oak, program
from pages_room import Room

from campaign.models import audit
from campaign.models.partners import Partner
from campaign.people.bearers import Scope

pytestmark = pytest.mark.thorough
PATH = "/partners/oak/details"


def test_details_change_in_the_persons_name_and_posts_are_planned_with_them(room: Room) -> None:
    olga = program(room, "olga")
    before = olga.get(PATH)
    assert {"x_line", "own_words", "quote_name"} <= set(before["fields"])
    sent = {"details": {"x_line": "Ours alone", "name": "Oak Primary"}, "version": before["version"]}
    found = olga.call("PATCH", PATH, sent, **{"Idempotency-Key": "d"})
    assert found.status_code == 200, found.text
    assert (found.json()["name"], found.json()["details"]["x_line"]) == ("Oak Primary", "Ours alone")
    assert found.json()["version"] != before["version"]
    assert (oak(room).name, oak(room).details["x_line"]) == ("Oak Primary", "Ours alone")
    assert olga.call("PATCH", PATH, sent, **{"Idempotency-Key": "d"}).json() == found.json()
    with room.office.database.read() as session:
        changes = [row for row in audit.rows(session) if row.action == "change partner"]
    assert [(row.who, row.facts["x_line"]) for row in changes] == [("olga", "Ours alone")]


def test_who_saw_other_details_changes_nothing(room: Room) -> None:
    olga = program(room, "olga")
    seen = olga.get(PATH)["version"]
    assert olga.call("PATCH", PATH, {"details": {"x_line": "One"}}).status_code == 200
    found = olga.call("PATCH", PATH, {"details": {"x_line": "Two"}, "version": seen})
    assert found.status_code == 422
    assert "Somebody changed these details meanwhile" in found.text
    assert oak(room).details["x_line"] == "One"


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"x_lime": "Ours"}, "there is no such field"),
        ({"x_line": "x" * 300}, "characters"),
        ({"image": "config.toml"}, "no picture comes in here"),
        ({"contact_email": "nobody"}, "is no mail address"),
        ({"name": ""}, "name"),
        ({"approver": "partner"}, "there is no such field"),
    ],
)
def test_what_is_no_detail_is_refused_and_nothing_is_stored(room: Room, details: dict[str, str], said: str) -> None:
    before = oak(room)
    found = program(room, "olga").call("PATCH", PATH, {"details": details})
    assert found.status_code == 422, found.text
    assert said in found.text
    after = oak(room)
    assert (after.name, after.details, after.approver) == (before.name, before.details, before.approver)


def test_what_the_campaign_team_keeps_is_shown_and_no_officer_changes_it(room: Room) -> None:
    with room.office.database.write() as session:
        session.get_one(Partner, oak(room).ident).region = "London"
    olga = program(room, "olga")
    before = olga.get(PATH)
    assert before["registered"] == {"kind": "", "region": "London"}
    assert "region" not in before["fields"]
    for method, path in (("PATCH", PATH), ("POST", f"{PATH}/preview")):
        for value in ("north London", ""):
            found = olga.call(method, path, {"details": {"region": value}})
            assert (found.status_code, found.json()["code"]) == (403, "not-allowed")
            assert "change the region: the campaign team keeps it" in found.json()["detail"]
    assert oak(room).region == "London"


def test_an_admins_program_changes_what_the_campaign_team_keeps(room: Room) -> None:
    adam, olga = program(room, "adam"), program(room, "olga")
    seen = olga.get(PATH)["version"]
    assert (
        program(room, "adam", {Scope.READ, Scope.QUEUE})
        .call("PATCH", PATH, {"details": {"region": "Leeds"}})
        .json()["code"]
        == "out-of-scope"
    )
    found = adam.call("PATCH", PATH, {"details": {"region": "Leeds"}})
    assert (found.status_code, found.json()["registered"]["region"]) == (200, "Leeds")
    assert (found.json()["version"] != seen, oak(room).region) == (True, "Leeds")
    late = olga.call("PATCH", PATH, {"details": {"x_line": "Ours"}, "version": seen})
    assert "Somebody changed these details meanwhile" in late.text
    assert adam.call("PATCH", PATH, {"details": {"region": ""}}).json()["registered"]["region"] == ""
    assert (oak(room).region, "region" in oak(room).details) == ("", False)


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("PATCH", PATH, {"details": {"x_line": "Theirs"}}),
        ("PATCH", PATH, {"details": {"contact_email": "rita@dfe.example"}}),
        ("POST", f"{PATH}/preview", {"details": {"x_line": "Theirs"}}),
        ("PUT", f"{PATH}/pictures/image?alt=A+school", None),
        ("DELETE", f"{PATH}/pictures/image", None),
    ],
)
def test_who_may_not_speak_for_a_partner_changes_none_of_its_details(
    room: Room, method: str, path: str, sent: object
) -> None:
    with room.office.database.write() as session:
        session.get_one(Partner, oak(room).ident).details = {"image": "a" * 64}
    before = oak(room)
    found = program(room, "rita").call(method, path, sent)
    assert (found.status_code, found.json()["code"]) == (403, "not-allowed"), found.text
    assert oak(room).details == before.details


def test_another_partners_details_are_not_there(room: Room) -> None:
    olga = program(room, "olga")
    assert olga.call("GET", "/partners/elm/details").status_code == 404
    assert olga.call("PATCH", "/partners/elm/details", {"details": {"x_line": "Ours"}}).status_code == 404
