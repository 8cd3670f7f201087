"""Signing in elsewhere: the code flow against a provider's double, and DfE Sign-in's roles out of its own API."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from warnings import catch_warnings

import pytest
import requests
from conftest import MovedClock
from joserfc import jwk, jwt
from pages_room import Browser, Room, opened_room

from campaign.models import audit, users
from campaign.people import bearers, calendars
from campaign.people.provider import Provider

with catch_warnings(action="ignore"):  # as below; what another file has imported of Authlib makes them errors here
    from oidc_provider_mock import User, run_server_in_thread

API_SECRET = "the secret of the API, which is not the client's"
CLIENT = "campaign"
ORGANISATION = "23f20e54-79ea-4146-8e39-18197576f023"

# The double's own use of an older Authlib's names.
pytestmark = [
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:authlib.jose module is deprecated"),
]


@dataclass
class RolesApi:
    """DfE Sign-in's API as its documents say: roles of a user in an organisation, for a bearer token of its secret."""

    roles: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away: bool = False

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if self.away:
            return 503, {}
        try:
            token = jwt.decode(authorization.removeprefix("Bearer "), jwk.OctKey.import_key(API_SECRET), ["HS256"])
        except Exception:  # noqa: BLE001 - whatever is wrong with a token, it opens nothing
            return 401, {}
        if (token.claims["iss"], token.claims["aud"]) != (CLIENT, "signin.education.gov.uk"):
            return 401, {}
        _, services, client, organisations, organisation, people, user = path.split("/")
        assert (services, client, organisations, people) == ("services", CLIENT, "organisations", "users")
        if user not in self.roles or organisation != ORGANISATION:
            return 404, {}
        named = [{"id": "1", "name": code.title(), "code": code, "numericId": "1"} for code in self.roles[user]]
        return 200, {"userId": user, "serviceId": client, "organisationId": organisation, "roles": named}


@contextmanager
def served_api(api: RolesApi) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = api.answer(self.path, self.headers.get("Authorization", ""))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


