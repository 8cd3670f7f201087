"""Pictures and films on the local X: uploaded at once or in parts, described, attached, refused."""

import base64
from datetime import timedelta

import pytest
import requests
from x_api import (
    Api,
    ShiftedClock,
    gif,
    held_by_both,
    in_parts,
    png,
    upload,
)

from campaign.sandbox.server import Sandbox


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


@pytest.mark.parametrize("category", ["tweet_image", "tweet_gif"])
def test_a_gif_that_moves_goes_neither_at_once_nor_as_a_still_image(elm: Api, category: str) -> None:
    at_once = {"media": base64.b64encode(gif(3)).decode(), "media_category": category}
    assert elm("POST", "/2/media/upload", json=at_once).status_code == 400
    assert in_parts(elm, gif(3), "tweet_image").status_code == 400
    assert upload(elm, data=gif(1))


def test_a_gif_goes_in_parts_and_alone(elm: Api) -> None:
    done = in_parts(elm, gif(3), "tweet_gif").json()
    held_by_both("post", "/2/media/upload/{id}/finalize", "200", done)
    moving = done["data"]["id"]
    assert done["data"]["media_key"] == f"16_{moving}"
    assert done["data"]["processing_info"]["state"] == "in_progress"
    beside = elm("POST", "/2/tweets", json={"text": "x", "media": {"media_ids": [moving, upload(elm)]}})
    assert (beside.status_code, beside.json()["errors"][0]["message"]) == (400, "Your media IDs are invalid.")
    assert elm.post_id("x", media={"media_ids": [moving]})
    assert in_parts(elm, png(), "tweet_gif").status_code == 400


def test_an_alt_text_over_a_thousand_characters_is_refused(elm: Api) -> None:
    facts = {"id": upload(elm), "metadata": {"alt_text": {"text": "x" * 1001}}}
    assert elm("POST", "/2/media/metadata", json=facts).status_code == 400
