"""What the local X gives to read: posts, timelines and figures, in the spelling asked for."""

from datetime import timedelta

import pytest
from x_api import Api, ShiftedClock, held, held_by_both, upload

from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

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


def test_private_figures_are_for_ones_own_posts_of_thirty_days(
    box: Sandbox, elm: Api, oak: Api, clock: ShiftedClock
) -> None:
    post_id = elm.post_id("Count me")
    (posted,) = box.world.stored("x")
    box.world.speed, clock.ahead = 1e6, timedelta(days=2)
    query = "tweet.fields=public_metrics,non_public_metrics,organic_metrics"
    own = elm.read(post_id, query)
    assert own["data"][0]["non_public_metrics"]["impression_count"] > 0
    assert own["data"][0]["organic_metrics"]["url_link_clicks"] == box.world.figures(posted).clicks
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
