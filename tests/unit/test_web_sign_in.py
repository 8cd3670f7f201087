"""Signing in with what the program itself keeps: passwords, recovery codes, the demo's link."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Lock

import pytest
import requests
from conftest import MovedClock
from pages_room import TOKEN, Browser, Room, opened_app, opened_room, served
from pwdlib import PasswordHash
from signing_in import EMAIL, GOOD, QUICK, invitation, quickly, rita, try_password, with_address, with_password
from sqlmodel import select

from campaign.errors import WrongUse
from campaign.models import Database, audit, sign_in, users
from campaign.models.partners import Campaign
from campaign.models.sign_in import Passkey, RecoveryCode
from campaign.models.users import User
from campaign.people import passkeys, passwords, visits

pytestmark = pytest.mark.thorough


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with quickly(monkeypatch):
        yield


@pytest.fixture
def room(room: Room) -> Room:
    return with_address(room)


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "qwertyuiop12",
        "1q2w3e4r5t6y",
        "iloveyou1234",
        "aaaaaaaaaaaa",
        "123456789012",
        "manchesterunited",
        "Welcome12345!",
        "Campaign-School-2025",
        "send.newsletter.dfe",
        "Rita@Example.Org!1",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    person = User(name="Rita", role="officer", partner_key="oak", email=EMAIL, added_at=datetime.now(UTC))
    with pytest.raises(WrongUse, match="easy to guess"):
        passwords.hashed(person, password)


@pytest.mark.parametrize(
    "password", ["tulip harbour nine", "ünïcödé ist lang genug", "x" * 20 + "tulip harbour nine" * 10]
)
def test_a_password_may_be_long_and_of_any_signs_and_none_is_cut_or_folded(password: str) -> None:
    person = User(name="Rita", role="officer", partner_key="oak", email=EMAIL, added_at=datetime.now(UTC))
    stored = passwords.hashed(person, password)
    assert passwords.fits(stored, password)
    assert not passwords.fits(stored, password[:-1])
    assert not passwords.fits(stored, password.swapcase())


def test_a_password_is_taken_as_typed_with_its_spaces(room: Room) -> None:
    link = invitation(room)
    assert room.browser().send(link, page=link, password=f"  {GOOD} ").status_code == 303
    assert try_password(room)[1] == ""
    assert try_password(room, password=f"  {GOOD} ")[1] == "/"


def test_password_fields_hide_what_is_typed_and_let_a_manager_fill_them(room: Room) -> None:
    pages = {
        "/sign-in": ["current-password"],
        invitation(room): ["new-password"],
    }
    for path, wanted in pages.items():
        fields = re.findall(r'<input[^>]*type="password"[^>]*>', room.browser().get(path).text)
        assert [re.findall(r'autocomplete="([^"]*)"', field) for field in fields] == [wanted]
        assert "onpaste" not in room.browser().get(path).text


@dataclass
class WhileOthersWrite:
    """The real hasher, which only works while somebody else could write to the database."""

    real: PasswordHash
    database: Path
    done: int = 0

    def hash(self, password: str) -> str:
        other = sqlite3.connect(self.database, timeout=0, isolation_level=None)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        self.done += 1
        return self.real.hash(password)

    def verify(self, password: str, stored: str) -> bool:
        return self.real.verify(password, stored)


def test_nobody_waits_to_write_while_a_password_is_hashed(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = WhileOthersWrite(PasswordHash.recommended(), Path(str(room.office.database.url.database)))
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)
    link, browser = invitation(room), room.browser()
    assert browser.send(link, page=link, password=GOOD).status_code == 303
    assert browser.send("/account/password", old=GOOD, password="four other random words").status_code == 303
    assert hasher.done == 2


@dataclass
class Crowded:
    """A hasher that counts who is in it at once, and lets everybody in who can come."""

    real: PasswordHash
    inside: int = 0
    most: int = 0
    lock: Lock = field(default_factory=Lock)

    def hash(self, password: str) -> str:
        with self._visited():
            return self.real.hash(password)

    def verify(self, password: str, stored: str) -> bool:
        with self._visited():
            return self.real.verify(password, stored)

    @contextmanager
    def _visited(self) -> Iterator[None]:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.01)
        yield
        with self.lock:
            self.inside -= 1


def test_a_crowd_takes_the_memory_of_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each guess takes 64 MiB while it is looked at, and strangers may make any number at once."""
    hasher = Crowded(QUICK)
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)
    person = User(name="rita", role="reviewer")
    with ThreadPoolExecutor(12) as crowd:
        guesses = [crowd.submit(passwords.fits, None, "a guess") for _ in range(20)]
        changes = [crowd.submit(passwords.hashed, person, GOOD) for _ in range(20)]
    assert not any(guess.result() for guess in guesses)
    assert all(change.result() for change in changes)
    assert 1 < hasher.most <= 4


