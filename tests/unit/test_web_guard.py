"""What keeps the pages: forms from elsewhere, sessions, open redirects, floods of tries, the headers."""

from datetime import timedelta
from pathlib import Path

import pytest
import requests
from conftest import MovedClock
from pages_room import TOKEN, Browser, Room, demo_link, opened_room

from campaign.models import users
from campaign.models.status import Status
from campaign.people import visits
from campaign.people.secrets import digest
from campaign.people.visits import Lasting
from campaign.web.entering import own_path
from campaign.web.rates import Rates, TooMany, network_of

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused_though_it_has_the_token(room: Room, headers: dict[str, str]) -> None:
    post = room.office.post("oak")
    browser = room.browser("rita")
    token = TOKEN.findall(browser.get("/account").text)[0]
    fields = {"form_token": token, "why": "no"}
    assert browser.post(f"/posts/{post}/withdraw", fields, headers).status_code == 403
    assert room.office.seen(post).status == Status.IN_REVIEW
    own = {"Sec-Fetch-Site": "same-origin", "Origin": room.address}
    assert browser.post(f"/posts/{post}/withdraw", fields, own).status_code == 303
    assert room.office.seen(post).status == Status.WITHDRAWN


def test_the_token_of_another_session_opens_nothing(room: Room) -> None:
    post = room.office.post("oak")
    token = TOKEN.findall(room.browser("rita").get("/account").text)[0]
    found = room.browser("rolf").post(f"/posts/{post}/withdraw", {"form_token": token, "why": "no"})
    assert found.status_code == 403


def test_a_form_without_any_session_is_refused_even_with_an_empty_token(room: Room) -> None:
    assert room.browser().post("/sign-in", {"form_token": "", "email": "a", "password": "b"}).status_code == 403


def test_a_session_that_an_attacker_chose_is_not_the_one_that_signs_in(room: Room) -> None:
    link, browser = demo_link(room), room.browser()
    browser.get(link)
    known = browser.session.cookies["campaign"]
    assert browser.send(link, page=link).headers["location"] == "/"
    assert browser.session.cookies["campaign"] != known
    old = room.browser()
    old.session.cookies.set("campaign", known)
    assert old.get("/").status_code == 303
    assert browser.get("/").status_code == 200


def test_a_demos_link_signs_in_once(room: Room) -> None:
    link, second = demo_link(room), room.browser()
    first, page = room.browser(), second.get(link)
    assert first.send(link, page=link).status_code == 303
    assert first.get("/").status_code == 200
    token = TOKEN.findall(page.text)[0]
    assert second.post(link, {"form_token": token}).status_code == 422
    assert second.get("/").status_code == 303
    again = first.get(link)
    assert again.status_code == 404
    assert "demo --links" in again.text
    assert "go to the dashboard" in again.text


def test_a_link_that_is_fetched_does_not_sign_in(room: Room) -> None:
    browser = room.browser()
    assert browser.get(demo_link(room)).status_code == 200
    assert browser.get("/").status_code == 303


def test_the_database_holds_no_secret_of_a_session(room: Room) -> None:
    browser = room.browser("rita")
    secret, raw = browser.session.cookies["campaign"], room.office.raw()
    assert b'{"how": "a test"}' in raw, "what was written with the session"
    assert digest(secret).encode() in raw
    assert secret.encode() not in raw


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(room: Room) -> None:
    found = room.browser().get("/sign-in").headers["set-cookie"].lower()
    assert "httponly" in found
    assert "samesite=lax" in found
    assert "domain" not in found


def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path, clock: MovedClock) -> None:
    environ = {"CAMPAIGN__WEB__PUBLIC_URL": "https://campaign.example.org"}
    with opened_room(tmp_path, clock, environ) as room:
        found = room.browser().get("/sign-in").headers
    assert found["set-cookie"].startswith("__Host-campaign=")
    assert "Secure" in found["set-cookie"]
    assert found["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_a_session_ends_when_it_is_idle_and_at_its_end(room: Room) -> None:
    idle = room.browser("rita")
    assert idle.get("/").status_code == 200
    room.office.clock.move(timedelta(hours=2, minutes=1))
    assert idle.get("/").status_code == 303
    busy = room.browser("rita")
    for _ in range(11):
        room.office.clock.move(timedelta(hours=1))
        assert busy.get("/").status_code == 200
    room.office.clock.move(timedelta(hours=1, minutes=1))
    assert busy.get("/").status_code == 303


def test_signing_out_ends_the_session_and_has_the_browser_forget_its_pages(room: Room) -> None:
    browser = room.browser("rita")
    secret = browser.session.cookies["campaign"]
    found = browser.send("/sign-out")
    assert found.headers["clear-site-data"] == '"cache", "storage"'
    assert found.headers["set-cookie"].startswith('campaign=""; ')
    assert "Max-Age=0" in found.headers["set-cookie"]
    browser.session.cookies.set("campaign", secret)
    assert browser.get("/").status_code == 303, "the secret opens nothing any more"


def test_signing_out_everywhere_ends_every_session(room: Room) -> None:
    here, there = room.browser("rita"), room.browser("rita")
    assert here.send("/account/sign-out-everywhere").status_code == 303
    assert there.get("/").status_code == 303
    assert here.get("/").status_code == 303


def visit_of(room: Room, browser: Browser) -> int:
    """Return the number of a browser's visit."""
    lasting = Lasting(timedelta(hours=12), timedelta(hours=2))
    with room.office.database.read() as session:
        found = visits.find(session, browser.session.cookies["campaign"], room.office.clock.now(), lasting)
        assert found is not None
        return found[0].id or 0


def test_another_session_can_be_ended_and_nobody_elses(room: Room) -> None:
    here, there, other = room.browser("rita"), room.browser("rita"), room.browser("rolf")
    assert here.send(f"/account/sessions/{visit_of(room, other)}/end").status_code == 404
    assert other.get("/").status_code == 200
    assert here.send(f"/account/sessions/{visit_of(room, there)}/end").status_code == 303
    assert there.get("/").status_code == 303
    assert here.get("/").status_code == 200


def test_who_is_sent_away_is_out_at_once(room: Room) -> None:
    browser = room.browser("rita")
    with room.office.database.write() as session:
        person = users.user(session, "rita")
        assert person is not None
        person.active = False
        session.add(person)
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example",
        "//elsewhere.example",
        "//[",
        "/\\elsewhere.example",
        "\\\\elsewhere",
        "javascript:1",
        "",
        "/\n/x",
        "posts",
    ],
)
def test_signing_in_leads_nowhere_else(path: str) -> None:
    assert own_path(path) == "/"


