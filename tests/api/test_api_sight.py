"""What a program sees: no reader's address, and of holds those that concern its person."""

from datetime import timedelta

import pytest
from api_room import program
from pages_room import Room

from campaign.models.deliveries import Delivery
from campaign.models.status import Status
from campaign.review import holding

pytestmark = pytest.mark.thorough


def test_an_issue_says_how_many_copies_stand_where_and_names_no_reader(room: Room) -> None:
    """A list may be another partner's too, and a token may be read by whoever runs the program."""
    post = room.office.post("oak", status=Status.PUBLISHED, after=timedelta(hours=-1), changes={"external_id": "9"})
    with room.office.database.write() as session:
        for number, status in enumerate(("sent", "sent", "bounced")):
            reader = f"reader{number}@example.org"
            now = room.office.clock.now()
            session.add(Delivery(post_id=post, email=reader, token=reader, status=status, next_try_at=now))
    found = program(room, "olga").call("GET", f"/posts/{post}")
    assert found.json()["deliveries"] == {"sent": 2, "bounced": 1}
    assert "reader0" not in found.text


@pytest.mark.parametrize("call", ["", "/release"])
def test_what_is_another_partners_and_what_is_not_there_answer_alike(room: Room, call: str) -> None:
    office, olga = room.office, program(room, "olga")
    theirs = (f"post:{office.post('elm')}", f"account:{office.accounts['elm']}", "partner:elm")
    reason = {} if call else {"reason": "stop"}
    for scope, nothing in zip(theirs, ("post:99999", "account:99999", "partner:nobody"), strict=True):
        found, wanted = (olga.call("POST", f"/holds{call}", {"scope": one, **reason}) for one in (scope, nothing))
        assert (found.status_code, wanted.status_code) == (404, 404), scope
        name, no_name = (one.partition(":")[2] for one in (scope, nothing))
        assert found.text.replace(name, "NAME") == wanted.text.replace(no_name, "NAME")


def test_an_officer_sees_the_holds_that_concern_its_partner(room: Room) -> None:
    theirs = room.office.post("elm")
    with room.office.desk("rita") as desk:
        for scope in ("everything", "channel:x", "partner:oak", "partner:elm", f"post:{theirs}"):
            holding.hold(desk.session, desk.person, scope, "a wrong figure", desk.now)
    seen = [row["scope"] for row in program(room, "olga").get("/holds")["items"]]
    assert seen == ["everything", "channel:x", "partner:oak"]
    assert len(program(room, "rita").get("/holds")["items"]) == 5
