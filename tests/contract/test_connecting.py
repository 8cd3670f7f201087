"""Connecting accounts: the pages against the local platforms' consent pages, and all that must not connect anything."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from api_room import Program, program
from conftest import MovedClock
from pages_room import Browser, Room, opened_room

from campaign.identities import name as bound_to
from campaign.models import audit, partners, sign_in, users
from campaign.models.partners import Account
from campaign.models.status import Status
from campaign.ports import Message, Renews, Retracts
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.consent import CLIENT_ID, CLIENT_SECRET, PUBLIC_ID
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

CHANNELS = ("x", "facebook", "linkedin")
NUMBERS = ("5001", "5002", "5003")
_count = itertools.count(1)


def settings(box: Sandbox) -> dict[str, str]:
    """Return the environment that points every channel at the sandbox, under its app."""
    where = {
        "X__API_URL": box.x_url,
        "X__AUTHORIZE_URL": f"{box.x_url}/i/oauth2/authorize",
        "FACEBOOK__GRAPH_URL": box.facebook_url,
        "FACEBOOK__DIALOG_URL": box.facebook_url,
        "LINKEDIN__API_URL": box.linkedin_url,
        "LINKEDIN__AUTH_URL": box.linkedin_url,
    }
    for channel in ("X", "FACEBOOK", "LINKEDIN"):
        where |= {f"{channel}__CLIENT_ID": CLIENT_ID, f"{channel}__CLIENT_SECRET": "file:app.txt"}
        where |= {f"{channel}__READ": "700ms", f"{channel}__TOKEN_PAUSE": "10ms"}
    return {f"CAMPAIGN__CHANNELS__{name}": value for name, value in where.items()}


@dataclass
class Trip:
    """An officer with one account, and the way to the platform and back."""

    room: Room
    box: Sandbox
    account_id: int
    officer: str
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.room.browser(self.officer)

    @property
    def stored(self) -> Account:
        with self.room.office.database.read() as session:
            return session.get_one(Account, self.account_id)

    @property
    def credentials(self) -> dict[str, str]:
        return self.room.app.vault.open(self.stored.sealed or b"", bound_to(self.stored))

    def asked(self) -> str:
        """Press *Continue*; returns the address of the platform's page."""
        found = self.browser.get(f"/accounts/{self.account_id}/connect/start")
        assert found.status_code == 303
        return found.headers["location"]

    def allowed(self, address: str, *accounts: str, do: str = "allow", without: str = "") -> str:
        """Decide on the platform's page; returns the path to which it sends the browser back."""
        page = requests.get(address, timeout=5).text
        scopes = re.findall(r'name="scope" value="([^"]+)"', page)
        fields = [("account", one) for one in accounts] + [("scope", one) for one in scopes if one != without]
        back = requests.post(address, data=[*fields, ("do", do)], timeout=5, allow_redirects=False)
        assert back.status_code == 302
        parts = urlsplit(back.headers["location"])
        return f"{parts.path}?{parts.query}"

    def comes_back(self, *accounts: str, **more: str) -> requests.Response:
        return self.browser.get(self.allowed(self.asked(), *accounts, **more))

    def notice(self) -> str:
        found = re.search(r'banner__heading">(.*?)<', self.browser.get("/accounts").text, re.DOTALL)
        assert found
        return found[1].strip()

    def refused(self, found: requests.Response, words: str) -> None:
        assert found.status_code == 422
        assert "The account is not connected" in found.text
        assert words in found.text
        assert self.stored.sealed is None


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    accounts = [
        SandboxAccount(channel, number, f"@s{number}", number, f"School {number}")
        for channel in CHANNELS
        for number in NUMBERS
    ]
    with Sandbox(accounts=accounts, clock=MovedClock()) as box:
        yield box


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, box: Sandbox) -> Iterator[Room]:
    environ = settings(box) | {"CAMPAIGN__WEB__PUBLIC_URL": "http://localhost:1"}
    with opened_room(tmp_path_factory.mktemp("connecting"), MovedClock(), environ) as room:
        (room.app.workspace / "app.txt").write_text(f"{CLIENT_SECRET}\n")
        yield room


@pytest.fixture(params=CHANNELS)
def trip(request: pytest.FixtureRequest, room: Room, box: Sandbox) -> Trip:
    """An officer whose account has an id, on each platform."""
    return begun(room, box, request.param)


