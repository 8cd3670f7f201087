"""An invitation: it opens once, within a week, for the address that it was made for, and ends what let in before."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from api_room import Program, token_of
from pages_room import Room
from signing_in import EMAIL, GOOD, invitation, quickly, rita, try_password, with_address, with_password

from campaign.errors import WrongUse
from campaign.models import audit, sign_in, users
from campaign.models.sign_in import Passkey
from campaign.people import calendars, passkeys, tickets
from campaign.people.secrets import digest
from campaign.people.tickets import Purpose

pytestmark = pytest.mark.thorough


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with quickly(monkeypatch):
        yield


@pytest.fixture
def room(room: Room) -> Room:
    return with_address(room)


def test_an_invitation_sets_a_password_once_and_signs_in(room: Room) -> None:
    link, browser = invitation(room), room.browser()
    assert EMAIL in browser.get(link).text
    assert browser.send(link, page=link, password="short").status_code == 422
    assert browser.send(link, page=link, password=EMAIL.lower()).status_code == 422
    assert browser.send(link, page=link, password=GOOD).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    assert room.browser().get(link).status_code == 404
    assert try_password(room)[1] == "/"
    assert try_password(room, EMAIL.lower())[1] == "/"


def test_a_taken_invitation_ends_the_sessions_from_before(room: Room) -> None:
    before, others, browser = room.browser("rita"), room.browser("rolf"), room.browser()
    link = invitation(room)
    assert before.get("/").status_code == 200, "an invitation alone ends nothing"
    assert browser.send(link, page=link, password=GOOD).status_code == 303
    assert before.get("/").status_code == 303
    assert browser.get("/").status_code == 200
    assert others.get("/").status_code == 200
    with room.office.database.read() as session:
        ended = [row.facts["ended"] for row in audit.rows(session) if row.action == "sign out everywhere"]
    assert ended == [1]


def test_a_taken_invitation_ends_all_that_let_in_before(room: Room) -> None:
    """Whoever lost a passkey is invited anew: the finder has nothing, and the next sign-in does not ask for it."""
    with_password(room)
    with room.office.database.write() as session:
        known = {"public_key": b"", "name": "lost phone", "added_at": room.office.clock.now()}
        session.add(Passkey(user_id=rita(session).ident, credential_id="lost", **known))
        codes = passkeys.new_codes(session, rita(session), room.office.clock.now())
        calendar = calendars.issue(session, rita(session), room.office.clock.now())
    program, link, browser = Program(room, token_of(room, "rita")), invitation(room), room.browser()
    assert "passkeys, recovery codes, tokens for programs" in browser.get(link).text, "it is said beforehand"
    assert program.call("GET", "/account").status_code == 200, "an invitation alone ends nothing"
    assert browser.send(link, page=link, password="four other random words").status_code == 303
    assert program.call("GET", "/account").status_code == 401
    assert room.browser().get(f"/calendar/{calendar}.ics").status_code == 404
    assert try_password(room)[1] == "", "the old password"
    assert try_password(room, password="four other random words")[1] == "/", "no passkey is asked for"
    with room.office.database.write() as session:
        assert sign_in.passkeys(session, rita(session).ident) == []
        assert not passkeys.use_code(session, rita(session), codes[0], room.office.clock.now())
        [row] = [row for row in audit.rows(session) if row.action == "end old ways in"]
        assert row.facts == {"passwords": 1, "passkeys": 1, "codes": 10, "tokens": 1, "calendars": 1}


def test_the_first_invitation_ends_nothing_and_says_nothing_of_it(room: Room) -> None:
    link, browser = invitation(room), room.browser()
    assert "from before" not in browser.get(link).text
    assert browser.send(link, page=link, password=GOOD).status_code == 303
    with room.office.database.read() as session:
        assert "end old ways in" not in [row.action for row in audit.rows(session)]


def test_an_invitation_ends_after_seven_days(room: Room) -> None:
    link = invitation(room)
    room.office.clock.move(timedelta(days=7, seconds=1))
    assert room.browser().get(link).status_code == 404


def test_an_invitation_is_bound_to_its_address(room: Room) -> None:
    link = invitation(room)
    with room.office.database.write() as session:
        person = rita(session)
        person.email = "somebody.else@example.org"
        session.add(person)
    assert room.browser().get(link).status_code == 404


def test_a_new_invitation_voids_the_one_before(room: Room) -> None:
    first, second = invitation(room), invitation(room)
    assert room.browser().get(first).status_code == 404
    assert room.browser().get(second).status_code == 200


def test_nobody_is_invited_without_an_address(room: Room) -> None:
    with room.office.database.write() as session:
        person = users.user(session, "rolf")
        assert person is not None
        with pytest.raises(WrongUse, match="no email address"):
            tickets.issue(session, person, Purpose.INVITATION, by="adam", now=room.office.clock.now())


def test_no_link_is_stored_as_it_is(room: Room) -> None:
    secret = invitation(room).rpartition("/")[2]
    raw = room.office.raw()
    assert digest(secret).encode() in raw, "what was written of the link"
    assert secret.encode() not in raw