def test_a_crowd_that_waits_to_sign_in_leaves_room_for_others(room: Room) -> None:
    with ThreadPoolExecutor(20) as crowd, ExitStack() as seats:
        for _ in range(4):
            seats.enter_context(passwords._SEATS.taken())
        guesses = [crowd.submit(guessed, room, f"{number}@example.org") for number in range(20)]
        for guess in islice(as_completed(guesses), 12):
            assert (guess.result().status_code, guess.result().headers["retry-after"]) == (503, "60")
            assert "The service is busy" in guess.result().text
    assert {guess.result().status_code for guess in guesses} <= {422, 503}
    assert guessed(room, "later@example.org").status_code == 422


def guessed(room: Room, email: str) -> requests.Response:
    return room.browser().send("/sign-in", page="/sign-in", email=email, password="a guess")


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "three random worms"), ("nobody@example.org", GOOD), ("", GOOD), (EMAIL, "")]
)
def test_a_wrong_password_and_an_unknown_address_look_alike(room: Room, email: str, password: str) -> None:
    with_password(room)
    browser = room.browser()
    found = browser.send("/sign-in", page="/sign-in", email=email, password=password)
    assert found.status_code == 422
    assert browser.get("/").status_code == 303
    if email and password:
        assert "together they are not known here" in found.text


def test_a_person_with_a_passkey_does_not_get_in_with_the_password_alone(room: Room) -> None:
    with_password(room)
    with room.office.database.write() as session:
        session.add(
            Passkey(
                user_id=rita(session).ident,
                credential_id="aWQ",
                public_key=b"key",
                name="laptop",
                added_at=room.office.clock.now(),
            )
        )
        codes = passkeys.new_codes(session, rita(session), room.office.clock.now())
    browser, then = try_password(room)
    assert then == "/sign-in/passkey"
    assert browser.get("/").status_code == 303
    wrong = browser.send("/sign-in/code", page="/sign-in/passkey", code="abcde-fghjk")
    assert wrong.status_code == 422
    typed = codes[0].upper().replace("-", " ")
    assert browser.send("/sign-in/code", page="/sign-in/passkey", code=typed).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    again, _ = try_password(room)
    assert again.send("/sign-in/code", page="/sign-in/passkey", code=codes[0]).status_code == 422


def halfway(room: Room) -> tuple[Browser, str]:
    """Returns a browser in which Rita's password was right and her passkey is asked for, and a code instead of it."""
    with_password(room)
    with room.office.database.write() as session:
        known = {"credential_id": "aWQ", "public_key": b"key", "name": "laptop", "added_at": room.office.clock.now()}
        session.add(Passkey(user_id=rita(session).ident, **known))
        codes = passkeys.new_codes(session, rita(session), room.office.clock.now())
    browser, then = try_password(room)
    assert then == "/sign-in/passkey"
    found = TOKEN.search(browser.get(then).text)
    assert found
    browser.token = found[1]
    return browser, codes[0]


def starts_over(room: Room, browser: Browser) -> None:
    browser.get("/sign-in")


def waits(room: Room, browser: Browser) -> None:
    room.office.clock.move(timedelta(minutes=10))


def changes_password(room: Room, browser: Browser) -> None:
    with room.office.database.write() as session:
        chosen = passwords.hashed(rita(session), "four other random words")
        passwords.set_password(session, rita(session), chosen, now=room.office.clock.now())