PEOPLE = [
    User(sub="s-rita", claims={"email": "rita@example.org", "email_verified": True, "roles": ["reviewers"]}),
    User(
        sub="s-olga",
        claims={"email": "olga@example.org", "email_verified": True, "roles": ["comms"], "organisation": "10001234"},
    ),
    User(sub="s-none", claims={"email": "none@example.org", "email_verified": True, "roles": ["other"]}),
    User(sub="s-lost", claims={"email": "lost@example.org", "email_verified": True, "roles": ["comms"]}),
    User(
        sub="s-bent",
        claims={"email": "b@example.org", "email_verified": True, "roles": ["comms"], "organisation": "{"},
    ),
    User(sub="s-fake", claims={"email": "adam@example.org", "email_verified": False, "roles": ["reviewers"]}),
    User(
        sub="d-dora",
        claims={
            "email": "dora@example.org",
            "organisation": {"id": ORGANISATION, "name": "Oak School", "urn": "100123", "ukprn": "10001234"},
        },
    ),
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(user_claims=PEOPLE, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@contextmanager
def opened(folder: Path, clock: MovedClock, issuer: str, more: Mapping[str, str]) -> Iterator[Room]:
    environ = {
        "CAMPAIGN__OIDC__ISSUER": issuer,
        "CAMPAIGN__OIDC__CLIENT_ID": CLIENT,
        "CAMPAIGN__OIDC__CLIENT_SECRET": "the client's secret",
        "CAMPAIGN__OIDC__ROLES": '{ reviewers = "reviewer", comms = "officer" }',
        "CAMPAIGN__OIDC__PARTNERS": '{ "10001234" = "oak" }',
        "CAMPAIGN__WEB__PUBLIC_URL": "http://localhost:1",
        **more,
    }
    with opened_room(folder, clock, environ) as room:
        yield room


@pytest.fixture
def room(tmp_path: Path, clock: MovedClock, issuer: str) -> Iterator[Room]:
    with opened(tmp_path, clock, issuer, {"CAMPAIGN__OIDC__PROFILE": "generic"}) as room:
        yield room


def went_to_provider(browser: Browser, subject: str) -> tuple[str, dict[str, str]]:
    """Go to the provider, sign in there, and return the path to which it sends the browser back."""
    browser.get("/sign-in")
    asked = browser.get("/sign-in/start").headers["location"]
    query = {name: found[0] for name, found in parse_qs(urlsplit(asked).query).items()}
    back = requests.post(asked, data={"sub": subject}, allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["location"])
    return f"{parts.path}?{parts.query}", query


def signed_in(room: Room, subject: str) -> tuple[Browser, requests.Response]:
    browser = room.browser()
    path, _ = went_to_provider(browser, subject)
    return browser, browser.get(path)


def role_of(room: Room, name: str) -> tuple[str, str | None]:
    with room.office.database.read() as session:
        person = users.user(session, name)
        assert person is not None
        return person.role, person.partner_key


def test_a_role_of_the_provider_makes_a_person_who_is_known_from_then_on(room: Room) -> None:
    for _ in range(2):
        browser, found = signed_in(room, "s-rita")
        assert (found.status_code, found.headers["location"]) == (303, "/")
        assert browser.get("/").status_code == 200
    assert role_of(room, "rita@example.org") == ("reviewer", None)
    with room.office.database.read() as session:
        assert len([one for one in users.users(session) if one.email == "rita@example.org"]) == 1
        assert [row.action for row in audit.rows(session, limit=3)] == ["add user", "sign in", "sign in"]


def test_an_officer_is_one_of_the_partner_that_the_provider_names(room: Room) -> None:
    ours, theirs = room.office.post("oak"), room.office.post("elm")
    browser, _ = signed_in(room, "s-olga")
    assert role_of(room, "olga@example.org") == ("officer", "oak")
    assert browser.get(f"/posts/{ours}").status_code == 200
    assert browser.get(f"/posts/{theirs}").status_code == 404


@pytest.mark.parametrize("subject", ["s-none", "s-lost", "s-bent"])
def test_no_role_or_no_partner_is_no_way_in(room: Room, subject: str) -> None:
    browser, found = signed_in(room, subject)
    assert found.status_code == 403
    assert "You cannot sign in" in found.text
    assert browser.get("/").status_code == 303


def has_address(room: Room, name: str, email: str) -> None:
    with room.office.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        person.email = email


def made(room: Room) -> list[tuple[str, str, str | None]]:
    """Return who is here beside the people of the office: name, role and address."""
    with room.office.database.read() as session:
        return [(one.name, one.role, one.email) for one in users.users(session)[6:]]


def test_an_address_that_is_not_confirmed_is_nobodys(room: Room) -> None:
    has_address(room, "adam", "adam@example.org")
    browser, found = signed_in(room, "s-fake")
    assert (found.status_code, found.headers["location"]) == (303, "/")
    assert made(room) == [("s-fake", "reviewer", None)], "somebody new, with the provider's role and no address"
    assert browser.get("/admin").status_code == 403
    assert role_of(room, "adam") == ("admin", None)


@pytest.fixture
def no_roles(tmp_path: Path, clock: MovedClock, issuer: str) -> Iterator[Room]:
    """A room where the provider says who somebody is, and only we say what they may."""
    more = {"CAMPAIGN__OIDC__PROFILE": "generic", "CAMPAIGN__OIDC__ROLES": "{}", "CAMPAIGN__OIDC__PARTNERS": "{}"}
    with opened(tmp_path, clock, issuer, more) as room:
        yield room


def test_without_roles_a_known_address_gets_in_with_its_own_role(no_roles: Room) -> None:
    has_address(no_roles, "otto", "rita@example.org")
    for _ in range(2):
        browser, found = signed_in(no_roles, "s-rita")
        assert (found.status_code, found.headers["location"]) == (303, "/")
        assert browser.get("/details").status_code == 200
        assert browser.get("/hold").status_code == 403, "the provider's word of a reviewer counts for nothing"
    assert role_of(no_roles, "otto") == ("officer", "oak")
    assert made(no_roles) == []


@pytest.mark.parametrize("subject", ["s-none", "s-fake"])
def test_without_roles_an_address_that_is_unknown_or_not_confirmed_is_no_way_in(no_roles: Room, subject: str) -> None:
    has_address(no_roles, "adam", "adam@example.org")
    browser, found = signed_in(no_roles, subject)
    assert found.status_code == 403
    assert "nobody has added them" in found.text
    assert browser.get("/").status_code == 303
    assert made(no_roles) == []


def test_the_question_carries_state_nonce_and_a_challenge(room: Room) -> None:
    _, query = went_to_provider(room.browser(), "s-rita")
    assert query["code_challenge_method"] == "S256"
    assert len(query["state"]) > 20
    assert len(query["nonce"]) > 20
    assert query["redirect_uri"] == "http://localhost:1/sign-in/back"


@pytest.mark.parametrize("place", ["cross-site", "same-site"])
def test_a_link_on_another_site_begins_no_sign_in(room: Room, place: str) -> None:
    """Where the provider signs in without a word, following one would be enough."""
    browser = room.browser()
    browser.get("/sign-in")
    browser.session.headers["Sec-Fetch-Site"] = place
    refused = browser.get("/sign-in/start")
    assert (refused.status_code, refused.headers.get("location")) == (403, None)
    browser.session.headers["Sec-Fetch-Site"] = "same-origin"
    assert browser.get("/sign-in/start").status_code == 303


def test_an_answer_to_somebody_elses_question_is_refused(room: Room) -> None:
    theirs = room.browser()
    path, _ = went_to_provider(theirs, "s-rita")
    victim = room.browser()
    went_to_provider(victim, "s-olga")
    assert victim.get(path).status_code == 403
    assert room.browser().get(path).status_code == 403
    assert victim.get("/").status_code == 303


@pytest.mark.parametrize("state", ["", "é", "%00", "%ff", "a" * 5000])
def test_an_answer_that_answers_nothing_is_refused_and_no_fault_of_ours(room: Room, state: str) -> None:
    browser = room.browser()
    went_to_provider(browser, "s-rita")
    assert browser.get(f"/sign-in/back?code=guessed&state={state}").status_code == 403


def test_an_answer_is_taken_once(room: Room) -> None:
    browser = room.browser()
    path, _ = went_to_provider(browser, "s-rita")
    assert browser.get(path).status_code == 303
    assert browser.get(path).status_code == 403


def test_a_code_that_was_swapped_is_refused(room: Room) -> None:
    browser = room.browser()
    path, query = went_to_provider(browser, "s-rita")
    assert browser.get(f"/sign-in/back?code=guessed&state={query['state']}").status_code == 403
    assert path


def test_a_no_of_the_provider_is_a_no(room: Room) -> None:
    browser = room.browser()
    _, query = went_to_provider(browser, "s-rita")
    found = browser.get(f"/sign-in/back?error=access_denied&state={query['state']}")
    assert found.status_code == 403
    assert "the provider did not sign you in" in found.text


def test_a_provider_that_is_away_is_said(tmp_path: Path, clock: MovedClock) -> None:
    away = {"CAMPAIGN__OIDC__PROFILE": "generic"}
    with opened(tmp_path, clock, "http://localhost:9", away) as room:
        browser = room.browser()
        browser.get("/sign-in")
        found = browser.get("/sign-in/start")
    assert found.status_code == 422
    assert "it cannot be reached" in found.text


@pytest.fixture
def dfe(tmp_path: Path, clock: MovedClock, issuer: str) -> Iterator[tuple[Room, RolesApi]]:
    api = RolesApi()
    with served_api(api) as address:
        more = {
            "CAMPAIGN__OIDC__PROFILE": "dfe-sign-in",
            "CAMPAIGN__OIDC__SCOPES": "openid profile email",
            "CAMPAIGN__OIDC__API_URL": address,
            "CAMPAIGN__OIDC__API_SECRET": API_SECRET,
        }
        with opened(tmp_path, clock, issuer, more) as room:
            yield room, api


def test_dfe_sign_in_names_roles_in_its_api_alone(dfe: tuple[Room, RolesApi]) -> None:
    room, api = dfe
    assert signed_in(room, "d-dora")[1].status_code == 403
    api.roles["d-dora"] = ["comms"]
    browser, found = signed_in(room, "d-dora")
    assert found.status_code == 303
    assert browser.get("/").status_code == 200
    assert role_of(room, "dora@example.org") == ("officer", "oak")
    assert api.asked[-1] == f"/services/{CLIENT}/organisations/{ORGANISATION}/users/d-dora"


def test_a_role_that_changed_there_changes_here_and_is_written_down(dfe: tuple[Room, RolesApi]) -> None:
    room, api = dfe
    api.roles["d-dora"] = ["comms"]
    signed_in(room, "d-dora")
    api.roles["d-dora"] = ["reviewers"]
    signed_in(room, "d-dora")
    assert role_of(room, "dora@example.org") == ("reviewer", None)
    with room.office.database.read() as session:
        assert "change user" in [row.action for row in audit.rows(session, limit=3)]
    api.roles["d-dora"] = []
    assert signed_in(room, "d-dora")[1].status_code == 403


@dataclass
class Holder:
    """What a person holds beside a session: a token of the API and the address of a calendar."""

    room: Room
    browser: Browser
    token: str
    calendar: str

    def answers(self) -> tuple[int, int, int]:
        bearer = {"Authorization": f"Bearer {self.token}"}
        posts = requests.get(f"{self.room.address}/api/v1/posts", headers=bearer, timeout=10)
        feed = requests.get(f"{self.room.address}/calendar/{self.calendar}.ics", timeout=10)
        return self.browser.get("/").status_code, posts.status_code, feed.status_code


def held(room: Room, browser: Browser, name: str) -> Holder:
    now = room.office.clock.now()
    with room.office.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        token = bearers.issue(session, person, name="t", scopes=["read"], lasts=timedelta(days=1), by=name, now=now)
        return Holder(room, browser, token, calendars.issue(session, person, now))


IN, OUT = (200, 200, 200), (303, 401, 404)


@pytest.mark.parametrize("named", [None, [], ["nothing of ours"]])
def test_who_has_lost_their_role_there_is_out_here_at_once(dfe: tuple[Room, RolesApi], named: list[str] | None) -> None:
    room, api = dfe
    api.roles["d-dora"] = ["comms"]
    browser, _ = signed_in(room, "d-dora")
    dora = held(room, browser, "dora@example.org")
    assert dora.answers() == IN
    if named is None:
        del api.roles["d-dora"]
    else:
        api.roles["d-dora"] = named
    for _ in range(2):
        other, found = signed_in(room, "d-dora")
        assert found.status_code == 403
        assert "no role here" in found.text
        assert other.get("/").status_code == 303
    assert dora.answers() == OUT
    with room.office.database.read() as session:
        [row] = [row for row in audit.rows(session, limit=10) if row.action == "shut out"]
    assert (row.subject, row.facts["sessions"], row.facts["tokens"], row.facts["calendars"]) == (
        "user:dora@example.org",
        *(1, 1, 1),
    )
    api.roles["d-dora"] = ["comms"]
    assert signed_in(room, "d-dora")[1].status_code == 303


def test_roles_that_cannot_be_read_end_nothing(dfe: tuple[Room, RolesApi]) -> None:
    room, api = dfe
    api.roles["d-dora"] = ["comms"]
    browser, _ = signed_in(room, "d-dora")
    dora = held(room, browser, "dora@example.org")
    api.away = True
    _, found = signed_in(room, "d-dora")
    assert found.status_code == 403
    assert "roles cannot be read" in found.text
    assert dora.answers() == IN


@pytest.mark.parametrize("subject", ["s-none", "s-lost"])
def test_half_of_what_the_provider_tells_is_no_loss_of_a_role(
    room: Room, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Provider, "_more", lambda *_: None)
    _, found = signed_in(room, subject)
    assert found.status_code == 403
    assert "what the provider tells of you cannot be read" in found.text
