"""X's emulator, held against X's own OpenAPI documents, a third party's client and the public rules."""

import base64
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
import tweepy
from openapi_schema_validator import OAS30Validator
from PIL import Image
from requests_oauthlib import OAuth1

from campaign.clock import SystemClock
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

DATA = Path(__file__).parent.parent / "data"
DOCUMENTS = {
    "tweet": json.loads(gzip.decompress((DATA / "x-openapi-2.166-tweet.fields.json.gz").read_bytes())),
    "post": json.loads(gzip.decompress((DATA / "x-openapi-2.167-post.fields.json.gz").read_bytes())),
}
EPOCH_MS = 1288834974657

SIGNED = {
    "consumer_key": "app-key",
    "consumer_secret": "app-secret",
    "access_token": "1001-oak",
    "access_token_secret": "oak-secret",
}
TOKENS = {"access_token": "elm-access", "refresh_token": "elm-refresh", "client_id": "elm-app"}
OAK = SandboxAccount("x", "1001", "@oakschool", "oak", "Oak School", credentials=SIGNED)
ELM = SandboxAccount("x", "2002", "elmcouncil", "elm", "Elm Council", credentials=TOKENS)
READER = SandboxAccount(
    "x", "3003", "@reader", "ash", "Ash", credentials={"access_token": "ash", "scopes": "tweet.read users.read"}
)