@pytest.mark.parametrize("meanwhile", [starts_over, waits, changes_password])
def test_a_right_password_waits_for_its_passkey_a_short_while(
    room: Room, meanwhile: Callable[[Room, Browser], None]
) -> None:
    """Else the next who signs in at this browser is held to be the one before, or to have shown a password too."""
    browser, code = halfway(room)
    meanwhile(room, browser)
    for path, sent in (("/sign-in/code", {"code": code}), ("/sign-in/passkey", {"credential": "{}"})):
        assert browser.send(path, **sent).status_code == 422
    assert browser.get("/sign-in/passkey").status_code == 422
    assert browser.get("/").status_code == 303
    with room.office.database.read() as session:
        assert sign_in.recovery_codes_left(session, rita(session).ident) == passkeys.CODES, "it is not used up"


def test_the_second_step_cannot_be_had_without_the_first(room: Room) -> None:
    assert room.browser().get("/sign-in/passkey").status_code == 422
    found = room.browser().send("/sign-in/code", page="/sign-in", code="abcde-fghjk")
    assert found.status_code == 422


ODD = [
    "",
    "{}",
    "[]",
    "nonsense",
    '{"id": "aWQ", "response": {}}',
    "[" * 9000,
    '{"id": "\\u0000"}',
    '{"id": "\\ud800"}',
]


@pytest.mark.parametrize("answer", ODD)
def test_an_answer_that_is_no_passkeys_signs_nobody_in(room: Room, answer: str) -> None:
    browser = room.browser()
    assert browser.send("/sign-in/passkey", page="/sign-in", credential=answer).status_code == 422
    assert browser.get("/").status_code == 303


def test_a_stranger_brings_no_database_to_a_fault(tmp_path: Path, database: Database, clock: MovedClock) -> None:
    """PostgreSQL takes no text with a NUL in it."""
    with database.write() as session:
        session.add(Campaign(name="Test", timezone="Europe/London", salt="salt", created_at=clock.now()))
    with served(opened_app(tmp_path / "workspace", database, clock)) as address:
        browser = Browser(address)
        for answer in ODD:
            assert browser.send("/sign-in/passkey", page="/sign-in", credential=answer).status_code == 422
        for email in ("\0", "rita\0@example.org", "\ufffe@example.org"):
            assert browser.send("/sign-in", page="/sign-in", email=email, password="a\0").status_code == 422


def test_a_new_passkey_that_is_none_is_refused(room: Room) -> None:
    browser = room.browser("rita")
    for answer in ODD[1:]:
        sent = browser.send("/account/passkeys", page="/account", credential=answer, name="laptop")
        assert sent.status_code == 422


def test_a_changed_password_ends_the_other_sessions(room: Room) -> None:
    with_password(room)
    here, there = room.browser("rita"), room.browser("rita")
    wrong = here.send("/account/password", old="not the old one", password="four other random words")
    assert wrong.status_code == 422
    assert here.send("/account/password", old=GOOD, password="four other random words").status_code == 303
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 303
    assert try_password(room)[1] == ""


def test_what_a_stranger_types_as_an_address_uses_up_nobodys_tries(room: Room) -> None:
    with_password(room)
    browser, _ = try_password(room)
    with room.office.database.read() as session:
        ident = rita(session).ident
    for typed in (f"password {ident}", str(ident), "platforms", "ask platforms"):
        stranger = room.browser()
        for _ in range(10):
            stranger.send("/sign-in", page="/sign-in", email=typed, password="a guess")
        assert stranger.send("/sign-in", page="/sign-in", email=typed, password="a guess").status_code == 429
    changed = browser.send("/account/password", old=GOOD, password="four other random words")
    assert (changed.status_code, changed.headers["location"]) == (303, "/account")
    assert room.browser("adam").send("/admin/ask-platforms").status_code == 200


def test_where_passkeys_are_required_a_password_alone_opens_the_account_and_nothing_else(
    tmp_path: Path, clock: MovedClock
) -> None:
    with opened_room(tmp_path, clock, {"CAMPAIGN__WEB__PASSKEYS": "required"}) as room:
        with room.office.database.write() as session:
            rita(session).email = EMAIL
        link, browser = invitation(room), room.browser()
        assert browser.send(link, page=link, password=GOOD).headers["location"] == "/"
        for known in (browser, try_password(room)[0]):
            assert known.get("/").headers["location"] == "/account"
            assert "Add a passkey before you go on" in known.get("/account").text
            tokens = known.send("/account/tokens", token_name="mine", days="7", scope="read")
            others = [known.send(f"/account/{path}") for path in ("recovery-codes", "calendar")]
            assert [found.headers.get("location") for found in (tokens, *others)] == ["/account"] * 3
        with room.office.database.write() as session:
            for visit in sign_in.visits(session, rita(session).ident, room.office.clock.now()):
                visits.strengthen(session, visit)
        assert browser.get("/").status_code == 200
        assert "Add a passkey before you go on" not in browser.get("/account").text


