"""Email lists by an admin's program: readers come in counted, go out page by page, and no answer is kept with one."""

from datetime import timedelta

import pytest
from api_room import Program, program
from pages_room import Room
from sqlmodel import select

from campaign.models import audit, mailing, subscribing
from campaign.models.tokens import Answered

pytestmark = pytest.mark.thorough
ROWS = "".join(f"r{number}@example.org,R{number},form,2025-11-20\n" for number in range(5))
FILE = {"list": "parents", "csv": f"email,name,consent_source,consent_at\n{ROWS}"}


def imported(adam: Program) -> None:
    seen = adam.call("POST", "/lists/import/preview", FILE).json()["seen"]
    assert adam.call("POST", "/lists/import", FILE | {"seen": seen}).status_code == 201


def test_a_file_of_readers_is_counted_then_taken(room: Room) -> None:
    adam = program(room, "adam")
    seen = adam.call("POST", "/lists/import/preview", FILE)
    assert "@example.org" not in seen.text
    told = {"added": 5, "changed": 0, "same": 0, "left": 0}
    assert seen.json() == {
        **told,
        "seen": seen.json()["seen"],
        "list": "parents",
        "is_new": True,
        "suppressed": 0,
    }
    assert adam.get("/lists")["items"] == [], "a preview makes no list"
    assert adam.call("POST", "/lists/import", FILE | {"seen": "0" * 64}).json()["code"] == "changed"
    order = FILE | {"seen": seen.json()["seen"]}
    assert adam.call("POST", "/lists/import", order, **{"Idempotency-Key": "r"}).json() == told
    assert adam.call("POST", "/lists/import", order, **{"Idempotency-Key": "r"}).json() == told
    assert [(one["key"], one["wanting"]) for one in adam.get("/lists")["items"]] == [("parents", 5)]
    with room.office.database.read() as session:
        kept = str(session.exec(select(Answered.body, Answered.request)).all())
        facts = [row.facts for row in audit.rows(session) if row.action == "import list"]
    assert "example.org" not in kept
    assert facts == [{"added": 5, "changed": 0}]


def test_an_import_that_broke_off_is_ended_by_its_file_or_by_word_that_it_is_lost(room: Room) -> None:
    adam, minute = program(room, "adam"), timedelta(minutes=1)
    with room.office.database.write() as session:
        found = subscribing.list_to_fill(session, "parents")
        subscribing.note_import(session, found.ident, room.office.clock.now() - minute, "big.csv", "0" * 64)
    assert [one["importing"] for one in adam.get("/lists")["items"]] == [True]
    refused = adam.call("POST", "/lists/import/preview", FILE)
    assert (refused.status_code, "The import of big.csv" in refused.text) == (422, True)
    lost = FILE | {"file_lost": True}
    seen = adam.call("POST", "/lists/import/preview", lost).json()["seen"]
    assert adam.call("POST", "/lists/import", FILE | {"seen": seen}).status_code == 422
    assert adam.call("POST", "/lists/import", lost | {"seen": seen}).status_code == 201
    assert [one["importing"] for one in adam.get("/lists")["items"]] == [False]


def test_readers_go_out_page_by_page_each_once_with_who_has_left(room: Room) -> None:
    adam = program(room, "adam")
    imported(adam)
    with room.office.database.write() as session:
        parents = mailing.list_by_key(session, "parents")
        assert parents is not None
        mailing.unsubscribe(session, mailing.subscribers(session, parents.ident)[0].token, room.office.clock.now())
    seen, cursor = list[tuple[str, bool]](), ""
    while cursor is not None:
        page = adam.get(f"/lists/readers?list=parents&limit=2&cursor={cursor}")
        seen += [(one["email"], one["unsubscribed_at"] is not None) for one in page["items"]]
        cursor = page["next"]
        assert "@" not in str(cursor), "an address is no part of an address of ours"
    assert seen == [(f"r{number}@example.org", number == 0) for number in range(5)]
    with room.office.database.read() as session:
        taken = [(row.who, row.subject) for row in audit.rows(session) if row.action == "export list"]
    assert taken == [("adam", "list:parents")], "once, however many pages it has"


def test_a_list_read_from_its_middle_is_written_down_too_by_token_and_hour(room: Room) -> None:
    adam, other = program(room, "adam"), program(room, "adam")
    imported(adam)

    def taken(caller: Program, cursor: str = "1") -> list[object]:
        caller.get(f"/lists/readers?list=parents&limit=2&cursor={cursor}")
        with room.office.database.read() as session:
            return [row.facts["token"] for row in audit.rows(session) if row.action == "export list"]

    (mine,) = taken(adam)
    assert taken(adam, "3") == [mine], "once an hour"
    assert len(set(taken(other))) == 2, "what one token takes is no word on another"
    room.office.clock.move(timedelta(minutes=61))
    assert len(taken(other)) == 3


def test_what_is_no_list_or_no_reader_is_refused(room: Room) -> None:
    adam = program(room, "adam")
    assert adam.call("GET", "/lists/readers?list=none").status_code == 404
    for path in ("/lists/import/preview", "/lists/import"):
        wrong = FILE | {"csv": "email,consent_source,consent_at\nann,form,2025-11-20\n", "name": "ours.csv"}
        found = adam.call("POST", path, wrong | ({} if "preview" in path else {"seen": "0" * 64}))
        assert found.status_code == 422
        assert "ours.csv:2" in found.text
    assert adam.call("POST", "/lists/import/preview", FILE | {"list": "a\nb"}).status_code == 422


@pytest.mark.parametrize("name", ["olga", "rita"])
def test_nobody_but_an_admin_reads_or_brings_readers(room: Room, name: str) -> None:
    imported(program(room, "adam"))
    somebody = program(room, name)
    for method, path, body in (
        ("GET", "/lists/readers?list=parents", None),
        ("GET", "/lists/readers?list=none", None),
        ("POST", "/lists/import/preview", FILE),
        ("POST", "/lists/import", FILE | {"seen": "0" * 64}),
    ):
        found = somebody.call(method, path, body)
        assert found.status_code == 403, path
        assert "r0@" not in found.text


def test_an_address_that_a_server_refused_is_mailed_again(room: Room) -> None:
    adam, sent = program(room, "adam"), {"address": "dead@example.org", "reason": "their server was mended"}
    with room.office.database.write() as session:
        mailing.suppress(session, "dead@example.org", mailing.BOUNCED, room.office.clock.now())
        mailing.suppress(session, "cross@example.org", "complaint", room.office.clock.now())
    assert program(room, "rita").call("POST", "/lists/allow", sent).status_code == 403
    assert adam.call("POST", "/lists/allow", sent | {"address": "cross@example.org"}).status_code == 422
    for _ in range(2):
        assert adam.call("POST", "/lists/allow", sent, **{"Idempotency-Key": "a"}).json() == {"allowed": True}
    assert adam.call("POST", "/lists/allow", sent).status_code == 404
    assert adam.get("/lists")["suppressed"] == {"complaint": 1}
    with room.office.database.read() as session:
        assert [row.facts for row in audit.rows(session) if row.action == "allow address"] == [
            {"reason": "their server was mended"}
        ]
        assert "example.org" not in str(session.exec(select(Answered.body)).all())
