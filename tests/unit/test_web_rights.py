"""Who may enter where: every route of the pages by every role. A route without a line here fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from conftest import MovedClock
from fastapi.routing import APIRoute
from pages_room import Room, opened_app, opened_room

from campaign.metrics import Metrics
from campaign.models import Database, partners
from campaign.models.status import Status
from campaign.people import Right
from campaign.review import agreement
from campaign.web.area import Open
from campaign.web.faults import FORGED
from campaign.web.site import AREAS, site

thorough = pytest.mark.thorough
ROLES = ("officer", "reviewer", "admin")
PEOPLE = {"officer": "olga", "reviewer": "rita", "admin": "adam"}
ALL = frozenset(ROLES)
SPEAKS = frozenset({"officer", "admin"})
DFE = frozenset({"reviewer", "admin"})
ADMINS = frozenset({"admin"})
WATCHED = {"/healthz", "/metrics"}


@dataclass(frozen=True)
class Case:
    """What a route takes. ``own``: it shows one partner's object, which is not there for another one's officer."""

    needs: Right | Open
    roles: frozenset[str] = ALL
    own: bool = False


CASES: dict[tuple[str, str], Case] = {
    ("GET", "/"): Case(Right.SEE),
    ("GET", "/posts"): Case(Right.SEE),
    ("GET", "/posts.csv"): Case(Right.SEE),
    ("GET", "/posts.xlsx"): Case(Right.SEE),
    ("GET", "/posts/{ident}"): Case(Right.SEE, own=True),
    ("GET", "/posts/{ident}/images/{digest}"): Case(Right.SEE, own=True),
    ("GET", "/posts/{ident}/mail"): Case(Right.SEE, own=True),
    ("GET", "/posts/new"): Case(Right.QUEUE),
    ("POST", "/posts/new"): Case(Right.QUEUE),
    ("GET", "/posts/import"): Case(Right.QUEUE),
    ("POST", "/posts/import"): Case(Right.QUEUE),
    ("GET", "/posts/import/template.csv"): Case(Right.QUEUE),
    ("GET", "/posts/plan"): Case(Right.QUEUE),
    ("POST", "/posts/plan"): Case(Right.QUEUE),
    ("GET", "/posts/{ident}/edit"): Case(Right.EDIT, own=True),
    ("POST", "/posts/{ident}/edit"): Case(Right.EDIT, own=True),
    ("POST", "/posts/{ident}/move"): Case(Right.EDIT, own=True),
    ("POST", "/posts/{ident}/hold"): Case(Right.EDIT, own=True),
    ("POST", "/posts/{ident}/release"): Case(Right.EDIT, own=True),
    ("GET", "/posts/{ident}/hand"): Case(Right.SETTLE, own=True),
    ("POST", "/posts/{ident}/hand"): Case(Right.SETTLE, own=True),
    ("GET", "/posts/{ident}/article"): Case(Right.SEE, own=True),
    ("GET", "/posts/{ident}/article.eml"): Case(Right.SEE, own=True),
    ("POST", "/posts/{ident}/agree"): Case(Right.AGREE, SPEAKS, own=True),
    ("POST", "/posts/{ident}/take-down"): Case(Right.RETRACT, own=True),
    ("GET", "/posts/{ident}/correct"): Case(Right.QUEUE, own=True),
    ("POST", "/posts/{ident}/correct"): Case(Right.QUEUE, own=True),
    ("GET", "/take-down"): Case(Right.RETRACT),
    ("POST", "/take-down"): Case(Right.RETRACT),
    ("GET", "/accounts"): Case(Right.SEE),
    ("GET", "/accounts/new"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/accounts/new"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/accounts/import"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/accounts/import"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/accounts/import/template.csv"): Case(Right.ADMINISTER, ADMINS),
    # The number here is an account's; tests/contract/test_connecting.py sees that it is the partner's own.
    ("GET", "/accounts/{ident}/connect"): Case(Right.CONNECT, SPEAKS),
    ("GET", "/accounts/{ident}/connect/start"): Case(Right.CONNECT, SPEAKS),
    ("GET", "/accounts/connected/{channel}"): Case(Right.CONNECT, SPEAKS),
    ("POST", "/accounts/{ident}/connect/choice"): Case(Right.CONNECT, SPEAKS),
    ("GET", "/participation"): Case(Right.HOLD, DFE),
    ("GET", "/participation.csv"): Case(Right.HOLD, DFE),
    ("GET", "/participation/remind"): Case(Right.HOLD, DFE),
    ("POST", "/participation/remind"): Case(Right.HOLD, DFE),
    ("GET", "/calendar"): Case(Right.SEE),
    ("GET", "/pictures/{partner}/{digest}"): Case(Right.QUEUE),
    ("GET", "/details"): Case(Right.AGREE, SPEAKS),
    ("POST", "/details"): Case(Right.AGREE, SPEAKS),
    ("GET", "/details/agreement"): Case(Right.AGREE, SPEAKS),
    ("POST", "/details/agree"): Case(Right.AGREE, SPEAKS),
    ("POST", "/details/revoke"): Case(Right.AGREE, SPEAKS),
    ("POST", "/posts/{ident}/decision"): Case(Right.REVIEW, own=True),
    ("POST", "/posts/{ident}/submit"): Case(Right.QUEUE, own=True),
    ("POST", "/posts/{ident}/withdraw"): Case(Right.EDIT, own=True),
    ("GET", "/review"): Case(Right.REVIEW),
    ("GET", "/review/words"): Case(Right.REVIEW),
    ("GET", "/review/words/line"): Case(Right.REVIEW),
    ("POST", "/review/words/line"): Case(Right.REVIEW),
    ("GET", "/review/group"): Case(Right.REVIEW),
    ("POST", "/review/group"): Case(Right.REVIEW),
    ("GET", "/hold"): Case(Right.HOLD, DFE),
    ("POST", "/hold"): Case(Right.HOLD, DFE),
    ("GET", "/hold/release"): Case(Right.HOLD, DFE),
    ("POST", "/hold/release"): Case(Right.HOLD, DFE),
    ("GET", "/engagement"): Case(Right.SEE),
    ("GET", "/engagement/over-time.csv"): Case(Right.SEE),
    ("GET", "/engagement/by/{part}"): Case(Right.SEE),
    ("GET", "/engagement/by/{part}/totals.csv"): Case(Right.SEE),
    ("GET", "/engagement/hours"): Case(Right.SEE),
    ("GET", "/engagement/hours.csv"): Case(Right.SEE),
    ("GET", "/engagement/newsletters"): Case(Right.SEE),
    ("GET", "/engagement/log"): Case(Right.SEE),
    ("GET", "/engagement/log.csv"): Case(Right.SEE),
    ("GET", "/engagement/log.xlsx"): Case(Right.SEE),
    ("GET", "/engagement/posts/{ident}"): Case(Right.SEE, own=True),
    ("GET", "/engagement/posts/{ident}/readings.csv"): Case(Right.SEE, own=True),
    ("GET", "/engagement/week"): Case(Right.SEE),
    ("GET", "/engagement/week.csv"): Case(Right.SEE),
    ("GET", "/engagement/outcomes"): Case(Right.HOLD, DFE),
    ("GET", "/engagement/outcomes.csv"): Case(Right.HOLD, DFE),
    ("POST", "/engagement/outcomes"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/settle"): Case(Right.SETTLE),
    ("GET", "/settle/{ident}"): Case(Right.SETTLE, own=True),
    ("POST", "/settle/{ident}"): Case(Right.SETTLE, own=True),
    ("GET", "/admin"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/ask-platforms"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/audit"): Case(Right.AUDIT, DFE),
    ("GET", "/admin/audit/check"): Case(Right.AUDIT, DFE),
    ("GET", "/admin/people"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/people/new"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/people/new"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/people/{ident}"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/people/{ident}/role"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/people/{ident}/invite"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/people/{ident}/unbind"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/people/{ident}/end-sessions"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/people/{ident}/send-away"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/people/{ident}/send-away"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/people/{ident}/take-back"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/partners"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/partners/new"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/partners/new"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/partners/import"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/partners/import"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/partners/import/template.csv"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/partners/{ident}"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/partners/{ident}"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/partners/{ident}/agree"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/partners/{ident}/revoke"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/lists"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/lists/allow"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/lists/import"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/lists/import"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/lists/import/template.csv"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/lists/{key}.csv"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/webhooks"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/webhooks"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/admin/webhooks/{ident}"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/webhooks/{ident}/off"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/webhooks/{ident}/on"): Case(Right.ADMINISTER, ADMINS),
    ("POST", "/admin/webhooks/{ident}/test"): Case(Right.ADMINISTER, ADMINS),
    ("GET", "/account"): Case(Open.SIGNED_IN),
    ("POST", "/account/mail"): Case(Open.SIGNED_IN),
    ("POST", "/account/sessions/{ident}/end"): Case(Open.SIGNED_IN),
    ("POST", "/account/sign-out-everywhere"): Case(Open.SIGNED_IN),
    ("POST", "/account/password"): Case(Open.SIGNED_IN),
    ("POST", "/account/passkeys"): Case(Open.SIGNED_IN),
    ("POST", "/account/passkeys/{ident}/remove"): Case(Open.SIGNED_IN),
    ("POST", "/account/recovery-codes"): Case(Open.SIGNED_IN),
    ("POST", "/account/tokens"): Case(Open.SIGNED_IN),
    ("POST", "/account/tokens/{ident}/revoke"): Case(Open.SIGNED_IN),
    ("POST", "/account/calendar"): Case(Open.SIGNED_IN),
    ("POST", "/account/calendar/revoke"): Case(Open.SIGNED_IN),
    ("POST", "/sign-out"): Case(Open.SIGNED_IN),
    ("GET", "/accessibility"): Case(Open.ANYONE),
    ("GET", "/sign-in"): Case(Open.ANYONE),
    ("POST", "/sign-in"): Case(Open.ANYONE),
    ("GET", "/sign-in/passkey"): Case(Open.ANYONE),
    ("POST", "/sign-in/passkey"): Case(Open.ANYONE),
    ("POST", "/sign-in/code"): Case(Open.ANYONE),
    ("GET", "/sign-in/start"): Case(Open.ANYONE),
    ("GET", "/sign-in/back"): Case(Open.ANYONE),
    ("GET", "/sign-in/demo/{secret}"): Case(Open.ANYONE),
    ("POST", "/sign-in/demo/{secret}"): Case(Open.ANYONE),
    ("GET", "/invitation/{secret}"): Case(Open.ANYONE),
    ("POST", "/invitation/{secret}"): Case(Open.ANYONE),
    ("POST", "/invitation/{secret}/passkey"): Case(Open.ANYONE),
    ("GET", "/calendar/{secret}.ics"): Case(Open.MACHINES),
    ("GET", "/l/{token}/{number}"): Case(Open.ANYONE),
    ("HEAD", "/l/{token}/{number}"): Case(Open.ANYONE),
    ("GET", "/u/{token}"): Case(Open.MACHINES),
    ("HEAD", "/u/{token}"): Case(Open.MACHINES),
    ("POST", "/u/{token}"): Case(Open.MACHINES),
    ("GET", "/u/{token}/lists"): Case(Open.MACHINES),
    ("HEAD", "/u/{token}/lists"): Case(Open.MACHINES),
    ("POST", "/u/{token}/lists"): Case(Open.MACHINES),
}

CLOSED = {route: case for route, case in CASES.items() if case.needs not in (Open.ANYONE, Open.MACHINES)}

FORMS = [path for (method, path), case in CASES.items() if method == "POST" and case.needs is not Open.MACHINES]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened_room(tmp_path_factory.mktemp("rights"), MovedClock()) as room:
        for _ in range(10):  # a post whose number is a person's too would send that person away
            room.office.post("oak")
        yield room


def let_speak(room: Room) -> None:
    """Oak agrees, whatever another test has taken back: who may not speak is refused as well."""
    with room.office.desk("olga") as desk:
        oak = partners.partner_by_key(desk.session, "oak")
        assert oak is not None
        agreement.agree(desk.session, oak, by="olga", now=desk.now)


def asked(room: Room, route: tuple[str, str], name: str | None, post_id: int = 1) -> requests.Response:
    """Ask for a route as a page of ours would, with the visit's own token."""
    method, path = route
    path = (
        path.replace("{ident}", str(post_id))
        .replace("{digest}", "none")
        .replace("{part}", "template")
        .replace("{key}", "none")
    )
    browser = room.browser(name)
    return browser.send(path) if method == "POST" else browser.get(path)