def test_who_changes_how_they_sign_in_has_just_signed_in(room: Room) -> None:
    browser = room.browser("rita")
    room.office.clock.move(timedelta(minutes=16))
    asked = "/sign-in?next=/account&again=1"
    changes = ("passkeys", "passkeys/1/remove", "recovery-codes", "tokens", "calendar")
    assert [browser.send(f"/account/{path}").headers.get("location") for path in changes] == [asked] * 5
    assert browser.send("/account/password", password=GOOD).headers["location"] == asked
    with_password(room)
    assert browser.send("/account/password", old=GOOD, password="four other random words").status_code == 303
    assert "Sign in again" in browser.get(asked).text
    again = browser.send("/sign-in", page=asked, email=EMAIL, password="four other random words")
    assert again.headers["location"] == "/account"
    assert browser.send("/account/recovery-codes", page="/account").status_code == 200


def test_recovery_codes_are_shown_once_and_stored_as_digests(room: Room) -> None:
    browser = room.browser("rita")
    shown = browser.send("/account/recovery-codes")
    codes = re.findall(r"<li>(\w{5}(?:-\w{5}){4})</li>", shown.text)
    assert len(set(codes)) == passkeys.CODES
    assert "app-codes" not in browser.get("/account").text
    with room.office.database.read() as session:
        assert sign_in.recovery_codes_left(session, rita(session).ident) == passkeys.CODES
        stored = set(session.exec(select(RecoveryCode.digest)))
    raw = room.office.raw()
    assert len(stored) == passkeys.CODES
    assert all(one.encode() in raw for one in stored)
    for code in codes:
        assert code not in stored
        assert code.encode() not in raw
        assert code.replace("-", "").encode() not in raw


def test_a_password_is_stored_as_its_argon2id_hash(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with_password(room)
    with room.office.database.read() as session:
        row = sign_in.password(session, rita(session).ident)
    assert row is not None
    assert row.hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    raw = room.office.raw()
    assert row.hash.encode() in raw
    assert GOOD.encode() not in raw


def test_the_last_way_in_is_not_taken_away(room: Room) -> None:
    with room.office.database.write() as session:
        now = room.office.clock.now()
        key = Passkey(user_id=rita(session).ident, credential_id="aWQ", public_key=b"k", name="one", added_at=now)
        session.add(key)
        session.flush()
        ident = key.id
    assert room.browser("rita").send(f"/account/passkeys/{ident}/remove").status_code == 422
    with_password(room)
    assert room.browser("rolf").send(f"/account/passkeys/{ident}/remove").status_code == 404
    assert room.browser("rita").send(f"/account/passkeys/{ident}/remove").status_code == 303
    with room.office.database.read() as session:
        done = [(row.who, row.facts) for row in audit.rows(session) if row.action == "remove passkey"]
    assert done == [("rita", {"name": "one"})]


def test_every_sign_in_stands_in_the_chain(room: Room) -> None:
    with_password(room)
    try_password(room)
    with room.office.database.read() as session:
        last = audit.rows(session)[-1]
        assert (last.who, last.action, last.facts) == ("rita", "sign in", {"how": "password"})
        assert list(audit.faults(session)) == []


def test_two_people_with_one_address_are_nobody(room: Room) -> None:
    with_password(room)
    with room.office.database.write() as session:
        person = users.user(session, "rolf")
        assert person is not None
        person.email = EMAIL.upper()
        session.add(person)
    assert try_password(room)[1] == ""


def test_a_page_that_shows_a_notice_still_keeps_what_it_asked_of_the_browser(room: Room) -> None:
    browser = room.browser("rita")
    assert browser.send("/account/password", password=GOOD).status_code == 303
    shown = browser.get("/account").text
    assert "Your password is changed" in shown
    asked = re.search(r"&#34;challenge&#34;: &#34;([\w-]+)&#34;", shown)
    assert asked
    with room.office.database.read() as session:
        [visit] = sign_in.visits(session, rita(session).ident, room.office.clock.now())
    assert visit.kept == {"challenge": asked[1]}
