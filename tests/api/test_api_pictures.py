"""Pictures by a program: drawn anew, with what they show; hostile files and other partners' go no further."""

import io
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from itertools import islice

import pytest
import requests
from api_room import EVERY, Program, oak, program
from hostile import SCRIPT, bomb, drawn
from pages_room import Room
from PIL import Image

from campaign.models.status import Status
from campaign.people.bearers import Scope
from campaign.web import pictures
from campaign.web.forms import MOST_BYTES
from campaign.web.pictures import MOST_FILE

pytestmark = pytest.mark.thorough
OURS = "/partners/oak/details/pictures/image"
ALT = "Children in a garden"


def put(caller: Program, path: str, raw: bytes, alt: str = ALT, **more: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": "application/octet-stream"}
    address = f"{caller.room.address}/api/v1{path}"
    return requests.put(address, params={"alt": alt, **more}, data=raw, headers=headers, timeout=30)


def test_a_picture_comes_into_the_details_drawn_anew_and_is_given_back(room: Room) -> None:
    olga = program(room, "olga")
    version = olga.get("/partners/oak/details")["version"]
    done = put(olga, OURS, drawn("JPEG", exif=b"Exif\0\0secret place"), version=version, until="2026-07-31")
    assert done.status_code == 200, done.text
    details = done.json()["details"]
    assert (details["image_alt"], details["image_until"]) == (ALT, "2026-07-31")
    assert oak(room).details == details
    found = olga.call("GET", OURS)
    assert (found.headers["content-type"], found.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    assert b"secret place" not in found.content
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.size == (60, 40)
    assert put(olga, OURS, drawn(), version=version).status_code == 422, "the details changed since"
    gone = olga.call("DELETE", OURS)
    assert {"image", "image_alt", "image_until"} & gone.json()["details"].keys() == set()
    assert olga.call("GET", OURS).status_code == 404


def test_who_sends_many_pictures_at_once_keeps_nobody_from_holding(room: Room) -> None:
    """Each may take seconds to draw, and whoever waits holds one of the threads that serve everything."""
    olga, rita = program(room, "olga"), program(room, "rita")
    with ThreadPoolExecutor(45) as crowd, ExitStack() as seats:
        for _ in range(2):
            seats.enter_context(pictures._SEATS.taken())
        sent = [crowd.submit(put, olga, OURS, drawn()) for _ in range(45)]
        for upload in islice(as_completed(sent), 39):
            refused = upload.result()
            assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "busy", "60")
        assert requests.get(f"{room.address}/healthz", timeout=5).status_code in {200, 503}
        assert rita.call("POST", "/holds", {"scope": "everything", "reason": "stop"}).status_code == 201
    assert put(olga, OURS, drawn()).status_code == 200


def test_a_post_gets_a_picture_of_its_own_and_must_be_approved_again(room: Room) -> None:
    olga, rita = program(room, "olga"), program(room, "rita")
    new = {"partner": "oak", "channel": "x", "template": "post-1", "due_at": "2025-12-03T09:00:00Z"}
    post = olga.call("POST", "/posts", new | {"fields": {"x_line": "Ours"}}).json()["id"]
    seen = rita.get(f"/posts/{post}")["content_hash"]
    assert rita.call("POST", f"/posts/{post}/approve", {"content_hash": seen}).json()["status"] == "approved"
    done = put(olga, f"/posts/{post}/pictures/image", drawn())
    assert (done.status_code, done.json()["status"]) == (200, "in_review"), done.text
    shown = rita.get(f"/posts/{post}/preview")["media"]
    ours = next(one for one in shown if one["alt"] == ALT)
    found = rita.call("GET", f"/posts/{post}/images/{ours['digest']}")
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    assert olga.call("DELETE", f"/posts/{post}/pictures/image").status_code == 200
    assert ALT not in str(rita.get(f"/posts/{post}/preview")["media"])


@pytest.mark.parametrize("raw", [SCRIPT, b"", b"\x89PNG\r\n\x1a\n", bomb(), drawn()[:-30]], ids=range(5))
def test_a_hostile_file_is_refused_and_nothing_is_stored(room: Room, raw: bytes) -> None:
    found = put(program(room, "olga"), OURS, raw)
    assert (found.status_code, found.headers["content-type"]) == (422, "application/problem+json")
    assert oak(room).details == {}


def test_a_picture_that_says_nothing_of_itself_is_refused(room: Room) -> None:
    olga = program(room, "olga")
    for more in ({"alt": ""}, {"alt": " "}, {"alt": "x" * 1500}, {"until": "soon"}):
        assert put(olga, OURS, drawn(), **more).status_code == 422, more
    assert put(olga, "/partners/oak/details/pictures/x_line", drawn()).status_code == 404
    assert oak(room).details == {}


def test_a_picture_may_be_longer_than_any_other_body(room: Room) -> None:
    out = io.BytesIO()
    Image.effect_noise((600, 600), 90).convert("RGB").save(out, "PNG")
    assert len(out.getvalue()) > MOST_BYTES
    assert put(program(room, "olga"), OURS, out.getvalue()).status_code == 200
    longer = Program(room, None).call("PUT", "/account/mail", {"mail": "x" * MOST_BYTES})
    assert longer.status_code == 413, "and no other call"


def test_a_picture_that_is_too_large_is_not_read_and_a_stranger_sends_none(room: Room) -> None:
    assert put(program(room, "olga"), OURS, b"x" * (MOST_FILE + 1)).status_code == 413
    assert put(Program(room, "cmp_guessed"), OURS, drawn()).status_code == 401
    assert put(program(room, "olga", EVERY - {Scope.QUEUE}), OURS, drawn()).status_code == 403
    assert Program(room, None).call("POST", "/posts", {"partner": "x" * 200_000}).status_code == 413


def test_another_partners_pictures_are_not_there(room: Room) -> None:
    olga, ella = program(room, "olga"), program(room, "ella")
    theirs = OURS.replace("oak", "elm")
    assert put(ella, theirs, drawn()).status_code == 200
    assert (put(olga, theirs, drawn()).status_code, olga.call("GET", theirs).status_code) == (404, 404)
    assert olga.call("DELETE", theirs).status_code == 404
    post = room.office.post("elm", status=Status.IN_REVIEW)
    assert put(olga, f"/posts/{post}/pictures/image", drawn()).status_code == 404