class ShiftedClock:
    """The machine's clock, moved by ``ahead``."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead

    def monotonic(self) -> float:
        return SystemClock().monotonic()

    def wait(self, event: Event, seconds: float) -> bool:
        return event.wait(seconds)


class Api(requests.Session):
    """A caller of the emulator."""

    def __init__(self, box: Sandbox, token: str = "elm-access") -> None:
        super().__init__()
        self.root = box.x_url
        self.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.request(method, self.root + path, timeout=5, **more)

    def post_id(self, text: str, **more: object) -> str:
        answer = self("POST", "/2/tweets", json={"text": text, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    def read(self, post_id: str, query: str) -> Any:
        return self("GET", f"/2/tweets?ids={post_id}&{query}").json()


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def box(clock: ShiftedClock) -> Iterator[Sandbox]:
    with Sandbox(accounts=[OAK, ELM, READER], clock=clock) as running:
        yield running


@pytest.fixture
def elm(box: Sandbox) -> Iterator[Api]:
    with Api(box) as api:
        yield api


@pytest.fixture
def oak(box: Sandbox) -> Iterator[Api]:
    with Api(box) as api:
        del api.headers["Authorization"]
        api.auth = oauth1()
        yield api


def oauth1(**changes: str) -> OAuth1:
    keys = {**SIGNED, **changes}
    return OAuth1(
        *(keys["consumer_key"], keys["consumer_secret"]), *(keys["access_token"], keys["access_token_secret"])
    )


def png(size: int = 4) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def upload(api: Api, alt: str | None = None, data: bytes | None = None) -> str:
    body = {"media": base64.b64encode(data or png()).decode(), "media_category": "tweet_image"}
    media_id = str(api("POST", "/2/media/upload", json=body).json()["data"]["id"])
    if alt is not None:
        facts = {"id": media_id, "metadata": {"alt_text": {"text": alt}}}
        assert api("POST", "/2/media/metadata", json=facts).status_code == 200
    return media_id


def held(document: str, method: str, path: str, status: str, body: object) -> None:
    """Check an answer against the document, without the keys that it requires and nowhere defines (2.166 has two)."""
    whole = DOCUMENTS[document]
    schema = whole["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    parts = {name: _without_ghosts(part) for name, part in whole["components"]["schemas"].items()}
    OAS30Validator({**schema, "components": {"schemas": parts}}).validate(body)


def _without_ghosts(schema: Mapping[str, Any]) -> dict[str, Any]:
    known = schema.get("properties", {})
    required = [name for name in schema.get("required", []) if name in known]
    cut = {key: value for key, value in schema.items() if key not in {"required", "discriminator"}}
    return {**cut, "required": required} if required else cut


def held_by_both(method: str, path: str, status: str, body: object) -> None:
    for document in DOCUMENTS:
        held(document, method, path, status, body)


# --- who calls -----------------------------------------------------------------------------------------------------


def test_a_signed_call_is_let_in_and_a_badly_signed_one_is_not(oak: Api) -> None:
    assert oak("GET", "/2/users/me").json()["data"] == {"id": "1001", "name": "Oak School", "username": "oakschool"}
    assert oak("GET", "/2/tweets?ids=1,2&tweet.fields=created_at,entities").status_code == 200
    assert oak("POST", "/2/tweets", json={"text": "Signed"}).status_code == 201
    for wrong in ("consumer_secret", "access_token_secret", "consumer_key", "access_token"):
        answer = oak("GET", "/2/users/me", auth=oauth1(**{wrong: "wrong"}))
        assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


def test_a_signature_is_good_for_its_own_address_and_for_one_use(box: Sandbox) -> None:
    prepared = requests.Request("GET", f"{box.x_url}/2/users/me", auth=oauth1()).prepare()
    given: str | bytes = prepared.headers["Authorization"]
    head = {"Authorization": given.decode() if isinstance(given, bytes) else given}
    with requests.Session() as session:
        assert session.get(f"{box.x_url}/2/tweets?ids=1", headers=head, timeout=5).status_code == 401
        assert session.get(f"{box.x_url}/2/users/me", headers=head, timeout=5).status_code == 200
        assert session.get(f"{box.x_url}/2/users/me", headers=head, timeout=5).status_code == 401


def test_an_unknown_bearer_token_or_none_is_refused(box: Sandbox) -> None:
    assert requests.get(f"{box.x_url}/2/users/me", timeout=5).status_code == 401
    with Api(box, "nobody") as api:
        assert api("POST", "/2/tweets", json={"text": "x"}).status_code == 401
    assert box.world.ledger() == []


def test_a_refresh_gives_a_new_pair_and_spends_the_old_one(box: Sandbox, clock: ShiftedClock) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "elm-refresh", "client_id": "elm-app"}
    pair = requests.post(f"{box.x_url}/2/oauth2/token", data=form, timeout=5).json()
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 7200)
    spent = requests.post(f"{box.x_url}/2/oauth2/token", data=form, timeout=5)
    assert (spent.status_code, spent.json()["error"]) == (400, "invalid_request")
    with Api(box, pair["access_token"]) as api:
        assert api("GET", "/2/users/me").json()["data"]["id"] == "2002"
        clock.ahead = timedelta(hours=2, seconds=1)
        assert api("GET", "/2/users/me").status_code == 401
    again = requests.post(
        f"{box.x_url}/2/oauth2/token", data={**form, "refresh_token": pair["refresh_token"]}, timeout=5
    )
    assert again.status_code == 200


def test_a_refresh_for_another_app_is_refused(box: Sandbox) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "elm-refresh", "client_id": "another"}
    assert requests.post(f"{box.x_url}/2/oauth2/token", data=form, timeout=5).status_code == 400


def test_a_token_without_the_write_scope_may_read_only(box: Sandbox) -> None:
    with Api(box, "ash") as ash:
        assert ash("POST", "/2/tweets", json={"text": "x"}).status_code == 403
        assert ash("POST", "/2/media/upload", json={}).status_code == 403
        assert ash("GET", "/2/users/2002/tweets").status_code == 200


# --- create --------------------------------------------------------------------------------------------------------


def test_a_post_is_answered_as_both_documents_say(elm: Api) -> None:
    answer = elm("POST", "/2/tweets", json={"text": "Share your views"})
    assert answer.status_code == 201
    held_by_both("post", "/2/tweets", "201", answer.json())
    stamp = (int(answer.json()["data"]["id"]) >> 22) + EPOCH_MS
    assert abs(datetime.fromtimestamp(stamp / 1000, UTC) - datetime.now(UTC)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x", "unknown": 1},
        {"text": 5},
        {"text": "x", "media": {"media_ids": []}},
        {"text": "x", "media": {"media_ids": ["abc"]}},
        {"text": "x", "reply_settings": "nobody"},
        {"text": "x", "poll": {"options": ["one"], "duration_minutes": 5}},
        {},
        [],
    ],
)
def test_a_body_that_the_document_refuses_is_refused(elm: Api, box: Sandbox, body: object) -> None:
    answer = elm("POST", "/2/tweets", json=body)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/problems/invalid-request")
    assert box.world.ledger() == []


def test_the_weight_decides_not_the_number_of_characters(elm: Api) -> None:
    assert elm("POST", "/2/tweets", json={"text": "a" * 281}).status_code == 400
    assert elm("POST", "/2/tweets", json={"text": "語" * 141}).status_code == 400
    assert elm("POST", "/2/tweets", json={"text": "a" * 256 + " https://www.gov.uk/" + "x" * 300}).status_code == 201


def test_words_come_back_escaped_with_short_addresses(elm: Api) -> None:
    sent = "Fish & chips <now> https://www.gov.uk/dfe/SEND-conversation?a=1&b=2 and gov.uk"
    post_id = elm.post_id(sent)
    (post,) = elm.read(post_id, "tweet.fields=entities")["data"]
    assert post["text"].startswith("Fish &amp; chips &lt;now&gt; https://t.co/")
    assert "gov.uk" not in post["text"]
    first, second = post["entities"]["urls"]
    assert first["expanded_url"] == "https://www.gov.uk/dfe/SEND-conversation?a=1&b=2"
    assert second["expanded_url"] == "http://gov.uk"
    for url in (first, second):
        assert post["text"][url["start"] : url["end"]] == url["url"]


def test_the_same_words_again_are_a_duplicate_for_a_while_even_when_deleted(
    elm: Api, oak: Api, clock: ShiftedClock
) -> None:
    post_id = elm.post_id("Have your say")
    elm("DELETE", f"/2/tweets/{post_id}")
    refused = elm("POST", "/2/tweets", json={"text": "Have  your say "})
    assert refused.status_code == 403
    assert refused.json() == {
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
    }
    assert oak.post_id("Have your say")
    clock.ahead = timedelta(hours=1, seconds=1)
    assert elm.post_id("Have your say")


def test_a_reply_to_oneself_passes_and_to_others_does_not(elm: Api, oak: Api) -> None:
    first = elm.post_id("Thread")
    second = elm.post_id("goes on", reply={"in_reply_to_tweet_id": first})
    (post,) = elm.read(second, "tweet.fields=referenced_tweets,conversation_id")["data"]
    assert post["referenced_tweets"] == [{"type": "replied_to", "id": first}]
    refused = oak("POST", "/2/tweets", json={"text": "x", "reply": {"in_reply_to_tweet_id": first}})
    assert refused.status_code == 403


def test_a_post_is_deleted_by_its_author_alone(elm: Api, oak: Api) -> None:
    post_id = elm.post_id("Going")
    assert oak("DELETE", f"/2/tweets/{post_id}").status_code == 403
    answer = elm("DELETE", f"/2/tweets/{post_id}")
    held_by_both("delete", "/2/tweets/{id}", "200", answer.json())
    assert elm.read(post_id, "")["errors"][0]["resource_id"] == post_id
    assert elm("DELETE", f"/2/tweets/{post_id}").status_code == 404


# --- reposts -------------------------------------------------------------------------------------------------------


def test_a_repost_appears_once_however_often_it_is_asked_for(elm: Api, oak: Api) -> None:
    source = elm.post_id("From the department")
    for _ in range(2):
        answer = oak("POST", "/2/users/1001/retweets", json={"tweet_id": source})
        held_by_both("post", "/2/users/{id}/retweets", "200", answer.json())
    listing = oak("GET", "/2/users/1001/tweets?tweet.fields=referenced_tweets").json()
    assert [post["referenced_tweets"] for post in listing["data"]] == [[{"type": "retweeted", "id": source}]]
    assert listing["data"][0]["text"] == "RT @elmcouncil: From the department"
    assert oak("GET", "/2/users/1001/tweets?exclude=retweets").json() == {"meta": {"result_count": 0}}
    undone = oak("DELETE", f"/2/users/1001/retweets/{source}")
    held_by_both("delete", "/2/users/{id}/retweets/{source_tweet_id}", "200", undone.json())
    assert oak("GET", "/2/users/1001/tweets").json() == {"meta": {"result_count": 0}}


def test_nobody_reposts_in_anothers_name_or_what_is_not_there(elm: Api) -> None:
    source = elm.post_id("Mine")
    assert elm("POST", "/2/users/1001/retweets", json={"tweet_id": source}).status_code == 403
    assert elm("POST", "/2/users/2002/retweets", json={"tweet_id": "5"}).status_code == 404


# --- media ---------------------------------------------------------------------------------------------------------


def test_four_pictures_arrive_with_their_alt_texts(elm: Api, box: Sandbox) -> None:
    ids = [upload(elm, f"Picture {number}") for number in range(4)]
    post_id = elm.post_id("Look", media={"media_ids": ids})
    answer = elm.read(
        post_id, "tweet.fields=attachments,entities&expansions=attachments.media_keys&media.fields=alt_text,url"
    )
    held_by_both("get", "/2/tweets", "200", answer)
    assert answer["data"][0]["attachments"]["media_keys"] == [f"3_{media_id}" for media_id in ids]
    assert [media["alt_text"] for media in answer["includes"]["media"]] == [f"Picture {n}" for n in range(4)]
    tail = answer["data"][0]["entities"]["urls"][-1]
    assert tail["expanded_url"] == f"https://x.com/elmcouncil/status/{post_id}/photo/4"
    assert requests.get(answer["includes"]["media"][0]["url"], timeout=5).content == png()
    assert [item.alt for item in box.world.posts("x", "2002")[0].media] == [f"Picture {n}" for n in range(4)]


def test_media_answers_are_as_both_documents_say(elm: Api) -> None:
    body = {"media": base64.b64encode(png()).decode(), "media_category": "tweet_image"}
    one = elm("POST", "/2/media/upload", json=body)
    held_by_both("post", "/2/media/upload", "200", one.json())
    facts = {"id": one.json()["data"]["id"], "metadata": {"alt_text": {"text": "Alt"}}}
    held_by_both("post", "/2/media/metadata", "200", elm("POST", "/2/media/metadata", json=facts).json())
    state = elm("GET", f"/2/media/upload?command=STATUS&media_id={facts['id']}").json()
    held_by_both("get", "/2/media/upload", "200", state)
    assert "processing_info" not in state["data"]


def test_an_upload_in_parts_is_put_together(elm: Api, box: Sandbox) -> None:
    data = png(64)
    start = {"media_type": "image/png", "total_bytes": len(data), "media_category": "tweet_image"}
    begun = elm("POST", "/2/media/upload/initialize", json=start).json()
    held_by_both("post", "/2/media/upload/initialize", "200", begun)
    media_id = begun["data"]["id"]
    assert elm("POST", "/2/tweets", json={"media": {"media_ids": [media_id]}}).status_code == 400
    for index, part in enumerate((data[:50], data[50:])):
        body = {"media": base64.b64encode(part).decode(), "segment_index": index}
        answer = elm("POST", f"/2/media/upload/{media_id}/append", json=body)
        held_by_both("post", "/2/media/upload/{id}/append", "200", answer.json())
    done = elm("POST", f"/2/media/upload/{media_id}/finalize")
    held_by_both("post", "/2/media/upload/{id}/finalize", "200", done.json())
    stored = box.world.media("x", media_id)
    assert stored is not None
    assert stored.data == data
    assert elm.post_id("", media={"media_ids": [media_id]})


def test_media_may_come_as_multipart_too(elm: Api, box: Sandbox) -> None:
    one = elm("POST", "/2/media/upload", data={"media_category": "tweet_image"}, files={"media": ("a.png", png())})
    stored = box.world.media("x", one.json()["data"]["id"])
    assert stored is not None
    assert stored.data == png()
    start = {"media_type": "image/png", "total_bytes": len(png()), "media_category": "tweet_image"}
    media_id = elm("POST", "/2/media/upload/initialize", json=start).json()["data"]["id"]
    part = elm("POST", f"/2/media/upload/{media_id}/append", data={"segment_index": "0"}, files={"media": png()})
    assert part.status_code == 200
    assert elm("POST", f"/2/media/upload/{media_id}/finalize").json()["data"]["size"] == len(png())


def test_a_video_is_processed_for_a_while(elm: Api, clock: ShiftedClock) -> None:
    start = {"media_type": "video/mp4", "total_bytes": 3, "media_category": "tweet_video"}
    media_id = elm("POST", "/2/media/upload/initialize", json=start).json()["data"]["id"]
    elm("POST", f"/2/media/upload/{media_id}/append", json={"media": "YWJj", "segment_index": 0})
    done = elm("POST", f"/2/media/upload/{media_id}/finalize").json()
    assert done["data"]["processing_info"]["state"] == "in_progress"
    clock.ahead = timedelta(seconds=2)
    state = elm("GET", f"/2/media/upload?command=STATUS&media_id={media_id}").json()
    assert state["data"]["processing_info"]["state"] == "succeeded"


def test_media_of_others_old_media_and_no_media_cannot_be_attached(elm: Api, oak: Api, clock: ShiftedClock) -> None:
    mine, theirs = upload(elm), upload(oak)
    for media_id in (theirs, "77"):
        refused = elm("POST", "/2/tweets", json={"text": "x", "media": {"media_ids": [media_id]}})
        assert (refused.status_code, refused.json()["errors"][0]["message"]) == (400, "Your media IDs are invalid.")
    clock.ahead = timedelta(hours=24, seconds=1)
    assert elm("POST", "/2/tweets", json={"text": "x", "media": {"media_ids": [mine]}}).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"media": "!!!", "media_category": "tweet_image"},
        {"media": base64.b64encode(b"no picture").decode(), "media_category": "tweet_image"},
        {"media": base64.b64encode(b"").decode(), "media_category": "unknown"},
        {"media": "", "media_category": "tweet_image", "media_type": "image/png"},
    ],
)
def test_what_is_no_picture_or_says_too_much_is_refused(elm: Api, body: object) -> None:
    assert elm("POST", "/2/media/upload", json=body).status_code == 400


def test_an_alt_text_over_a_thousand_characters_is_refused(elm: Api) -> None:
    facts = {"id": upload(elm), "metadata": {"alt_text": {"text": "x" * 1001}}}
    assert elm("POST", "/2/media/metadata", json=facts).status_code == 400


# --- reading -------------------------------------------------------------------------------------------------------

ALL_FIELDS = "created_at,public_metrics,entities,attachments,conversation_id,author_id,reply_settings,lang"


def test_reads_are_as_the_documents_say_in_the_spelling_asked_for(elm: Api, oak: Api) -> None:
    post_id = elm.post_id("Read https://www.gov.uk me", media={"media_ids": [upload(elm, "Alt")]})
    oak("POST", "/2/users/1001/retweets", json={"tweet_id": post_id})
    more = "&expansions=attachments.media_keys,author_id&media.fields=alt_text"
    old = elm.read(f"{post_id},5", f"tweet.fields={ALL_FIELDS},non_public_metrics,organic_metrics{more}")
    new = elm.read(f"{post_id},5", f"post.fields={ALL_FIELDS},non_public_metrics,organic_metrics{more}")
    held("tweet", "get", "/2/tweets", "200", old)
    held("post", "get", "/2/tweets", "200", new)
    assert old["data"][0]["public_metrics"]["retweet_count"] == 1
    assert new["data"][0]["public_metrics"]["repost_count"] == 1
    assert "retweet_count" not in new["data"][0]["public_metrics"]
    assert new["data"][0]["edit_history_post_ids"] == old["data"][0]["edit_history_tweet_ids"] == [post_id]
    listing = oak("GET", f"/2/users/1001/tweets?tweet.fields=referenced_tweets,{ALL_FIELDS}").json()
    held("tweet", "get", "/2/users/{id}/tweets", "200", listing)
    renamed = oak("GET", f"/2/users/1001/tweets?post.fields=note_post,{ALL_FIELDS}").json()
    held("post", "get", "/2/users/{id}/tweets", "200", renamed)


def test_what_is_missing_is_a_partial_error_and_the_rest_comes(elm: Api) -> None:
    post_id = elm.post_id("Here")
    answer = elm.read(f"{post_id},99", "")
    assert [post["id"] for post in answer["data"]] == [post_id]
    (error,) = answer["errors"]
    assert (error["resource_id"], error["parameter"], error["title"]) == ("99", "ids", "Not Found Error")
    assert "data" not in elm.read("99", "")


@pytest.mark.parametrize("query", ["ids=", "ids=a", "ids=1&tweet.fields=nonsense", "ids=1&expansions=nonsense"])
def test_a_query_that_the_document_refuses_is_refused(elm: Api, query: str) -> None:
    assert elm("GET", f"/2/tweets?{query}").status_code == 400
    assert elm("GET", "/2/tweets?ids=" + ",".join(map(str, range(1, 102)))).status_code == 400


def test_private_figures_are_for_ones_own_posts_of_thirty_days(elm: Api, oak: Api, clock: ShiftedClock) -> None:
    post_id = elm.post_id("Count me")
    clock.ahead = timedelta(days=2)
    query = "tweet.fields=public_metrics,non_public_metrics,organic_metrics"
    own = elm.read(post_id, query)
    assert own["data"][0]["non_public_metrics"]["impression_count"] > 0
    assert own["data"][0]["organic_metrics"]["url_link_clicks"] >= 0
    others = oak.read(post_id, query)
    assert "non_public_metrics" not in others["data"][0]
    assert others["data"][0]["public_metrics"]["impression_count"] > 0
    assert {error["field"].split(".")[0] for error in others["errors"]} == {"non_public_metrics", "organic_metrics"}
    held("tweet", "get", "/2/tweets", "200", others)
    clock.ahead = timedelta(days=31)
    old = elm.read(post_id, query)
    assert "public_metrics" in old["data"][0]
    assert "non_public_metrics" not in old["data"][0]
    assert old["errors"][0]["type"].endswith("/not-authorized-for-field")


def test_a_timeline_pages_newest_first_without_gaps(elm: Api) -> None:
    ids = [elm.post_id(f"Number {number}") for number in range(12)]
    first = elm("GET", "/2/users/2002/tweets?max_results=5").json()
    assert [post["id"] for post in first["data"]] == ids[:6:-1]
    assert first["meta"]["result_count"] == 5
    seen, token = [post["id"] for post in first["data"]], first["meta"]["next_token"]
    while token:
        page = elm("GET", f"/2/users/2002/tweets?max_results=5&pagination_token={token}").json()
        held_by_both("get", "/2/users/{id}/tweets", "200", page)
        seen += [post["id"] for post in page["data"]]
        token = page["meta"].get("next_token")
    assert seen == ids[::-1]


def test_since_id_and_start_time_bound_a_timeline(elm: Api, clock: ShiftedClock) -> None:
    early = elm.post_id("Early")
    clock.ahead = timedelta(minutes=10)
    late = elm.post_id("Late")

    def listed(query: str) -> list[str]:
        return [post["id"] for post in elm("GET", f"/2/users/2002/tweets?{query}").json().get("data", [])]

    between = (clock.now() - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert listed("max_results=5") == [late, early]
    assert listed(f"since_id={early}") == [late]
    assert listed(f"since_id={int(early) - 1}") == [late, early]
    assert listed(f"until_id={late}") == [early]
    assert listed(f"start_time={between}") == [late]
    assert listed(f"end_time={between}") == [early]
    assert elm("GET", "/2/users/2002/tweets?max_results=4").status_code == 400
    assert elm("GET", "/2/users/2002/tweets?start_time=yesterday").status_code == 400
    assert elm("GET", "/2/users/9/tweets").status_code == 404


def test_a_new_post_can_lag_behind_in_reads(elm: Api, box: Sandbox, clock: ShiftedClock) -> None:
    box.world.faults.replace([Fault("read-lag", "x", "create", seconds=20)])
    post_id = elm.post_id("Lagging")
    assert elm("GET", "/2/users/2002/tweets").json()["meta"]["result_count"] == 0
    clock.ahead = timedelta(seconds=21)
    assert elm("GET", "/2/users/2002/tweets").json()["data"][0]["id"] == post_id


# --- limits and money ----------------------------------------------------------------------------------------------


def test_every_answer_tells_what_is_left_and_the_hundred_and_first_create_waits(
    elm: Api, oak: Api, clock: ShiftedClock
) -> None:
    headers = elm("POST", "/2/tweets", json={"text": "0"}).headers
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("100", "99")
    assert headers["x-user-limit-24hour-remaining"] == headers["x-app-limit-24hour-remaining"] == "9999"
    for number in range(1, 100):
        elm.post_id(str(number))
    refused = elm("POST", "/2/tweets", json={"text": "one too many"})
    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    assert refused.headers["x-rate-limit-remaining"] == "0"
    wait = int(refused.headers["x-rate-limit-reset"]) - clock.now().timestamp()
    assert 800 < wait <= 901
    assert oak.post_id("Others are not held up")
    clock.ahead = timedelta(minutes=15, seconds=1)
    assert elm.post_id("one too many")


def test_the_posts_of_a_day_are_counted_for_each_account_and_for_their_app_together(
    clock: ShiftedClock,
) -> None:
    shared = [{"access_token": name, "client_id": "one-app"} for name in ("first", "second")]
    accounts = [SandboxAccount("x", keys["access_token"], "@p", "p", "P", credentials=keys) for keys in shared]
    with Sandbox(accounts=accounts, clock=clock) as box, Api(box, "first") as first, Api(box, "second") as second:
        box.world.switches["x.creates_per_day"] = 2
        told = [api("POST", "/2/tweets", json={"text": str(api)}).headers for api in (first, second)]
        of_user, of_app = ([headers[f"x-{who}-limit-24hour-remaining"] for headers in told] for who in ("user", "app"))
        assert (of_user, of_app) == (["1", "1"], ["1", "0"])
        refused = first("POST", "/2/tweets", json={"text": "one too many for the app"})
        assert (refused.status_code, refused.headers["x-app-limit-24hour-remaining"]) == (429, "0")
        assert int(refused.headers["x-app-limit-24hour-reset"]) - clock.now().timestamp() > 86_000
        clock.ahead = timedelta(hours=24, seconds=2)
        assert first.post_id("a new day")


def test_a_throttle_fault_comes_with_or_without_the_reset(elm: Api, box: Sandbox) -> None:
    box.world.faults.replace([Fault("429", "x", "create", nth=(1,), seconds=60), Fault("429-no-reset", "x", "create")])
    assert "x-rate-limit-reset" in elm("POST", "/2/tweets", json={"text": "x"}).headers
    assert "x-rate-limit-reset" not in elm("POST", "/2/tweets", json={"text": "x"}).headers


def test_an_account_without_credits_gets_402_until_it_is_topped_up(elm: Api, oak: Api, box: Sandbox) -> None:
    requests.put(f"{box.base_url}/switches", json={"x.out_of_credits": ["2002"]}, timeout=5)
    refused = elm("POST", "/2/tweets", json={"text": "x"})
    assert (refused.status_code, refused.json()["title"]) == (402, "CreditsDepleted")
    assert oak.post_id("x")
    requests.put(f"{box.base_url}/switches", json={"x.out_of_credits": False}, timeout=5)
    assert elm.post_id("x")


# --- a third party's client ----------------------------------------------------------------------------------------


class Redirected(requests.Session):
    """A session that sends what tweepy addresses to X to the emulator."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self.root = root

    def request(self, method: str, url: str, **more: Any) -> requests.Response:  # type: ignore[override]
        more.setdefault("timeout", 5)
        return super().request(method, url.replace("https://api.twitter.com", self.root), **more)


def test_tweepy_posts_lists_measures_and_deletes(box: Sandbox) -> None:
    client = tweepy.Client(**SIGNED)
    client.session = Redirected(box.x_url)
    created = client.create_tweet(text="From tweepy & friends")
    post_id = created.data["id"]
    listed = client.get_users_tweets(
        "1001", max_results=5, tweet_fields=["created_at", "public_metrics"], user_auth=True
    )
    assert [str(post.id) for post in listed.data] == [post_id]
    assert listed.data[0].text == "From tweepy &amp; friends"
    assert listed.data[0].public_metrics["like_count"] == 0
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        client.create_tweet(text="From tweepy & friends")
    assert client.delete_tweet(post_id).data == {"deleted": True}
    client.session.close()