def test_every_route_declares_what_it_takes_and_has_a_line_here(tmp_path: Path, clock: MovedClock) -> None:
    database = Database(f"sqlite:///{tmp_path}/none.db", connections=1)
    declared = {route: needs for area in AREAS for route, needs in area.needs.items()}
    assert declared == {route: case.needs for route, case in CASES.items()}
    served = site(opened_app(tmp_path, database, clock), Metrics(database, clock)).routes
    found = {(m, r.path) for r in served if isinstance(r, APIRoute) for m in r.methods if r.path not in WATCHED}
    assert found <= set(declared)


@thorough
@pytest.mark.parametrize("route", CLOSED, ids=" ".join)
def test_nobody_gets_in_unknown(room: Room, route: tuple[str, str]) -> None:
    found = asked(room, route, None)
    assert found.status_code == 303
    assert found.headers["location"].startswith("/sign-in")


@thorough
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", CLOSED, ids=" ".join)
def test_a_role_gets_in_where_it_has_the_right_and_nowhere_else(room: Room, route: tuple[str, str], role: str) -> None:
    let_speak(room)
    post = room.office.post("oak", status=Status.IN_REVIEW)
    found = asked(room, route, PEOPLE[role], post)
    assert found.status_code < 500
    if role in CASES[route].roles:
        assert found.status_code != 403
        assert not found.headers.get("location", "").startswith("/sign-in?")
    else:
        assert found.status_code == 403