def test_signing_in_leads_on_to_the_page_that_was_wanted(room: Room) -> None:
    wanted = room.browser().get("/posts?status=approved").headers["location"]
    assert wanted == "/sign-in?next=/posts%3Fstatus%3Dapproved"
    assert own_path("/posts?status=approved") == "/posts?status=approved"


def test_too_many_tries_are_refused_for_a_while() -> None:
    rates = Rates()
    for _ in range(10):
        rates.spend("email", "rita@example.org")
    with pytest.raises(TooMany) as refused:
        rates.spend("email", "rita@example.org")
    assert 0 < refused.value.seconds <= 600
    rates.spend("email", "rolf@example.org")


def test_a_flood_of_passwords_is_answered_with_when_to_come_back(room: Room) -> None:
    browser = room.browser()
    token = TOKEN.findall(browser.get("/sign-in").text)[0]
    fields = {"form_token": token, "email": "", "password": ""}
    answers = [browser.post("/sign-in", fields).status_code for _ in range(101)]
    assert answers == [422] * 100 + [429]
    assert int(browser.post("/sign-in", fields).headers["retry-after"]) > 0


def test_who_has_a_network_of_addresses_has_the_tries_of_one(room: Room) -> None:
    """An ordinary line has 2**64 addresses of IPv6 to itself."""
    browser = room.browser()
    fields = {"form_token": TOKEN.findall(browser.get("/sign-in").text)[0], "email": "", "password": ""}

    def answered(address: str) -> int:
        return browser.post("/sign-in", fields, {"X-Forwarded-For": address}).status_code

    answers = [answered(f"2001:db8:1:2:{number:x}::{number:x}") for number in range(1, 102)]
    assert answers == [422] * 100 + [429]
    assert answered("2001:db8:1:3::1") == 422


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("a name", "a name"),
    ],
)
def test_an_address_counts_as_its_line(address: str, counted: str) -> None:
    assert network_of(address) == counted


def test_every_answer_carries_the_headers(room: Room) -> None:
    for path in ("/sign-in", "/nothing", "/healthz", "/posts"):
        headers = requests.get(f"{room.address}{path}", timeout=10, allow_redirects=False).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
        assert headers.get("content-type", "application/json").endswith(("charset=utf-8", "application/json"))
        assert "access-control-allow-origin" not in headers


def test_a_method_that_echoes_is_not_served(room: Room) -> None:
    assert requests.request("TRACE", f"{room.address}/sign-in", timeout=10).status_code == 405


def test_a_folder_of_files_is_not_listed_and_leads_nowhere_else(room: Room) -> None:
    folder = room.browser().get("/sign-in").text.partition('<link rel="stylesheet" href="')[2].partition("vendor/")[0]
    assert folder.startswith("/static/")
    away = (f"{folder}..%2f..%2fheaders.py", f"{folder}%2e%2e/rendering.py", f"{folder}.git/config", "/.git/config")
    browser = room.browser()
    assert [browser.get(path).status_code for path in (folder, f"{folder}vendor/", *away)] == [404] * 6


def test_the_policy_lets_the_one_inline_script_run_and_no_other(room: Room) -> None:
    text = room.browser().get("/sign-in").text
    assert text.count("<script") == 2
    assert text.count("<style") == 0
    assert "onclick" not in text
    assert room.browser().get("/sign-in").headers["content-security-policy"].count("sha256-") == 1


def test_a_fault_of_ours_is_a_page_without_its_cause(room: Room) -> None:
    room.app.__dict__["contents"] = None
    post = room.office.post("oak")
    found = room.browser("rita").get(f"/posts/{post}")
    assert found.status_code == 500
    assert "Sorry, there is a problem with the service" in found.text
    assert "NoneType" not in found.text
    assert "content-security-policy" in found.headers


def test_a_body_without_end_is_not_read(room: Room) -> None:
    browser = room.browser("rita")
    assert browser.post("/sign-out", {"form_token": "x" * 200_000}).status_code == 413


def test_files_of_style_are_kept_and_named_by_their_content(room: Room) -> None:
    text = room.browser().get("/sign-in").text
    address = text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    found = requests.get(f"{room.address}{address}", timeout=10)
    assert "immutable" in found.headers["cache-control"]
    assert "GDS Transport" not in found.text
