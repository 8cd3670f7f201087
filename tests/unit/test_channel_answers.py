"""What each answer of a platform means: the tables of the documents, answer by answer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaign.channels import _facebook_wire, _linkedin_wire, _x_wire
from campaign.channels._tokens import ends_at, renewed
from campaign.errors import AccountBlocked, CredentialDead, Duplicate, Forbidden, Outcome, Refused, Unknown, Wait
from campaign.http import Answer

NOW = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
BACK_OFF = timedelta(minutes=1)
PAGE = b"<html>Bad gateway</html>"

Gone = Callable[[Answer], bool]


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def problem(status: int, detail: str = "", kind: str = "about:blank") -> Answer:
    return answer(status, {"title": "A problem", "detail": detail, "type": kind, "status": status})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (problem(400, "Tweet text is too long"), Refused),
        (problem(401, "Unauthorized"), CredentialDead),
        (problem(402, "CreditsDepleted"), AccountBlocked),
        (answer(402, PAGE), AccountBlocked),
        (problem(403, "You are not allowed to create a Tweet with duplicate content."), Duplicate),
        (problem(403, "You are not permitted to perform this action."), Forbidden),
        (problem(404), Refused),
        (problem(408), Unknown),
        (problem(503, "Service Unavailable"), Unknown),
        (answer(403, PAGE), Unknown),
        (answer(400, [1, 2]), Unknown),
        (answer(302), Unknown),
        (answer(400, {"errors": None, "title": "Invalid Request"}), Refused),
        (problem(429), Wait),
        (answer(429, PAGE), Wait),
    ],
)
def test_what_x_means(given: Answer, kind: type[Outcome]) -> None:
    assert type(_x_wire.refusal(given, NOW, BACK_OFF)) is kind


def x_wait(**headers: str) -> Wait:
    told = _x_wire.refusal(answer(429, {"title": "Too Many Requests"}, **headers), NOW, BACK_OFF)
    assert isinstance(told, Wait)
    return told


def test_x_says_until_when_by_the_limit_that_is_used_up() -> None:
    soon, late = (str(int((NOW + timedelta(hours=hours)).timestamp())) for hours in (1, 20))
    assert x_wait(x_rate_limit_reset=soon).until == NOW + timedelta(hours=1)
    both = {"x_rate_limit_reset": soon, "x_user_limit_24hour_remaining": "0", "x_user_limit_24hour_reset": late}
    assert x_wait(**both).until == NOW + timedelta(hours=20)


@pytest.mark.parametrize("headers", [{}, {"x_rate_limit_reset": "soon"}, {"x_rate_limit_reset": "1"}])
def test_x_without_a_time_to_come_waits_by_the_settings(headers: dict[str, str]) -> None:
    told = x_wait(**headers)
    assert (told.until, told.after) == (None, BACK_OFF)


@pytest.mark.parametrize("body", [None, {}, {"data": None}, {"data": {"id": 5}}, {"data": {"id": "no"}}, PAGE, []])
def test_x_without_a_well_formed_id_is_unknown(body: Any) -> None:
    with pytest.raises(Unknown):
        _x_wire.new_id(answer(201, body))


def test_an_id_of_x_tells_its_instant() -> None:
    assert _x_wire.instant_of(_x_wire.snowflake(NOW)) == NOW
    assert _x_wire.instant_of("1879942264432177321").date().isoformat() == "2025-01-16"


def graph(code: int | None, status: int = 400, **more: Any) -> Answer:
    return answer(status, {"error": {"message": "words", "code": code, **more}})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (graph(1), Unknown),
        (graph(2, 503), Unknown),
        (graph(100, is_transient=True), Unknown),
        (graph(4), Wait),
        (graph(4, is_transient=True), Wait),
        (graph(17, 403), Wait),
        (graph(32), Wait),
        (graph(613), Wait),
        (graph(80001, 429), Wait),
        (graph(341), Wait),
        (graph(10), Forbidden),
        (graph(200, 403), Forbidden),
        (graph(299), Forbidden),
        (graph(100), Refused),
        (graph(1609005), Refused),
        (graph(102), CredentialDead),
        (graph(190, 401, error_subcode=463), CredentialDead),
        (graph(368), AccountBlocked),
        (graph(506), Duplicate),
        (graph(100, error_subcode=1363047), Unknown),
        (graph(1, error_subcode=1390008), Wait),
        (graph(None), Unknown),
        (graph(100, 500), Unknown),
        (answer(502, PAGE), Unknown),
        (answer(403, PAGE), Unknown),
        (answer(429, PAGE), Wait),
        (answer(302), Unknown),
    ],
)
def test_what_facebook_means(given: Answer, kind: type[Outcome]) -> None:
    assert type(_facebook_wire.refusal(given, BACK_OFF)) is kind


def test_an_error_in_a_success_of_facebook_is_an_error() -> None:
    with pytest.raises(Refused):
        _facebook_wire.good(graph(100, 200), BACK_OFF)


def test_facebook_says_in_minutes_when_calls_are_taken_again() -> None:
    usage = json.dumps({"1001": [{"type": "pages", "estimated_time_to_regain_access": 42}]})
    error = {"error": {"code": 32}}
    told = _facebook_wire.refusal(
        Answer(400, {"x-business-use-case-usage": usage}, json.dumps(error).encode()), BACK_OFF
    )
    assert isinstance(told, Wait)
    assert told.after == timedelta(minutes=42)


@pytest.mark.parametrize("usage", ["", "{}", "[]", '{"1": 5}', '{"1": []}', '{"1": [{}]}', "no"])
def test_a_usage_header_that_says_nothing_is_passed_over(usage: str) -> None:
    assert _facebook_wire.regained({"x-business-use-case-usage": usage}) is None


@pytest.mark.parametrize("body", [None, {}, {"success": True}, {"id": 7}, {"id": ""}, {"id": "no_id"}, PAGE, [1]])
def test_facebook_without_a_well_formed_id_is_unknown(body: Any) -> None:
    with pytest.raises(Unknown):
        _facebook_wire.new_id(answer(200, body))


def rest(status: int, message: str = "", **more: Any) -> Answer:
    return answer(status, {"status": status, "message": message, **more})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (rest(400, code="ILLEGAL_ARGUMENT"), Refused),
        (rest(401, "Invalid access token", serviceErrorCode=65600), CredentialDead),
        (rest(403, code="ACCESS_DENIED"), Forbidden),
        (rest(404), Refused),
        (rest(422, "Content is a duplicate of urn:li:share:7"), Duplicate),
        (rest(422, "The field is too long"), Refused),
        (rest(426, code="NONEXISTENT_VERSION"), AccountBlocked),
        (answer(426), AccountBlocked),
        (rest(429, "throttle limit"), Wait),
        (answer(429), Wait),
        (rest(500), Unknown),
        (answer(504, PAGE), Unknown),
        (answer(403, PAGE), Unknown),
        (rest(408), Unknown),
    ],
)
def test_what_linkedin_means(given: Answer, kind: type[Outcome]) -> None:
    assert type(_linkedin_wire.refusal(given, NOW, BACK_OFF)) is kind


def test_linkedin_names_the_post_that_is_there() -> None:
    told = _linkedin_wire.refusal(rest(422, "Content is a duplicate of urn:li:ugcPost:70"), NOW, BACK_OFF)
    assert isinstance(told, Duplicate)
    assert told.external_id == "urn:li:ugcPost:70"


def test_linkedins_daily_limit_ends_at_midnight_utc() -> None:
    told = _linkedin_wire.refusal(rest(429, "throttled by the DAY limit"), NOW, BACK_OFF)
    assert isinstance(told, Wait)
    assert told.until == datetime(2025, 12, 3, tzinfo=UTC)


@pytest.mark.parametrize("urn", ["", "urn:li:share:", "urn:li:comment:1", "7"])
def test_linkedin_without_a_well_formed_id_is_unknown(urn: str) -> None:
    with pytest.raises(Unknown):
        _linkedin_wire.new_urn(Answer(201, {"x-restli-id": urn}))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-12-02T09:00:00Z", NOW),
        ("2025-12-02T10:00:00+01:00", NOW),
        ("1764666000", NOW),
        ("2025-12-02T09:00:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_end_of_a_token_is_read_only_where_it_is_clear(text: str, instant: datetime | None) -> None:
    assert ends_at({"expires_at": text}) == instant


def test_a_renewal_keeps_what_the_answer_does_not_replace() -> None:
    old = {"access_token": "a", "refresh_token": "r", "client_id": "c", "expires_at": "2025-01-01T00:00:00Z"}
    fresh = renewed(old, answer(200, {"access_token": "b", "expires_in": 7200}), NOW)
    assert fresh == {**old, "access_token": "b", "expires_at": "2025-12-02T11:00:00Z"}


def test_a_renewal_without_a_token_is_unknown() -> None:
    with pytest.raises(Unknown):
        renewed({}, answer(200, {"ok": True}), NOW)


NOT_FOUND = {"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}
TEAPOT = {"title": "Not Found", "type": "about:blank", "status": 404}
ENTITY = {"status": 404, "code": "NOT_FOUND", "message": "could not find entity urn:li:share:1"}
GRAPH_GONE = {"error": {"message": "Unsupported delete request.", "code": 100, "error_subcode": 33}}


@pytest.mark.parametrize(
    ("gone", "given", "says"),
    [
        (_x_wire.gone, answer(200, {"data": {"deleted": True}}), True),
        (_x_wire.gone, answer(200, {"data": {"retweeted": False}}), True),
        (_x_wire.gone, answer(200, {"data": {"reposted": False}}), True),
        (_x_wire.gone, answer(404, {**NOT_FOUND, "resource_type": "tweet", "status": 404}), True),
        (_x_wire.gone, answer(404, {"title": "Not Found", "errors": [{**NOT_FOUND, "resource_type": "post"}]}), True),
        (_x_wire.gone, answer(200, {"errors": [NOT_FOUND]}), True),
        (_x_wire.gone, answer(404, {**NOT_FOUND, "resource_type": "user"}), False),
        (_x_wire.gone, answer(404, TEAPOT), False),
        (_x_wire.gone, answer(404, {"errors": None}), False),
        (_x_wire.gone, answer(404, {"errors": ["gone"]}), False),
        (_x_wire.gone, answer(404, PAGE), False),
        (_x_wire.gone, answer(404), False),
        (_x_wire.gone, answer(503, NOT_FOUND), False),
        (_x_wire.gone, answer(200, {"data": {"deleted": False}}), False),
        (_x_wire.gone, answer(200, {"data": {}}), False),
        (_x_wire.gone, answer(200, PAGE), False),
        (_linkedin_wire.gone, answer(204), True),
        (_linkedin_wire.gone, answer(200, {}), True),
        (_linkedin_wire.gone, answer(404, ENTITY), True),
        (_linkedin_wire.gone, answer(404, {"status": 404, "message": "Not Found"}), True),
        (_linkedin_wire.gone, answer(404, {"status": 404, "message": "Resource posts does not exist"}), False),
        (_linkedin_wire.gone, answer(404, {**ENTITY, "code": "RESOURCE_NOT_FOUND"}), False),
        (_linkedin_wire.gone, answer(404, {"error": "not found"}), False),
        (_linkedin_wire.gone, answer(404, PAGE), False),
        (_linkedin_wire.gone, answer(404), False),
        (_linkedin_wire.gone, answer(200, PAGE), False),
        (_facebook_wire.gone, answer(200, {"success": True}), True),
        (_facebook_wire.gone, answer(400, GRAPH_GONE), False),
        (_facebook_wire.gone, answer(200, {"success": True, **GRAPH_GONE}), False),
        (_facebook_wire.out_of_reach, answer(400, GRAPH_GONE), True),
        (_facebook_wire.out_of_reach, answer(404, GRAPH_GONE), True),
        (_facebook_wire.out_of_reach, graph(100), False),
        (_facebook_wire.out_of_reach, graph(10, error_subcode=33), False),
        (_facebook_wire.out_of_reach, answer(503, GRAPH_GONE), False),
        (_facebook_wire.out_of_reach, answer(404, {"error": "not found"}), False),
        (_facebook_wire.gone, answer(404, PAGE), False),
        (_facebook_wire.gone, answer(200, {"success": False}), False),
        (_facebook_wire.gone, answer(200, PAGE), False),
    ],
)
def test_only_a_platforms_own_answer_says_that_a_post_is_gone(gone: Gone, given: Answer, says: bool) -> None:  # noqa: FBT001 - a row of the table
    assert gone(given) is says
