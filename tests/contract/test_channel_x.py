"""The channel X: its requests held against X's own OpenAPI documents, and what is peculiar to X."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_schema_validator import OAS30Validator
from requests import PreparedRequest, Response

from campaign.channels._x_looking import respelled
from campaign.channels._x_owner import Owners
from campaign.channels._x_wire import Wire
from campaign.clock import SystemClock
from campaign.errors import AccountBlocked, CannotLook, CredentialDead, NeverSent, Stranger
from campaign.http import Answer, Session
from campaign.ports import Draft, Media, Message
from campaign.sandbox.x_bill import owed

Build = Callable[..., Any]
Pictures = Callable[[int], tuple[Media, ...]]

DATA = Path(__file__).parent.parent / "data"
DOCUMENTS = {
    version: json.loads(gzip.decompress((DATA / f"x-openapi-{version}.json.gz").read_bytes()))
    for version in ("2.166-tweet.fields", "2.167-post.fields")
}
WORDS = "Fish & chips < 5 pounds? Read example.org and https://www.gov.uk/dfe/SEND-conversation today"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[PreparedRequest]:
    """Every request that goes out."""
    requests: list[PreparedRequest] = []
    send = Session.send

    def noting(self: Session, request: PreparedRequest, **more: Any) -> Response:
        requests.append(request)
        return send(self, request, **more)

    monkeypatch.setattr(Session, "send", noting)
    return requests


def _body_of(request: PreparedRequest) -> Any:
    return json.loads(request.body or "null")


def _route(request: PreparedRequest, document: dict[str, Any]) -> str:
    path = urlsplit(str(request.url)).path.removeprefix("/x")
    parts = path.split("/")
    for route in document["paths"]:
        pattern = route.split("/")
        if len(pattern) == len(parts) and all(p == q or p.startswith("{") for p, q in zip(pattern, parts, strict=True)):
            return str(route)
    pytest.fail(f"{path} is not in the document")


def _faults(schema: dict[str, Any], document: dict[str, Any], value: Any) -> list[str]:
    return [
        fault.message for fault in OAS30Validator({**schema, "components": document["components"]}).iter_errors(value)
    ]


@pytest.mark.parametrize("version", DOCUMENTS)
def test_every_body_is_allowed_by_both_documents(
    stage: Build, sent: list[PreparedRequest], watch: Any, pictures: Pictures, version: str
) -> None:
    play, document = stage("x"), DOCUMENTS[version]
    post = play.channel.publish(play.who, Message("x", WORDS, media=pictures(2)), watch)
    play.channel.publish(play.who, Message("x", "words alone"), watch)
    other = play.as_account("2002")
    other.channel.publish(other.who, Message("x", "", share_of=post.external_id), watch)
    checked = 0
    for request in (one for one in sent if one.method != "GET"):
        operation = document["paths"][_route(request, document)][str(request.method).lower()]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert _faults(schema, document, _body_of(request)) == []
        checked += 1
    assert checked == 2 * 2 + 3


@pytest.mark.parametrize(("version", "spell"), list(zip(DOCUMENTS, (dict, respelled), strict=True)))
def test_every_query_is_allowed_in_the_spelling_of_its_document(
    stage: Build,
    sent: list[PreparedRequest],
    watch: Any,
    version: str,
    spell: Callable[[dict[str, str]], dict[str, str]],
) -> None:
    play, document = stage("x"), DOCUMENTS[version]
    post = play.channel.publish(play.who, Message("x", WORDS), watch)
    play.channel.find(play.who, play.evidence(Message("x", WORDS)))
    play.channel.measure(play.who, [post.external_id])
    play.channel.verify(play.who)
    reads = [request for request in sent if request.method == "GET" and urlsplit(str(request.url)).query]
    assert len(reads) == 4
    for request in reads:
        allowed = {
            one["name"]: one
            for one in (
                _resolved(part, document) for part in document["paths"][_route(request, document)]["get"]["parameters"]
            )
        }
        query = dict(parse_qsl(urlsplit(str(request.url)).query))
        for name, value in (spell(query) if "tweet.fields" in query else query).items():
            schema = allowed[name]["schema"]
            listed: Any = value.split(",") if schema.get("type") == "array" else value
            assert _faults(schema, document, int(listed) if schema.get("type") == "integer" else listed) == []


def _resolved(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: dict[str, Any] = document["components"]["parameters"][part["$ref"].rpartition("/")[2]]
    return found


@pytest.mark.parametrize("number", ["1001", "2002"])
def test_both_kinds_of_credentials_publish_and_read(stage: Build, watch: Any, number: str) -> None:
    play = stage("x").as_account(number)
    receipt = play.channel.publish(play.who, Message("x", WORDS), watch)
    assert receipt.url == f"https://x.com/p{number}/status/{receipt.external_id}"
    assert play.channel.verify(play.who).handle == f"@p{number}"
    sighting = play.channel.find(play.who, play.evidence(Message("x", WORDS), control_id=receipt.external_id))
    assert [match.external_id for match in sighting.matches] == [receipt.external_id]


def test_where_x_knows_the_old_names_no_more_the_new_ones_are_used(
    stage: Build, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = stage("x")
    receipt = play.channel.publish(play.who, Message("x", WORDS), watch)
    ask, refused = Wire.ask, []

    def strict(self: Wire, method: str, route: str, **more: Any) -> Answer:
        if "tweet.fields" in (more.get("params") or {}):
            refused.append(route)
            return Answer(400, {}, b'{"title": "Invalid Request", "status": 400}')
        return ask(self, method, route, **more)

    monkeypatch.setattr(Wire, "ask", strict)
    sighting = play.channel.find(play.who, play.evidence(Message("x", WORDS), control_id=receipt.external_id))
    assert [match.external_id for match in sighting.matches] == [receipt.external_id]
    assert set(play.channel.measure(play.who, [receipt.external_id])) == {receipt.external_id}
    assert len(refused) == 3


def test_two_posts_alike_are_both_shown(stage: Build, watch: Any) -> None:
    play = stage("x")
    play.box.world.switches["x.duplicate_window"] = 0
    ids = [play.channel.publish(play.who, Message("x", WORDS), watch).external_id for _ in range(2)]
    sighting = play.channel.find(play.who, play.evidence(Message("x", WORDS), control_id=ids[0]))
    assert {match.external_id for match in sighting.matches} == set(ids)


def test_a_repost_made_twice_is_one(stage: Build, watch: Any) -> None:
    play = stage("x")
    original = play.as_account("2002")
    source = original.channel.publish(original.who, Message("x", WORDS), watch).external_id
    share = Message("x", "", share_of=source)
    first = play.channel.publish(play.who, share, watch)
    second = play.channel.publish(play.who, share, watch)
    assert first.external_id == second.external_id == f"rt:{source}"
    assert len(play.ledger()) == 2
    assert play.channel.measure(play.who, [first.external_id]) == {}
    sighting = play.channel.find(play.who, play.evidence(Message("x", "other"), control_id=first.external_id))
    assert sighting.control_seen


def test_a_token_refused_once_is_tried_once_more(stage: Build, watch: Any) -> None:
    play = stage("x")
    play.goes_wrong("dead-token", times=1)
    play.channel.publish(play.who, Message("x", WORDS), watch)
    assert play.applied() == {"x.create.dead-token": 1}
    assert len(play.ledger()) == 1


def test_used_up_credits_stop_the_account(stage: Build, watch: Any) -> None:
    play = stage("x")
    play.box.world.switches["x.out_of_credits"] = True
    with pytest.raises(AccountBlocked):
        play.channel.publish(play.who, Message("x", WORDS), watch)


def test_a_renewal_spends_the_old_token_and_gives_a_pair_that_works(stage: Build, watch: Any) -> None:
    play = stage("x").as_account("2002")
    fresh = play.channel.renew(play.who.credentials)
    assert fresh["refresh_token"] != play.who.credentials["refresh_token"]
    assert fresh["access_token"] != play.who.credentials["access_token"]
    assert fresh["client_id"] == "elm-app"
    assert play.channel.renews_at(fresh) > SystemClock().now()
    with pytest.raises(CredentialDead):
        play.channel.renew(play.who.credentials)
    play.channel.publish(replace(play.who, credentials=fresh), Message("x", WORDS), watch)
    assert len(play.ledger()) == 1


def test_a_refresh_token_that_names_no_app_is_that_of_ours_or_is_not_spent(stage: Build) -> None:
    nameless = {"access_token": "elm-access", "refresh_token": "elm-refresh", "expires_at": "2026-01-01T00:00:00Z"}
    for channel in (stage("x").channel, stage("x", client_id="elm-app", client_secret="env:SECRET").channel):
        assert (channel.renewable(nameless), channel.renews_at(nameless)) == (False, None)
    ours = stage("x", client_id="elm-app").channel
    assert ours.renewable(nameless)
    assert ours.renew(nameless)["access_token"] != "elm-access"


def _as(who: Any, external_id: str, **credentials: str) -> Any:
    return replace(who, external_id=external_id, credentials={**who.credentials, **credentials})


def test_verify_names_the_stranger_whose_credentials_these_are(stage: Build) -> None:
    play = stage("x")
    with pytest.raises(Stranger, match=r"@p1001 \(1001\)"):
        play.channel.verify(_as(play.who, "2002"))


def test_verify_shows_no_post_so_that_it_costs_nothing(stage: Build, watch: Any) -> None:
    play = stage("x")
    for number in range(3):
        play.channel.publish(play.who, Message("x", f"Post {number}"), watch)
    assert play.channel.verify(play.who).can_find
    assert owed(play.box.world) == 0


@pytest.mark.parametrize("number", ["1001", "2002"], ids=["OAuth 1.0a", "OAuth 2.0"])
def test_the_words_of_one_account_go_out_from_no_other(stage: Build, watch: Any, number: str) -> None:
    play = stage("x").as_account(number)
    wrong = _as(play.who, "3003")
    for message in (Message("x", WORDS), Message("x", "", share_of="1"), Message("x", "once more")):
        with pytest.raises(Stranger, match=number):
            play.channel.publish(wrong, message, watch)
    with pytest.raises(CannotLook, match=number) as told:
        play.channel.find(wrong, play.evidence(Message("x", WORDS)))
    assert (told.value.permanent, play.ledger()) == (True, [])


def test_a_token_that_tells_whose_it_is_is_not_asked_about(
    stage: Build, watch: Any, sent: list[PreparedRequest]
) -> None:
    play = stage("x")
    play.channel.publish(play.who, Message("x", WORDS), watch)
    play.channel.find(play.who, play.evidence(Message("x", WORDS)))
    assert [request for request in sent if str(request.url).endswith("/users/me")] == []


def test_another_token_is_asked_about_once_and_its_renewals_never(
    stage: Build, watch: Any, sent: list[PreparedRequest]
) -> None:
    play = stage("x").as_account("2002")
    for words in ("one", "two"):
        play.channel.publish(play.who, Message("x", words), watch)
    assert watch.checks == 3, "the question goes by the gate, too"
    fresh = replace(play.who, credentials=play.channel.renew(play.who.credentials))
    stage("x").channel.publish(fresh, Message("x", "three"), watch)
    assert len([request for request in sent if str(request.url).endswith("/users/me")]) == 1
    with pytest.raises(Stranger):
        stage("x").channel.publish(_as(fresh, "3003"), Message("x", "four"), watch)


@pytest.mark.parametrize("kind", ["drop-before-store", "5xx-before-store", "html-2xx", "edge-404"])
def test_where_x_does_not_say_whose_a_token_is_nothing_was_sent(stage: Build, watch: Any, kind: str) -> None:
    play = stage("x").as_account("2002")
    play.goes_wrong(kind, "read", nth=(1,))
    with pytest.raises(NeverSent):
        play.channel.publish(play.who, Message("x", WORDS), watch)
    assert play.ledger() == []
    play.channel.publish(play.who, Message("x", WORDS), watch)
    assert len(play.ledger()) == 1


def test_of_very_many_tokens_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.channels._x_owner._REMEMBERED", 2)
    owners, tokens = Owners(), [{"access_token": f"t{number}"} for number in range(3)]
    for number, token in enumerate(tokens):
        owners.keep(token, str(number))
    assert [owners.of(token) for token in tokens] == [None, "1", "2"]


def test_a_missing_image_stops_the_post_before_anything_is_sent(stage: Build, watch: Any, pictures: Pictures) -> None:
    play, images = stage("x"), pictures(1)
    images[0].path.unlink()
    with pytest.raises(NeverSent, match="cannot be read"):
        play.channel.publish(play.who, Message("x", WORDS, media=images), watch)
    assert watch.checks == 0


def test_composing_leaves_the_words_and_the_compose_page_carries_them(stage: Build) -> None:
    play = stage("x")
    made = play.channel.compose(Draft(WORDS, link="https://www.gov.uk/x", link_title="t"), "k3j9x2ab")
    assert made == Message("x", WORDS)
    url = play.channel.compose_url(play.who, made)
    assert parse_qsl(urlsplit(url).query) == [("text", WORDS)]