def begun(room: Room, box: Sandbox, channel: str, *, external_id: str = "5001", mode: str = "api") -> Trip:
    key = f"school-{next(_count)}"
    room.office.join(key, channel=channel, mode=mode)
    room.office.hire(f"officer-{key}", "officer", key)
    ident = room.office.accounts[key]
    with room.office.database.write() as session:
        partners.change_account(session, ident, {"external_id": external_id, "handle": "s5001"})
    return Trip(room, box, ident, f"officer-{key}")


def test_consent_connects_the_account_and_lets_it_go_again(trip: Trip) -> None:
    with trip.room.office.database.write() as session:
        partners.change_account(session, trip.account_id, {"stopped_why": "its token is dead"})
    assert "Connect it again." in trip.browser.get("/accounts").text
    page = trip.browser.get(f"/accounts/{trip.account_id}/connect")
    assert "s5001" in page.text
    found = trip.comes_back("5001")
    assert (found.status_code, found.headers["location"]) == (303, "/accounts")
    assert "connected. Posts can be looked up" in trip.notice()
    stored = trip.stored
    assert (stored.stopped_why, stored.can_find, stored.external_id, stored.mode) == (None, True, "5001", "api")
    with trip.room.office.database.read() as session:
        row = audit.rows(session, limit=1)[0]
    assert (row.who, row.action, row.subject) == (trip.officer, "connect account", f"account:{trip.account_id}")


def test_what_was_connected_may_post(trip: Trip, watch: Any) -> None:
    trip.comes_back("5001")
    who, channel = trip.room.app.identities.by_id(trip.account_id), trip.room.app.channels[trip.stored.channel]
    words = f"Words {trip.account_id} on {channel.name}"
    receipt = channel.publish(who, Message(channel.name, words), watch)
    assert (channel.name, words) in [(line.get("channel"), line.get("text")) for line in trip.box.world.ledger()]
    if isinstance(channel, Retracts):
        channel.retract(who, receipt.external_id)


def test_what_was_connected_is_renewed_later(trip: Trip) -> None:
    trip.comes_back("5001")
    channel = trip.room.app.channels[trip.stored.channel]
    if isinstance(channel, Renews):
        fresh = channel.renew(trip.credentials)
        assert fresh["access_token"] != trip.credentials["access_token"]
    else:
        assert "expires_at" not in trip.credentials, "a page's token that came by a long one does not end"


def test_x_knows_public_clients(box: Sandbox, tmp_path: Path) -> None:
    environ = settings(box) | {"CAMPAIGN__CHANNELS__X__CLIENT_ID": PUBLIC_ID}
    del environ["CAMPAIGN__CHANNELS__X__CLIENT_SECRET"]
    environ["CAMPAIGN__WEB__PUBLIC_URL"] = "http://localhost:1"
    with opened_room(tmp_path, MovedClock(), environ) as room:
        trip = begun(room, box, "x")
        assert trip.comes_back("5001").status_code == 303
        channel = room.app.channels["x"]
        assert isinstance(channel, Renews)
        assert channel.renew(trip.credentials)["client_id"] == PUBLIC_ID
        facebook = begun(room, box, "facebook")
        found = facebook.browser.get(f"/accounts/{facebook.account_id}/connect/start")
        assert found.status_code == 422
        assert "The secret of this program" in found.text
        assert "app.txt" not in found.text


