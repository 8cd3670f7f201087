"""The local Facebook over real HTTP, as the Graph API's reference describes the real one."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import requests
from conftest import MovedClock
from PIL import Image

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.facebook_fields import Field, parse_fields
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

Answer = Any  # a JSON answer, asserted on key by key

PAGE, OTHER, SECRET, SHY = "1001", "1002", "1003", "1004"


def _account(external_id: str, **credentials: str) -> SandboxAccount:
    token = {"access_token": f"page-{external_id}"}
    return SandboxAccount("facebook", external_id, f"p{external_id}", external_id, "A page", "api", token | credentials)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    accounts = [
        _account(PAGE),
        _account(OTHER),
        _account(SECRET, app_secret="hush"),
        _account(SHY, scopes="pages_manage_posts pages_read_engagement"),
    ]
    with Sandbox(accounts=accounts) as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.world.faults.replace(())
    running.world.switches.clear()
    running.world.speed = 1.0
    for post in running.world.stored("facebook"):
        running.world.delete_post("facebook", post.id)


def call(box: Sandbox, method: str, path: str, page: str = PAGE, **named: Any) -> requests.Response:
    params = {"access_token": f"page-{page}"} | named.pop("params", {})
    url = f"{box.facebook_url}/v25.0/{path}"
    return requests.request(method, url, params=params, timeout=5, **named)


def post(box: Sandbox, page: str = PAGE, **data: str) -> Answer:
    answer = call(box, "POST", f"{page}/feed", page, data=data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def error(answer: requests.Response) -> Answer:
    return answer.json()["error"]


def picture(kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


def photo(box: Sandbox, alt: str = "A red square") -> str:
    data = {"published": "false", "alt_text_custom": alt}
    answer = call(box, "POST", f"{PAGE}/photos", data=data, files={"source": ("source", picture(), "image/png")})
    return str(answer.json()["id"])


def test_a_post_is_made_read_listed_edited_and_deleted(box: Sandbox) -> None:
    made = post(box, message="Hello", link="https://www.gov.uk/send", fields="id,permalink_url,created_time")
    assert made["id"].startswith(f"{PAGE}_")
    assert made["permalink_url"].startswith(f"https://www.facebook.com/{PAGE}/posts/")
    assert made["created_time"].endswith("+0000")
    listed = call(box, "GET", f"{PAGE}/published_posts").json()["data"]
    assert listed == [{"id": made["id"], "message": "Hello", "created_time": made["created_time"]}]
    assert call(box, "POST", made["id"], data={"message": "Hello again"}).json() == {"success": True}
    assert call(box, "GET", made["id"], params={"fields": "message"}).json()["message"] == "Hello again"
    assert call(box, "DELETE", made["id"]).json() == {"success": True}
    gone = call(box, "GET", made["id"])
    assert (gone.status_code, error(gone)["code"], error(gone)["error_subcode"]) == (400, 100, 33)


def test_a_link_shows_wrapped_and_bare_in_its_attachment(box: Sandbox) -> None:
    made = post(box, message="Read", link="https://www.gov.uk/send?utm_content=abc")
    fields = "attachments{media_type,target,unshimmed_url,url}"
    attachment = call(box, "GET", made["id"], params={"fields": fields}).json()["attachments"]["data"][0]
    assert attachment["media_type"] == "link"
    assert attachment["unshimmed_url"] == "https://www.gov.uk/send?utm_content=abc"
    assert attachment["url"].startswith("https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.gov.uk")


@pytest.mark.parametrize("form", ["json array", "indexed objects", "indexed keys", "json body"])
def test_photos_are_attached_in_every_form_with_their_alt_text(box: Sandbox, form: str) -> None:
    one, two = photo(box, "First"), photo(box, "Second")
    entries = [{"media_fbid": one}, {"media_fbid": two}]
    bodies: dict[str, dict[str, Any]] = {
        "json array": {"data": {"attached_media": json.dumps(entries)}},
        "indexed objects": {"data": {f"attached_media[{n}]": json.dumps(e) for n, e in enumerate(entries)}},
        "indexed keys": {"data": {f"attached_media[{n}][media_fbid]": e["media_fbid"] for n, e in enumerate(entries)}},
        "json body": {"json": {"attached_media": entries}},
    }
    made = call(box, "POST", f"{PAGE}/feed", **bodies[form]).json()["id"]
    fields = "attachments{media_type,subattachments{target}}"
    album = call(box, "GET", made, params={"fields": fields}).json()["attachments"]["data"][0]
    assert album["media_type"] == "album"
    assert [part["target"]["id"] for part in album["subattachments"]["data"]] == [one, two]
    (line,) = box.world.ledger()
    assert line["media"] == [{"id": one, "alt": "First"}, {"id": two, "alt": "Second"}]


def test_an_array_sent_the_way_facebook_sdk_mangles_it_is_refused(box: Sandbox) -> None:
    answer = call(box, "POST", f"{PAGE}/feed", data={"attached_media": "media_fbid"})
    assert error(answer)["code"] == 100
    assert "attached_media" in error(answer)["message"]


def test_an_unpublished_photo_is_seen_by_nobody_and_is_used_once(box: Sandbox) -> None:
    one = photo(box)
    assert call(box, "GET", f"{PAGE}/published_posts").json() == {"data": []}
    entries = json.dumps([{"media_fbid": one}])
    post(box, message="one", attached_media=entries)
    again = call(box, "POST", f"{PAGE}/feed", data={"message": "two", "attached_media": entries})
    assert error(again)["error_subcode"] == 1366051


def test_a_photo_without_published_false_is_a_post_at_once(box: Sandbox) -> None:
    answer = call(box, "POST", f"{PAGE}/photos", data={"caption": "Look"}, files={"source": ("s", picture())}).json()
    assert answer["post_id"] == call(box, "GET", f"{PAGE}/feed").json()["data"][0]["id"]


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "TIFF", None])
def test_what_is_neither_a_jpeg_nor_a_png_is_refused_as_a_photo(box: Sandbox, kind: str | None) -> None:
    data = picture(kind) if kind else b"text"
    answer = call(box, "POST", f"{PAGE}/photos", files={"source": ("source", data, "image/png")})
    assert error(answer)["error_subcode"] == 1366046


def test_the_words_of_the_last_post_are_a_duplicate_and_older_words_are_not(box: Sandbox) -> None:
    post(box, message="same")
    assert error(call(box, "POST", f"{PAGE}/feed", data={"message": "same "}))["code"] == 506
    post(box, message="other")
    post(box, message="same")
    post(box, page=OTHER, message="same")


def test_a_post_is_passed_on_by_a_link_to_its_permalink(box: Sandbox) -> None:
    original = post(box, message="From here")["id"]
    fields = "shares"
    before = call(box, "GET", original, params={"fields": fields}).json()
    assert "shares" not in before
    shared = post(box, page=OTHER, link=f"https://www.facebook.com/{original}")["id"]
    stored = box.world.post("facebook", shared)
    assert stored is not None
    assert stored.share_of == original
    assert call(box, "GET", original, params={"fields": fields}).json()["shares"] == {"count": 1}
    lost = call(box, "POST", f"{PAGE}/feed", data={"link": "https://www.facebook.com/1001/posts/999"})
    assert error(lost)["error_subcode"] == 1609008


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, 100),
        ({"message": "x", "colour": "red"}, 100),
        ({"message": "x", "published": "False"}, 100),
        ({"link": "gov.uk"}, 100),
        ({"link": "https://nowhere.invalid/"}, 1609005),
        ({"message": "x" * 63_207}, 100),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_posted(box: Sandbox, data: dict[str, str], code: int) -> None:
    answer = call(box, "POST", f"{PAGE}/feed", data=data)
    assert (answer.status_code, error(answer)["code"]) == (400, code)
    assert {"message", "type", "code", "fbtrace_id"} <= set(error(answer))
    assert box.world.ledger() == []


def test_a_listing_goes_newest_first_page_by_page_within_its_times(box: Sandbox) -> None:
    made = [post(box, message=str(number))["id"] for number in range(5)]
    first = call(box, "GET", f"{PAGE}/published_posts", params={"limit": "2", "fields": "id"}).json()
    assert [one["id"] for one in first["data"]] == [made[4], made[3]]
    second = requests.get(first["paging"]["next"], timeout=5).json()
    assert [one["id"] for one in second["data"]] == [made[2], made[1]]
    last = requests.get(second["paging"]["next"], timeout=5).json()
    assert [one["id"] for one in last["data"]] == [made[0]]
    assert "next" not in last["paging"]
    back = requests.get(last["paging"]["previous"], timeout=5).json()
    assert back["data"] == second["data"]
    later = str(int(time.time()) + 60)
    assert call(box, "GET", f"{PAGE}/published_posts", params={"since": later}).json() == {"data": []}
    assert len(call(box, "GET", f"{PAGE}/published_posts", params={"until": later}).json()["data"]) == 5
    assert error(call(box, "GET", f"{PAGE}/published_posts", params={"limit": "101"}))["code"] == 100


def test_insights_give_the_metrics_of_today_and_one_dead_name_fails_all(box: Sandbox) -> None:
    made = post(box, message="Count me")["id"]
    box.world.speed = 1e9
    good = call(box, "GET", f"{made}/insights", params={"metric": "post_media_view,post_clicks"}).json()["data"]
    assert {one["name"] for one in good} == {"post_media_view", "post_clicks"}
    assert good[0]["values"][0]["value"] > 0
    dead = call(box, "GET", f"{made}/insights", params={"metric": "post_media_view,post_impressions"})
    assert error(dead)["message"] == "(#100) The value must be a valid insights metric"
    none = error(call(box, "GET", f"{made}/insights"))
    assert (none["code"], none["error_subcode"]) == (3001, 1504028)


def test_counts_of_what_people_did_need_their_own_permission(box: Sandbox) -> None:
    fields = {"fields": "comments.limit(0).summary(true)"}
    seen = call(box, "GET", post(box, message="a")["id"], params=fields).json()
    assert seen["comments"]["summary"]["total_count"] == 0
    shy = post(box, page=SHY, message="b")["id"]
    assert error(call(box, "GET", shy, SHY, params=fields))["code"] == 10
    assert error(call(box, "GET", f"{shy}/insights", SHY, params={"metric": "post_clicks"}))["code"] == 10


def test_many_are_read_at_once_and_one_wrong_id_fails_all(box: Sandbox) -> None:
    one, two = post(box, message="1")["id"], post(box, message="2")["id"]
    both = call(box, "GET", "", params={"ids": f"{one},{two}", "fields": "message"}).json()
    assert both == {one: {"id": one, "message": "1"}, two: {"id": two, "message": "2"}}
    assert error(call(box, "GET", "", params={"ids": f"{one},1001_5"}))["error_subcode"] == 33


def test_a_batch_answers_each_request_in_order(box: Sandbox) -> None:
    made = post(box, message="1")["id"]
    parts = [{"method": "GET", "relative_url": f"{made}?fields=message"}, {"method": "GET", "relative_url": "nothing"}]
    answers = call(box, "POST", "", data={"batch": json.dumps(parts)}).json()
    assert [one["code"] for one in answers] == [200, 400]
    assert json.loads(answers[0]["body"]) == {"id": made, "message": "1"}
    broken = call(box, "POST", "", data={"batch": "[{"})
    assert error(broken)["code"] == 100


def test_a_token_is_taken_from_body_and_header_and_unknown_ones_get_401(box: Sandbox) -> None:
    url = f"{box.facebook_url}/v25.0/me"
    in_header = requests.get(url, headers={"Authorization": f"Bearer page-{PAGE}"}, timeout=5)
    assert in_header.json()["id"] == PAGE
    in_body = requests.post(f"{url}/feed", data={"access_token": f"page-{PAGE}", "message": "x"}, timeout=5)
    assert in_body.json()["id"].startswith(PAGE)
    unknown = requests.get(url, params={"access_token": "stolen"}, timeout=5)
    assert (unknown.status_code, error(unknown)["code"]) == (401, 190)
    assert error(requests.get(url, timeout=5))["code"] == 2500


def test_a_page_with_an_app_secret_wants_the_proof(box: Sandbox) -> None:
    token = f"page-{SECRET}"
    proof = hmac.new(b"hush", token.encode(), hashlib.sha256).hexdigest()
    assert error(call(box, "GET", "me", SECRET))["code"] == 100
    assert error(call(box, "GET", "me", SECRET, params={"appsecret_proof": "0" * 64}))["code"] == 100
    assert call(box, "GET", "me", SECRET, params={"appsecret_proof": proof}).json()["id"] == SECRET


def test_other_pages_are_neither_written_nor_read(box: Sandbox) -> None:
    assert error(call(box, "POST", f"{OTHER}/feed", data={"message": "x"}))["code"] == 200
    theirs = post(box, page=OTHER, message="theirs")["id"]
    assert error(call(box, "GET", theirs))["code"] == 10


def test_an_expired_version_is_served_by_the_oldest_that_lives() -> None:
    params = {"access_token": f"page-{PAGE}"}
    clock = MovedClock(datetime(2026, 9, 23, 23, 0, tzinfo=UTC))
    with Sandbox(accounts=[_account(PAGE)], clock=clock) as own:
        served = []
        for _ in range(2):
            for version in ("v20.0/", "v25.0/", ""):
                answer = requests.get(f"{own.facebook_url}/{version}me", params=params, timeout=5)
                assert answer.json()["id"] == PAGE
                served.append(answer.headers["facebook-api-version"])
            clock.move(timedelta(hours=1))
    assert served == ["v20.0", "v25.0", "v20.0", "v21.0", "v25.0", "v21.0"]


def test_the_token_and_its_pages_are_told(box: Sandbox) -> None:
    assert call(box, "GET", "me/accounts").json()["data"][0]["id"] == PAGE
    known = call(box, "GET", "debug_token", params={"input_token": f"page-{SHY}"}).json()["data"]
    assert (known["is_valid"], known["scopes"]) == (True, ["pages_manage_posts", "pages_read_engagement"])
    assert not call(box, "GET", "debug_token", params={"input_token": "x"}).json()["data"]["is_valid"]


def test_a_lost_answer_leaves_the_post_and_a_refused_one_leaves_nothing(box: Sandbox) -> None:
    box.world.faults.replace([Fault("store-then-drop", endpoint="create", nth=(1,))])
    with pytest.raises(requests.ConnectionError):
        call(box, "POST", f"{PAGE}/feed", data={"message": "there"})
    assert [line["text"] for line in box.world.ledger()] == ["there"]
    box.world.faults.replace([Fault("5xx-before-store", endpoint="create")])
    broken = call(box, "POST", f"{PAGE}/feed", data={"message": "not there"})
    assert (broken.status_code, broken.headers["content-type"].split(";")[0]) == (502, "text/html")
    assert len(box.world.ledger()) == 1


def test_a_throttle_tells_the_minutes_to_wait(box: Sandbox) -> None:
    box.world.faults.replace([Fault("429", endpoint="list", seconds=600)])
    answer = call(box, "GET", f"{PAGE}/published_posts")
    assert error(answer)["code"] == 32
    usage = json.loads(answer.headers["X-Business-Use-Case-Usage"])[PAGE][0]
    assert usage["estimated_time_to_regain_access"] == 10


def test_a_page_that_used_up_its_budget_is_throttled_until_its_first_call_is_a_day_old() -> None:
    page, clock = "1005", MovedClock()
    with Sandbox(accounts=[_account(page)], clock=clock) as own:
        own.world.switches["facebook.budget"] = 4
        usage = []
        for _ in range(4):
            answer = call(own, "GET", "me", page)
            usage.append(json.loads(answer.headers["X-Business-Use-Case-Usage"])[page][0])
            assert json.loads(answer.headers["X-App-Usage"])["call_count"] == usage[-1]["call_count"]
            clock.move(timedelta(hours=1))
        assert [row["call_count"] for row in usage] == [25, 50, 75, 100]
        assert [row["estimated_time_to_regain_access"] for row in usage] == [0, 0, 0, 21 * 60]
        worn = call(own, "GET", "me", page)
        assert (worn.status_code, error(worn)["code"]) == (403, 32)
        row = json.loads(worn.headers["X-Business-Use-Case-Usage"])[page][0]
        assert row["estimated_time_to_regain_access"] == 20 * 60
        clock.move(timedelta(hours=20))
        assert call(own, "GET", "me", page).status_code == 200


def test_a_page_that_is_stopped_by_policy_may_read_and_not_post(box: Sandbox) -> None:
    box.world.switches["facebook.blocked"] = [PAGE]
    refused = call(box, "POST", f"{PAGE}/feed", data={"message": "no"})
    assert (refused.status_code, error(refused)["code"]) == (400, 368)
    assert call(box, "GET", "me").status_code == 200
    assert call(box, "POST", f"{OTHER}/feed", OTHER, data={"message": "yes"}).status_code == 200


def test_an_answer_may_come_as_javascript(box: Sandbox) -> None:
    box.world.switches["facebook.javascript"] = True
    assert call(box, "GET", "me").headers["content-type"].startswith("text/javascript")


def test_fields_are_read_with_their_modifiers_and_inner_fields() -> None:
    assert parse_fields("id, likes.limit(0).summary(true),a{b{c},d}") == (
        Field("id"),
        Field("likes", {"limit": "0", "summary": "true"}),
        Field("a", {}, (Field("b", {}, (Field("c"),)), Field("d"))),
    )
