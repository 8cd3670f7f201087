"""What the local X takes as a post or a repost, held against X's own OpenAPI documents and the public rules."""

from datetime import UTC, datetime, timedelta

import pytest
from x_api import EPOCH_MS, Api, ShiftedClock, held_by_both

from campaign.sandbox.server import Sandbox


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


@pytest.mark.parametrize("sign", ["\ufeff", "\ufffe", "\uffff"])
def test_a_character_that_x_takes_in_no_post_is_refused(elm: Api, box: Sandbox, sign: str) -> None:
    assert elm("POST", "/2/tweets", json={"text": f"Hello{sign} there"}).status_code == 400
    assert box.world.ledger() == []


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
