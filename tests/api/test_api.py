"""The API: tokens and scopes, the rights of the person behind them, writes that happen once, problems in JSON."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from api_room import EVERY, Program, program, token_of
from api_routes import ALSO, BARE, BODIES, NEEDS
from conftest import MovedClock
from measured import measure
from pages_room import Room, opened_room

from campaign.clock import iso
from campaign.models import audit, partners, users
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.tokens import ApiToken
from campaign.ports import Draft
from campaign.review import decisions
from campaign.web.rates import RULES

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as rules:
            rules.setitem(RULES, "api-door", "600 per minute")  # each route is tried from this one address
            room = stack.enter_context(opened_room(tmp_path_factory.mktemp("api"), MovedClock()))
        for _ in range(10):  # a post whose number is a person's too would send that person away
            room.office.post("oak")
        yield room


def sent(caller: Program, route: tuple[str, str], post: int = 1, partner: str = "oak") -> requests.Response:
    method, path = route
    asked = {"/holds/foretell": "scope=everything", "/take-down": "slot=none", "/lists/readers": "list=none"}
    query = f"?{asked[path]}" if method == "GET" and path in asked else ""
    query += "?alt=A+garden" if method == "PUT" and "/pictures/" in path else ""
    named = {"ident": str(post), "partner": partner, "field": "image", "digest": "0" * 64}
    return caller.call(method, path.format(**named) + query, BODIES.get(route))


def refused(found: requests.Response, status: int, code: str) -> None:
    assert found.status_code == status, found.text
    assert found.headers["content-type"] == "application/problem+json"
    assert (found.json()["status"], found.json()["code"]) == (status, code)


# --- who may --------------------------------------------------------------------------------------------------------


def test_every_route_of_the_api_has_a_line_here(room: Room) -> None:
    document = requests.get(f"{room.address}/api/v1/openapi.json", timeout=20).json()
    found = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert found == set(NEEDS)
    assert {route for route in NEEDS if route[0] != "GET"} - BARE == set(BODIES)


@pytest.mark.parametrize("route", NEEDS, ids=" ".join)
def test_nobody_gets_in_without_a_token_that_serves(room: Room, route: tuple[str, str]) -> None:
    # One of the two ways each: the tries are counted, and all of them come from one address.
    token = None if list(NEEDS).index(route) % 2 else "cmp_guessed"
    found = sent(Program(room, token), route)
    refused(found, 401, "no-token")
    assert found.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", NEEDS, ids=" ".join)
def test_a_token_does_what_its_scopes_say_and_nothing_else(room: Room, route: tuple[str, str]) -> None:
    post = room.office.post("oak")
    needs = {NEEDS[route], ALSO.get(route, NEEDS[route])}
    for scope in needs:
        refused(sent(program(room, "adam", EVERY - {scope}), route, post), 403, "out-of-scope")
    found = sent(program(room, "adam", needs), route, post)
    assert found.status_code < 500
    assert found.status_code != 401
    assert found.json().get("code") != "out-of-scope"


@pytest.mark.parametrize("route", [route for route in NEEDS if route[1].startswith("/posts/{ident}")], ids=" ".join)
def test_what_is_another_partners_is_not_there(room: Room, route: tuple[str, str]) -> None:
    theirs = room.office.post("elm")
    refused(sent(program(room, "olga"), route, theirs), 404, "not-found")
    assert room.office.seen(theirs).status == Status.IN_REVIEW


@pytest.mark.parametrize("route", [route for route in NEEDS if "{partner}" in route[1]], ids=" ".join)
def test_another_partner_is_not_there(room: Room, route: tuple[str, str]) -> None:
    refused(sent(program(room, "olga"), route, partner="elm"), 404, "not-found")


def test_a_token_never_does_more_than_its_person(room: Room) -> None:
    olga = program(room, "olga")
    refused(olga.call("POST", "/holds", {"scope": "everything", "reason": "stop"}), 403, "not-allowed")
    refused(olga.call("POST", "/posts", {**_new(), "partner": "elm"}), 404, "not-found")
    refused(olga.call("POST", "/partners/elm/agree", {}), 404, "not-found")
    refused(olga.call("POST", "/partners/elm/revoke", {}), 404, "not-found")
    refused(program(room, "rita").call("POST", "/partners/elm/revoke", {}), 403, "not-allowed")
    soon = timedelta(minutes=1)  # on the first page, whatever other tests have stored
    ours, theirs = str(room.office.post("oak", after=soon)), str(room.office.post("elm", after=soon))
    for asked in ("", "partner=oak&"):
        rows = olga.get(f"/posts?{asked}limit=200")["items"]
        assert {row["partner"] for row in rows} == {"oak"}
        assert ours in {row["id"] for row in rows}
    assert theirs in {row["id"] for row in program(room, "rita").get("/posts?partner=elm&limit=200")["items"]}
    assert [row["partner"] for row in olga.get("/partners")["items"]] == ["oak"]
    assert {row["partner"] for row in olga.get("/accounts")["items"]} == {"oak"}


def _new() -> dict[str, object]:
    return {"partner": "oak", "channel": "x", "template": "post-1", "due_at": "2025-12-03T09:00:00Z", "fields": {}}


def test_a_token_ends_by_time_by_being_revoked_and_with_its_person(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        short, long = token_of(room, "rita", lasts=timedelta(days=1)), token_of(room, "rita")
        clock.move(timedelta(days=1))
        refused(Program(room, short).call("GET", "/posts"), 401, "no-token")
        assert Program(room, long).call("GET", "/posts").status_code == 200
        with room.office.database.read() as session:
            stored = session.execute(sa.select(ApiToken.digest)).scalars().all()
            number = session.execute(sa.select(sa.func.max(ApiToken.id))).scalar()
        assert long not in stored
        assert room.browser("olga").send(f"/account/tokens/{number}/revoke").status_code == 404, "not hers"
        assert room.browser("rita").send(f"/account/tokens/{number}/revoke").status_code == 303
        refused(Program(room, long).call("GET", "/posts"), 401, "no-token")
        last = token_of(room, "rolf")
        with room.office.database.read() as session:
            rolf = users.user(session, "rolf")
            assert rolf is not None
        assert room.browser("adam").send(f"/admin/people/{rolf.ident}/send-away").status_code == 303
        assert {row.action for row in _audit(room)} >= {"make token", "revoke token"}
        refused(Program(room, last).call("GET", "/posts"), 401, "no-token")


def _audit(room: Room) -> list[audit.Audit]:
    with room.office.database.read() as session:
        return audit.rows(session)


def test_a_token_is_made_on_the_account_page_and_shown_once(room: Room) -> None:
    browser = room.browser("rita")
    found = browser.post(
        "/account/tokens",
        {"form_token": browser.token or "", "token_name": "figures", "days": "7", "scope": "read"},
    )
    token = found.text.partition("cmp_")[2].partition("<")[0]
    assert Program(room, f"cmp_{token}").call("GET", "/log").status_code == 200
    refused(
        Program(room, f"cmp_{token}").call("POST", "/holds", {"scope": "everything", "reason": "x"}),
        403,
        "out-of-scope",
    )
    assert "cmp_" not in browser.get("/account").text
    for fields in ({}, {"token_name": "x", "days": "9"}, {"token_name": "x", "days": "7"}):
        lacking = browser.post("/account/tokens", {"form_token": browser.token or "", **fields})
        assert lacking.status_code == 422
        assert "<title>Error: " in lacking.text


# --- what it does ---------------------------------------------------------------------------------------------------


def test_lists_come_page_by_page_each_post_once(room: Room) -> None:
    rita, seen, cursor = program(room, "rita"), list[str](), ""
    for number in range(7):
        room.office.post(
            "elm", after=timedelta(days=40, hours=number), changes={"slot": "paged", "occurrence": str(number)}
        )
    while cursor is not None:
        page = rita.get(f"/posts?slot=paged&limit=3&cursor={cursor}")
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 7


def test_what_was_seen_is_approved_and_what_changed_is_not(room: Room) -> None:
    rita, post = program(room, "rita"), room.office.post("oak")
    seen = rita.get(f"/posts/{post}")["content_hash"]
    with room.office.database.write() as session:
        row = session.get_one(Post, post)
        row.draft = {**row.draft, "words": "Other words"}
        session.add(row)
    refused(rita.call("POST", f"/posts/{post}/approve", {"content_hash": seen}), 409, "changed")
    assert rita.get(f"/posts/{post}/preview")["text"] == "Other words"
    other = room.office.post("oak")
    seen = rita.get(f"/posts/{other}")["content_hash"]
    for length in (8, 32, 63):
        refused(rita.call("POST", f"/posts/{other}/approve", {"content_hash": seen[:length]}), 422, "unreadable")
    found = rita.call("POST", f"/posts/{other}/approve", {"content_hash": seen})
    assert found.json()["status"] == "approved"
    assert room.office.moves(other)[-1] == ("rita", "approve")
    refused(rita.call("POST", f"/posts/{other}/approve", {"content_hash": seen}), 409, "refused")


def test_who_queued_a_post_may_not_approve_it_by_a_program_either(room: Room) -> None:
    rita, post = program(room, "rita"), room.office.post("oak", changes={"queued_by": "rita"})
    seen = rita.get(f"/posts/{post}")["content_hash"]
    refused(rita.call("POST", f"/posts/{post}/approve", {"content_hash": seen}), 403, "not-allowed")


def test_who_wrote_a_post_may_not_approve_it_by_a_program_when_others_changed_more(room: Room) -> None:
    rita, rolf, post = program(room, "rita"), program(room, "rolf"), room.office.post("oak")
    for name in ("rita", "rolf"):
        with room.office.deciding(name, post) as (desk, row):
            decisions.edit(desk, row, Draft(words=f"Words of {name}'s"), {}, "edited")
    later = iso(room.office.seen(post).due_at + timedelta(hours=1))
    assert rolf.call("POST", f"/posts/{post}/move", {"due_at": later}).status_code == 200
    seen = rita.get(f"/posts/{post}")["content_hash"]
    refused(rita.call("POST", f"/posts/{post}/approve", {"content_hash": seen}), 403, "not-allowed")
    many = {"posts": [{"id": str(post), "content_hash": seen}]}
    refused(rita.call("POST", "/review/approve", many), 403, "not-allowed")


def test_a_write_under_one_key_is_done_once_and_answered_alike(room: Room) -> None:
    rita, post = program(room, "rita"), room.office.post("oak")
    sent_once = {"comment": "Say where"}
    key = {"Idempotency-Key": "return-7"}
    first = rita.call("POST", f"/posts/{post}/return", sent_once, **key)
    again = rita.call("POST", f"/posts/{post}/return", sent_once, **key)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (200, first.json())
    assert room.office.moves(post).count(("rita", "return")) == 1
    refused(rita.call("POST", f"/posts/{post}/return", {"comment": "other"}, **key), 422, "key-used")
    refused(rita.call("POST", f"/posts/{post}/return", sent_once), 409, "refused")
    rolf = program(room, "rolf").call("POST", f"/posts/{post}/return", sent_once, **key)
    assert rolf.status_code == 409, "a key is its token's own"


def test_a_kept_answer_is_not_for_an_officer_who_has_another_partner_by_now(tmp_path: Path) -> None:
    with opened_room(tmp_path, MovedClock()) as room:
        olga, post = program(room, "olga"), room.office.post("oak", status=Status.DRAFT)
        order, key = ("POST", f"/posts/{post}/withdraw", {"reason": "x"}), {"Idempotency-Key": "k"}
        assert olga.call(*order, **key).json()["partner"] == "oak"
        with room.office.database.write() as session:
            person = users.user(session, "olga")
            assert person is not None
            person.partner_key = "elm"
        refused(olga.call(*order, **key), 422, "key-used")
        refused(olga.call(*order), 404, "not-found")


def test_a_key_names_its_write_for_a_day_whoever_writes_meanwhile(tmp_path: Path) -> None:
    with opened_room(tmp_path, MovedClock()) as room:
        rita, key = program(room, "rita"), {"Idempotency-Key": "k"}
        hold = {"scope": "channel:x", "reason": "a wrong figure"}
        first = rita.call("POST", "/holds", hold, **key).json()
        room.office.clock.move(timedelta(days=1))
        assert rita.call("POST", "/holds", hold, **key).json() == first
        room.office.clock.move(timedelta(seconds=1))
        assert rita.call("POST", "/holds", hold, **key).json()["held_at"] != first["held_at"]
        assert rita.call("POST", "/holds", hold | {"reason": "another"}, **key).json()["code"] == "key-used"


def test_a_write_that_was_refused_may_be_tried_again_under_its_key(room: Room) -> None:
    olga, post = program(room, "olga"), room.office.post("oak")
    key = {"Idempotency-Key": "k"}
    refused(olga.call("POST", f"/posts/{post}/move", {"due_at": "2024-01-01T00:00:00Z"}, **key), 422, "wrong-use")
    moved = olga.call("POST", f"/posts/{post}/move", {"due_at": "2025-12-05T09:00:00+00:00"}, **key)
    assert moved.json()["due_at"] == "2025-12-05T09:00:00Z"


def queued(room: Room, name: str = "olga") -> int:
    """Queue a post of a shipped template, with a line of its own."""
    found = program(room, name).call("POST", "/posts", {**_new(), "fields": {"x_line": "Ours"}})
    assert found.status_code == 201, found.text
    return int(found.json()["id"])


def last_decision(room: Room, post: int) -> tuple[str, str]:
    """Return who did what to a post last, as the audit chain has it."""
    found = [row for row in _audit(room) if row.subject == f"post:{post}"]
    return found[-1].who, found[-1].action


def test_a_post_is_queued_like_any_other(room: Room) -> None:
    post = queued(room)
    seen = program(room, "rita").get(f"/posts/{post}")
    assert (seen["status"], seen["partner"], seen["due_at"]) == ("in_review", "oak", "2025-12-03T09:00:00Z")
    stored = room.office.seen(post)
    assert (stored.status, stored.queued_by, stored.fields) == (Status.IN_REVIEW, "olga", {"x_line": "Ours"})
    assert "Ours" in stored.draft["words"]
    assert room.office.moves(post) == [("olga", "queue"), ("olga", "submit")]
    assert last_decision(room, post) == ("olga", "submit")


@pytest.mark.parametrize(
    ("changes", "status", "code", "said"),
    [
        ({"channel": "facebook"}, 422, "wrong-use", "has no account on facebook"),
        ({"template": "none"}, 422, "wrong-use", "no template 'none' for x"),
        ({"fields": {}}, 422, "bad-fields", "x_line"),
        ({"fields": {"x_line": "Ours", "image": "campaign.key"}}, 422, "bad-fields", "no picture comes in here"),
    ],
)
def test_a_post_that_cannot_be_queued_is_refused_with_its_reason(
    room: Room, changes: dict[str, object], status: int, code: str, said: str
) -> None:
    found = program(room, "olga").call("POST", "/posts", {**_new(), **changes})
    refused(found, status, code)
    assert said in found.text


def test_of_several_accounts_a_program_says_which(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        with room.office.database.write() as session:
            partner = partners.partner_by_key(session, "oak")
            assert partner is not None
            partners.add_account(
                session, Account(partner_id=partner.ident, channel="x", handle="@two", external_id="2")
            )
        olga, new = program(room, "olga"), {**_new(), "fields": {"x_line": "Ours"}}
        for account in ("", "@third"):
            found = olga.call("POST", "/posts", {**new, "account": account})
            refused(found, 422, "wrong-use")
            assert "@two" in found.text
        made = olga.call("POST", "/posts", {**new, "account": "Two"})
        assert (made.status_code, made.json()["account"]) == (201, "@two")


def test_no_program_names_a_file_of_the_workspace(room: Room) -> None:
    post = queued(room)
    found = program(room, "olga").call("PATCH", f"/posts/{post}", {"fields": {"image": "config.toml"}})
    refused(found, 422, "bad-fields")
    assert room.office.seen(post).fields == {"x_line": "Ours"}


def test_other_words_are_stored_and_void_the_approval(room: Room) -> None:
    post = queued(room)
    rita = program(room, "rita")
    rita.call("POST", f"/posts/{post}/approve", {"content_hash": rita.get(f"/posts/{post}")["content_hash"]})
    assert room.office.seen(post).status == Status.APPROVED
    found = program(room, "olga").call("PATCH", f"/posts/{post}", {"fields": {"x_line": "Other"}})
    assert (found.status_code, found.json()["status"]) == (200, "in_review")
    stored = room.office.seen(post)
    assert (stored.fields, stored.approved_hash) == ({"x_line": "Other"}, None)
    assert "Other" in rita.get(f"/posts/{post}/preview")["text"]
    assert room.office.moves(post)[-1] == ("olga", "edit")
    assert last_decision(room, post) == ("olga", "edit")


@pytest.mark.parametrize(
    ("name", "move", "body", "before", "after"),
    [
        ("olga", "submit", None, Status.DRAFT, Status.IN_REVIEW),
        ("olga", "withdraw", {"reason": "over"}, Status.APPROVED, Status.WITHDRAWN),
        ("rita", "reject", {"reason": "Not ours to say"}, Status.IN_REVIEW, Status.REJECTED),
    ],
)
def test_a_decision_of_a_program_is_its_persons(
    room: Room, name: str, move: str, body: object, before: Status, after: Status
) -> None:
    post = room.office.post("oak", status=before)
    found = program(room, name).call("POST", f"/posts/{post}/{move}", body)
    assert (found.status_code, found.json()["status"]) == (200, after.value)
    assert room.office.seen(post).status == after
    assert room.office.moves(post)[-1] == (name, move)
    assert last_decision(room, post) == (name, move)


def test_holds_are_set_foretold_and_released(room: Room) -> None:
    rita = program(room, "rita")
    scope = f"post:{room.office.post('oak')}"
    made = rita.call("POST", "/holds", {"scope": scope, "reason": "Wait for the figures"})
    assert made.status_code == 201
    assert (made.json()["scope"], made.json()["held_by"]) == (scope, "rita")
    assert scope in {row["scope"] for row in rita.get("/holds")["items"]}
    assert rita.get(f"/holds/foretell?scope={scope}") == {"items": [], "next": None}
    assert rita.call("POST", "/holds/release", {"scope": scope}).json() == {"scope": scope, "released": 1}
    refused(rita.call("POST", "/holds/release", {"scope": scope}), 404, "not-found")
    refused(rita.call("POST", "/holds", {"scope": "the moon", "reason": "x"}), 422, "wrong-use")


def test_the_log_is_read_page_by_page_oldest_first(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        measure(room)
        olga, seen, cursor = program(room, "olga"), list[tuple[str, str]](), ""
        while cursor is not None:
            page = olga.get(f"/log?limit=200&partner=oak&cursor={cursor}")
            seen += [(row["taken_at"], row["id"]) for row in page["items"]]
            assert {row["partner"] for row in page["items"]} == {"oak"}
            cursor = page["next"]
        assert len(seen) == len(set(seen)) > 200
        assert [at for at, _ in seen] == sorted(at for at, _ in seen)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/posts/1/move", {"due_at": "9999-12-31T23:59:59-05:00"}, "unreadable"),
        ("/posts/1/move", {"due_at": "2025-12-05T09:00:00"}, "unreadable"),
        ("/posts/1/withdraw", {"reason": "a\x00b"}, "unreadable"),
        ("/posts/1/withdraw", {"reason": " "}, "unreadable"),
        ("/posts/1/withdraw", {"reason": "over", "more": 1}, "unreadable"),
        ("/posts/0/withdraw", {"reason": "over"}, "unreadable"),
        ("/posts/99999999999999999999/withdraw", {"reason": "over"}, "unreadable"),
        ("/posts/2147483647/withdraw", {"reason": "over"}, "not-found"),
        ("/posts/1%0A2/withdraw", {"reason": "over"}, "unreadable"),
        ("/none", {}, "not-found"),
    ],
)
def test_what_cannot_be_understood_is_told_as_a_problem(room: Room, path: str, body: object, code: str) -> None:
    found = program(room, "adam").call("POST", path, body)
    refused(found, 404 if code == "not-found" else 422, code)


def test_a_body_that_is_too_long_is_not_read(room: Room) -> None:
    found = Program(room, None).call("POST", "/posts", {"partner": "x" * 200_000})
    refused(found, 413, "too-long")
    parts = (b"{" for _ in range(3))
    chunked = requests.post(f"{room.address}/api/v1/posts", data=parts, timeout=20)
    assert chunked.status_code == 413


def test_the_document_says_how_to_get_in_and_what_goes_wrong(room: Room) -> None:
    document = requests.get(f"{room.address}/api/v1/openapi.json", timeout=20).json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["security"], (method, path)
            for status in ("422", "500", "503"):
                assert "application/problem+json" in operation["responses"][status]["content"]
    assert "answered 405" in document["info"]["description"]


def test_too_many_calls_are_told_when_to_come_back(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        answers = [Program(room, "cmp_guessed").call("GET", "/posts") for _ in range(61)]
        assert {answer.status_code for answer in answers[:60]} == {401}
        refused(answers[60], 429, "too-many")
        assert int(answers[60].headers["retry-after"]) > 0
        assert program(room, "rita").call("GET", "/posts").status_code == 200, "a token that serves is let in"