@thorough
@pytest.mark.parametrize("route", [route for route, case in CASES.items() if case.own], ids=" ".join)
def test_what_is_another_partners_is_not_there(room: Room, route: tuple[str, str]) -> None:
    theirs = room.office.post("elm", status=Status.IN_REVIEW)
    assert asked(room, route, "olga", theirs).status_code == 404
    assert room.office.seen(theirs).status == Status.IN_REVIEW


@thorough
@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_the_visits_token_changes_nothing(room: Room, path: str) -> None:
    let_speak(room)
    post = room.office.post("oak", status=Status.IN_REVIEW)
    browser = room.browser("adam")  # who has every right, so that the token alone is what lacks
    for token in ({}, {"form_token": ""}, {"form_token": "guessed"}):
        found = browser.post(path.replace("{ident}", str(post)), {**token, "why": "no", "decision": "approve"})
        assert found.status_code == 403
        assert FORGED.title in found.text
    assert room.office.seen(post).status == Status.IN_REVIEW


@thorough
def test_an_officer_sees_own_posts_alone(room: Room) -> None:
    soon = timedelta(minutes=1)  # first of all, whatever other tests have stored
    ours = room.office.post("oak", after=soon, changes={"slot": "a slot of oak"})
    theirs = room.office.post("elm", after=soon, changes={"slot": "a slot of elm"})
    for path in ("/", "/posts", "/posts?partner=elm"):
        text = room.browser("olga").get(path).text
        assert f"/posts/{theirs}" not in text
        assert "slot of elm" not in text
    assert f"/posts/{ours}" in room.browser("rita").get("/posts?partner=oak").text