def test_an_answer_is_taken_once(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    path = trip.allowed(trip.asked(), "5001")
    assert trip.browser.get(path).status_code == 303
    sealed = trip.stored.sealed
    found = trip.browser.get(path)
    assert found.status_code == 422
    assert "begun elsewhere" in found.text
    assert trip.stored.sealed == sealed


def test_an_answer_to_another_sessions_question_is_refused(room: Room, box: Sandbox) -> None:
    ours, theirs = begun(room, box, "x"), begun(room, box, "x")
    path = theirs.allowed(theirs.asked(), "5001")
    ours.asked()
    ours.refused(ours.browser.get(path), "begun elsewhere")
    again = room.browser(theirs.officer)
    assert "begun elsewhere" in again.get(path).text, "another session of the very person"
    assert theirs.stored.sealed is None


@pytest.mark.parametrize("state", ["", "guessed", "é"])
def test_a_state_that_was_never_given_out_is_refused(room: Room, box: Sandbox, state: str) -> None:
    trip = begun(room, box, "x")
    trip.asked()
    trip.refused(trip.browser.get(f"/accounts/connected/x?code=any&state={state}"), "begun elsewhere")


def test_an_answer_that_comes_late_is_refused(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "linkedin")
    path = trip.allowed(trip.asked(), "5001")
    room.office.clock.at += timedelta(minutes=11)
    try:
        trip.refused(trip.browser.get(path), "took too long")
    finally:
        room.office.clock.at -= timedelta(minutes=11)


def test_another_platforms_answer_is_refused(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    path = trip.allowed(trip.asked(), "5001").replace("/connected/facebook", "/connected/linkedin")
    trip.refused(trip.browser.get(path), "Another platform was asked")
    again = path.replace("/connected/linkedin", "/connected/facebook")
    trip.refused(trip.browser.get(again), "begun elsewhere")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_that_somebody_else_got_is_refused(room: Room, box: Sandbox, channel: str) -> None:
    """An attacker slips the code of a consent of their own under a victim's question: PKCE tells, where there is one;
    else a made-up code is no code.
    """
    theirs, ours = begun(room, box, channel), begun(room, box, channel)
    stolen = parse_qs(urlsplit(theirs.allowed(theirs.asked(), "5001")).query)["code"][0]
    state = parse_qs(urlsplit(ours.asked()).query)["state"][0]
    code = stolen if channel == "x" else f"{stolen}x"
    ours.refused(ours.browser.get(f"/accounts/connected/{channel}?code={code}&state={state}"), "gave no access")


def test_a_no_is_a_no(trip: Trip) -> None:
    trip.refused(trip.comes_back("5001", do="cancel"), "You did not allow it")


def test_another_error_of_the_platform_is_told(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    state = parse_qs(urlsplit(trip.asked()).query)["state"][0]
    found = trip.browser.get(f"/accounts/connected/x?error=%3Cb%3Eserver_error&state={state}")
    trip.refused(found, "&lt;b&gt;server_error")


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("pages_manage_posts", "without pages_manage_posts nothing can be posted"),
        ("pages_show_list", "without pages_show_list your pages cannot be listed"),
        ("pages_read_engagement", "without pages_read_engagement posts cannot be looked up"),
    ],
)
def test_a_permission_that_is_needed_is_named(room: Room, box: Sandbox, scope: str, words: str) -> None:
    trip = begun(room, box, "facebook")
    trip.refused(trip.comes_back("5001", without=scope), words)


def test_without_a_permission_that_is_not_needed_it_is_connected_and_said(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    assert trip.comes_back("5001", without="read_insights").status_code == 303
    assert "Without read_insights figures cannot be read." in trip.notice()
    assert "Without read_insights figures cannot be read." in trip.browser.get("/accounts").text, "and from then on"


def test_another_account_than_the_one_that_is_named_is_refused(trip: Trip) -> None:
    trip.refused(trip.comes_back("5002"), "this account is s5001 (5001)")


def test_nobodys_pages_are_refused(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook")
    trip.refused(trip.comes_back(), "You may post for no page on Facebook")


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
def test_of_many_pages_a_person_chooses_the_one(room: Room, box: Sandbox, channel: str) -> None:
    trip = begun(room, box, channel, external_id="", mode="by-hand")
    page, here = trip.comes_back("5001", "5002"), f"/accounts/{trip.account_id}/connect/choice"
    assert page.status_code == 200
    assert "School 5001" in page.text
    assert "School 5002" in page.text
    assert trip.stored.sealed is None
    raw = room.office.raw()
    for choice in ("", "5003"):
        found = trip.browser.send(here, choice=choice)
        assert found.status_code == 422
        assert "Choose the one that this account is" in found.text
    assert trip.browser.send(here, choice="5002").status_code == 303
    stored = trip.stored
    assert (stored.external_id, stored.handle, stored.mode) == ("5002", "School 5002", "api")
    assert trip.credentials["access_token"].encode() not in raw, "between the two pages it was sealed too"
    assert "made already" in trip.browser.send(here, choice="5001").text
    assert trip.stored.external_id == "5002"


def test_a_choice_ends_and_is_the_sessions_own(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook", external_id="")
    trip.comes_back("5001", "5002")
    here = f"/accounts/{trip.account_id}/connect/choice"
    assert room.browser(trip.officer).send(here, choice="5001").status_code == 422
    room.office.clock.at += timedelta(minutes=11)
    try:
        assert trip.browser.send(here, choice="5001").status_code == 422
    finally:
        room.office.clock.at -= timedelta(minutes=11)
    assert trip.stored.sealed is None


def test_an_account_without_an_id_takes_the_one_of_its_name_at_once(room: Room, box: Sandbox) -> None:
    named, other = begun(room, box, "x", external_id=""), begun(room, box, "x", external_id="")
    assert named.comes_back("5001").status_code == 303
    assert named.stored.external_id == "5001"
    assert other.comes_back("5002").status_code == 200, "another name than the row has: a person is asked"
    assert other.stored.sealed is None


def test_one_platform_account_is_one_row_of_a_partner(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x", external_id="")
    with room.office.database.write() as session:
        partner_id = session.get_one(Account, trip.account_id).partner_id
        twin = Account(partner_id=partner_id, channel="x", handle="twin", external_id="5001")
        partners.add_account(session, twin)
    trip.refused(trip.comes_back("5001"), "is another account of this organisation already")


def test_posts_that_were_approved_for_an_unnamed_account_are_read_again(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x", external_id="")
    key = trip.officer.removeprefix("officer-")
    post = room.office.post(key, status=Status.APPROVED)
    trip.comes_back("5001")
    assert room.office.seen(post).status == Status.IN_REVIEW
    assert "1 post went back to review" in trip.notice()


@pytest.mark.parametrize("kind", ["5xx-before-store", "drop-before-store", "html-2xx", "truncated"])
def test_a_platform_that_fails_leaves_everything_as_it_was(room: Room, box: Sandbox, kind: str) -> None:
    trip = begun(room, box, "x")
    path = trip.allowed(trip.asked(), "5001")
    box.world.faults.replace([Fault(kind, "x", "token")])
    try:
        trip.refused(trip.browser.get(path), "X gave no access")
    finally:
        box.world.faults.replace([])


def test_another_partners_account_is_not_there_and_a_reviewer_connects_none(room: Room, box: Sandbox) -> None:
    ours, theirs = begun(room, box, "x"), begun(room, box, "x")
    for path in ("connect", "connect/start"):
        assert ours.browser.get(f"/accounts/{theirs.account_id}/{path}").status_code == 404
        assert room.browser("rita").get(f"/accounts/{theirs.account_id}/{path}").status_code == 403
    assert f"/accounts/{theirs.account_id}/connect" not in ours.browser.get("/accounts").text
    assert "/connect" not in room.browser("rita").get("/accounts").text
    assert room.browser("adam").get(f"/accounts/{theirs.account_id}/connect").status_code == 200


def test_a_link_on_another_site_begins_nothing(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    address = f"{room.address}/accounts/{trip.account_id}/connect/start"
    headers = {"Sec-Fetch-Site": "cross-site"}
    found = trip.browser.session.get(address, headers=headers, allow_redirects=False, timeout=5)
    assert found.status_code == 403


def test_an_account_that_was_taken_out_is_not_connected(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    path = trip.allowed(trip.asked(), "5001")
    with room.office.database.write() as session:
        partners.change_account(session, trip.account_id, {"disabled_why": "left"})
    trip.refused(trip.browser.get(path), "out of the campaign")
    assert f"/accounts/{trip.account_id}/connect" not in trip.browser.get("/accounts").text


# --- by a program -----------------------------------------------------------------------------------------------------


def begins(trip: Trip, caller: Program) -> tuple[str, str]:
    """Begin a connection; returns the address of the platform's page and the journey's secret."""
    found = caller.call("POST", f"/accounts/{trip.account_id}/connect")
    assert found.status_code == 201, found.text
    return found.json()["address"], found.json()["journey"]


def answers(trip: Trip, caller: Program, journey: str, path: str) -> requests.Response:
    """Hand on what stands in the address to which the platform sent the browser back."""
    said = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    kept = {name: said[name] for name in ("state", "code", "error") if name in said}
    return caller.call("POST", f"/accounts/{trip.account_id}/connect/answer", {"journey": journey, **kept})


def test_a_program_connects_an_account_and_sees_no_credentials(trip: Trip) -> None:
    caller = program(trip.room, trip.officer)
    address, journey = begins(trip, caller)
    path = trip.allowed(address, "5001")
    assert "If a program began it, hand it the address of this page." in trip.browser.get(path).text
    found = answers(trip, caller, journey, path)
    assert found.status_code == 200, found.text
    assert (found.json()["connected"], found.json()["works"], found.json()["can_find"]) == (True, True, True)
    assert (trip.stored.external_id, trip.stored.mode) == ("5001", "api")
    assert not any(value in found.text for value in trip.credentials.values() if len(value) > 12)
    again = answers(trip, caller, journey, trip.allowed(address, "5001"))
    assert (again.status_code, again.json()["code"]) == (422, "wrong-use"), "it serves once"


def test_an_answer_goes_with_the_journey_the_token_and_the_account_that_asked(room: Room, box: Sandbox) -> None:
    ours, theirs = begun(room, box, "x"), begun(room, box, "x")
    caller, stranger = program(room, ours.officer), program(room, theirs.officer)
    address, journey = begins(ours, caller)
    path = ours.allowed(address, "5001")
    _, other = begins(theirs, stranger)
    for who, secret in ((program(room, ours.officer), journey), (caller, other), (caller, "guessed")):
        found = answers(ours, who, secret, path)
        assert (found.status_code, "begun elsewhere" in found.text) == (422, True), found.text
    assert answers(theirs, stranger, other, path).status_code == 422, "another one's state"
    assert answers(ours, stranger, other, path).status_code == 404, "another partner's account"
    assert answers(ours, caller, journey, "/?code=any&state=guessed").status_code == 422
    assert (ours.stored.sealed, theirs.stored.sealed) == (None, None)
    assert answers(ours, caller, journey, path).json()["connected"] is True


def test_a_no_and_a_late_answer_connect_nothing_by_a_program(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "linkedin")
    caller = program(room, trip.officer)
    address, journey = begins(trip, caller)
    assert "You did not allow it" in answers(trip, caller, journey, trip.allowed(address, do="cancel")).text
    address, journey = begins(trip, caller)
    path = trip.allowed(address, "5001")
    room.office.clock.at += timedelta(minutes=11)
    try:
        assert answers(trip, caller, journey, path).status_code == 422
    finally:
        room.office.clock.at -= timedelta(minutes=11)
    assert trip.stored.sealed is None


def test_a_program_chooses_one_of_many_pages(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "facebook", external_id="", mode="by-hand")
    caller, here = program(room, trip.officer), f"/accounts/{trip.account_id}/connect/choice"
    address, journey = begins(trip, caller)
    found = answers(trip, caller, journey, trip.allowed(address, "5001", "5002")).json()
    assert (found["connected"], {one["external_id"] for one in found["offers"]}) == (False, {"5001", "5002"})
    assert trip.stored.sealed is None
    stranger = program(room, trip.officer).call("POST", here, {"journey": journey, "external_id": "5002"})
    assert stranger.status_code == 422, "another token"
    assert caller.call("POST", here, {"journey": journey, "external_id": "5003"}).json()["connected"] is False
    done = caller.call("POST", here, {"journey": journey, "external_id": "5002"})
    assert done.json()["connected"] is True
    assert (trip.stored.external_id, trip.stored.mode) == ("5002", "api")
    assert caller.call("POST", here, {"journey": journey, "external_id": "5001"}).status_code == 422


def test_what_is_kept_of_a_beginning_holds_no_secret(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    caller, path = program(room, trip.officer), f"/accounts/{trip.account_id}/connect"
    first = caller.call("POST", path, **{"Idempotency-Key": "c"}).json()
    again = caller.call("POST", path, **{"Idempotency-Key": "c"}).json()
    assert (again["address"], again["journey"]) == (None, None)
    raw = room.office.raw()
    assert first["journey"].encode() not in raw
    assert parse_qs(urlsplit(first["address"]).query)["state"][0].encode() not in raw


def test_a_journeys_secret_opens_no_page(room: Room, box: Sandbox) -> None:
    trip = begun(room, box, "x")
    _, journey = begins(trip, program(room, trip.officer))
    stranger = room.browser()
    stranger.session.cookies.set("campaign", journey)
    assert stranger.get("/accounts").headers["location"].startswith("/sign-in")


# --- the local platforms are as strict as the real ones ---------------------------------------------------------------


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
