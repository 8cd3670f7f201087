"""People, lists and the audit log by an admin's program, and by nobody else's."""

import pytest
from api_room import program
from builders import unsent
from pages_room import Room
from sqlmodel import select

from campaign.models import audit, mailing, partners, users
from campaign.models.sign_in import Password
from campaign.models.tokens import Answered

pytestmark = pytest.mark.thorough


def test_a_person_is_added_changed_invited_sent_away_and_taken_back(room: Room) -> None:
    adam = program(room, "adam")
    new = {"name": "nina", "role": "officer", "partner": "oak", "email": "nina@example.org"}
    made = adam.call("POST", "/people", new)
    assert made.status_code == 201, made.text
    path = f"/people/{made.json()['id']}"
    changed = adam.call("PUT", path, {"role": "officer", "partner": "elm", "email": "nina@example.org"})
    assert (changed.json()["role"], changed.json()["partner"]) == ("officer", "elm")
    invited = adam.call("POST", f"{path}/invite", **{"Idempotency-Key": "i"})
    link = invited.json()["link"]
    assert link is not None, "an officer has no say in what goes out"
    assert room.browser().get(link[link.index("/invitation/") :]).status_code == 200
    assert adam.call("POST", f"{path}/invite", **{"Idempotency-Key": "i"}).json()["link"] is None
    with room.office.database.read() as session:
        assert link.rpartition("/")[2] not in str(session.exec(select(Answered.body)).all())
    assert adam.call("POST", f"{path}/end-sessions").status_code == 200
    assert adam.call("POST", f"{path}/send-away").json()["active"] is False
    assert adam.call("POST", f"{path}/invite").status_code == 404
    assert adam.call("POST", f"{path}/take-back").json()["active"] is True
    with room.office.database.read() as session:
        done = [(row.who, row.action) for row in audit.rows(session) if row.subject == "user:nina"]
    assert [action for _, action in done if action.endswith(("user", "away", "back", "sessions"))] == [
        *("add user", "change user", "end sessions", "send user away", "take user back"),
    ]
    assert {who for who, _ in done} == {"adam"}


def test_an_invitation_of_somebody_who_could_sign_in_before_is_never_shown_to_a_program(room: Room) -> None:
    with room.office.database.write() as session:
        rita = users.user(session, "rita")
        assert rita is not None
        rita.email = "rita@example.org"
        session.add(Password(user_id=rita.ident, hash="x", changed_at=room.office.clock.now()))
        ident = rita.ident
    answer = program(room, "adam").call("POST", f"/people/{ident}/invite").json()
    assert answer["link"] is None
    assert answer["mailed"] is not None, "it goes by mail alone"
    with room.office.database.read() as session:
        assert "rita@example.org" in {notice.to for notice in unsent(session)}


@pytest.mark.parametrize("approver", ["partner", None])
def test_an_invitation_of_who_may_approve_is_never_shown_to_a_program(room: Room, approver: str | None) -> None:
    adam, new = program(room, "adam"), {"name": "nina", "role": "reviewer", "email": "nina@example.org"}
    if approver:
        new |= {"role": "officer", "partner": "oak"}
        with room.office.database.write() as session:
            oak = partners.partner_by_key(session, "oak")
            assert oak is not None
            oak.approver = approver
    ident = adam.call("POST", "/people", new).json()["id"]
    answer = adam.call("POST", f"/people/{ident}/invite").json()
    assert answer["link"] is None
    assert answer["mailed"] is not None, "it goes by mail alone"


def test_who_is_sent_away_and_let_in_again_is_told_to_the_admins(room: Room) -> None:
    room.office.reach("adam", "adam@example.org")
    with room.office.database.read() as session:
        rita = users.user(session, "rita")
        assert rita is not None
    for act in ("send-away", "take-back"):
        assert program(room, "adam").call("POST", f"/people/{rita.ident}/{act}").status_code == 200
    with room.office.database.read() as session:
        told = [notice.body.partition(".")[0] for notice in unsent(session)]
    assert told == [
        "adam has removed the access of rita, reviewer",
        "adam has given rita, reviewer, access again",
    ]


def test_what_makes_no_person_is_refused(room: Room) -> None:
    adam = program(room, "adam")
    for more, code, said in (
        ({"role": "officer"}, 422, "belongs to one partner"),
        ({"role": "officer", "partner": "none"}, 404, "none"),
        ({"role": "reviewer", "email": "no address"}, 422, "is no mail address"),
        ({"role": "king"}, 422, "role"),
        ({"role": "admin", "name": "adam"}, 422, "already"),
    ):
        found = adam.call("POST", "/people", {"name": "nina"} | more)
        assert found.status_code == code, found.text
        assert said in found.text
    ident = next(row["id"] for row in adam.get("/people")["items"] if row["name"] == "adam")
    assert "last admin" in adam.call("POST", f"/people/{ident}/send-away").text


def test_nobody_but_an_admin_sees_people_lists_and_decisions(room: Room) -> None:
    for name in ("olga", "rita"):
        for path in ("/people", "/lists", "/audit"):
            assert program(room, name).call("GET", path).status_code == 403
        assert program(room, name).call("POST", "/people", {"name": "nina", "role": "admin"}).status_code == 403
    with room.office.database.write() as session:
        mailing.suppress(session, "gone@example.org", "hard bounce", room.office.clock.now())
    assert program(room, "adam").get("/lists") == {"items": [], "next": None, "suppressed": {"hard bounce": 1}}


def test_decisions_come_page_by_page_the_newest_first(room: Room) -> None:
    adam = program(room, "adam")
    for number in range(5):
        adam.call("POST", "/holds", {"scope": f"post:{room.office.post('oak')}", "reason": f"reason {number}"})
    seen, cursor = list[int](), ""
    while cursor is not None:
        page = adam.get(f"/audit?action=hold&limit=2&cursor={cursor}")
        seen += [int(row["id"]) for row in page["items"]]
        assert {row["action"] for row in page["items"]} == {"hold"}
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
