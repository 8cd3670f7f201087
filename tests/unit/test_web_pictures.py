"""Pictures uploaded in forms: what a person may show, and hostile files that must not get further than the door."""

import io
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from conftest import MovedClock
from hostile import SCRIPT, bomb, drawn
from pages_room import Browser, Room, opened_room
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from campaign.models.status import Status
from campaign.web.forms import MOST_BYTES
from campaign.web.pictures import MOST_FILE, MOST_WITH_PICTURES
from campaign.web.rates import RULES

pytestmark = pytest.mark.thorough
GOOD = {"name": "Oak School", "x_line": "Oak's own line", "contact": "send@oak.example"}
ALT = "Children in a garden"


def sent(
    browser: Browser, raw: bytes | None, path: str = "/details", name: str = "a.png", **fields: str
) -> requests.Response:
    """Send a form with a picture, as a browser does."""
    files = {"image_file": (name, raw, "image/png")} if raw is not None else {"image_file": ("", b"")}
    own: dict[str, str] = {}
    if path == "/details":
        own = {**GOOD, "partner": "oak", "do": "save", "version": browser.version("/details")}
    fields = {"form_token": browser.token or "", "image_alt": ALT} | own | fields
    return browser.session.post(f"{browser.address}{path}", data=fields, files=files, timeout=30, allow_redirects=False)


def stored(room: Room) -> list[Path]:
    folder = room.app.media_folder
    return sorted(path for path in folder.glob("*.*") if not path.name.startswith(".")) if folder.exists() else []


def test_a_picture_is_kept_by_digest_and_shown_as_what_it_is(room: Room) -> None:
    browser = room.browser("olga")
    for kind, mime in (("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "gif"), ("WEBP", "webp")):
        assert sent(browser, drawn(kind), name="picture.exe").status_code == 303
        details = room.office.partner().details
        assert details["image_alt"] == ALT
        assert re.fullmatch(r"[0-9a-f]{64}", details["image"])
        found = browser.get(f"/pictures/oak/{details['image']}")
        assert found.headers["content-type"] == f"image/{mime}"
        assert found.headers["x-content-type-options"] == "nosniff"
        with Image.open(io.BytesIO(found.content)) as image:
            assert (image.format, image.size) == (kind, (60, 40))
    assert f'src="/pictures/oak/{details["image"]}" alt="{ALT}"' in browser.get("/details").text


def test_a_preview_shows_the_picture_and_the_next_form_carries_it_on(room: Room) -> None:
    browser = room.browser("olga")
    page = sent(browser, drawn(), do="preview").text
    (digest,) = set(re.findall(r'name="image" value="([0-9a-f]{64})"', page))
    assert page.count(f"/pictures/oak/{digest}") >= 2, "beside its input, and in the post as it will look"
    assert room.office.partner().details == {}
    assert sent(browser, None, image=digest).status_code == 303
    assert room.office.partner().details["image"] == digest
    assert sent(browser, None, image=digest, image_remove="yes").status_code == 303
    assert "image" not in room.office.partner().details
    assert "image_alt" not in room.office.partner().details


def test_a_picture_says_what_it_shows_and_how_long_it_may_be_shown(room: Room) -> None:
    browser = room.browser("olga")
    found = sent(browser, drawn(), image_alt=" ")
    assert found.status_code == 422
    assert "Say what the picture shows" in found.text
    assert "is no date" in sent(browser, drawn(), image_until="soon").text
    assert "Shorten it" in sent(browser, drawn(), image_alt="x" * 5000).text
    assert room.office.partner().details == {}
    assert sent(browser, drawn(), image_until="31/7/2026").status_code == 303
    assert room.office.partner().details["image_until"] == "2026-07-31"


def test_a_post_has_a_picture_of_its_own(room: Room) -> None:
    browser = room.browser("olga")
    sent(browser, drawn())
    theirs = room.office.partner().details["image"]
    account = str(room.office.accounts["oak"])
    new = {"template": "post-1", "account": account, "day": "8/12/2025", "time": "9:30", "x_line": "Ours", "do": "send"}
    form = browser.get(f"/posts/new?template=post-1&account={account}").text
    assert f'name="image" value="{theirs}"' in form
    assert 'name="image_remove"' not in form, "that of the details cannot be left out here"
    late = {**new, "day": "1/12/2025"}
    refused = sent(browser, drawn(size=(61, 40)), "/posts/new", image_alt="Another garden", **late).text
    assert "is past" in refused
    assert 'value="Another garden"' in refused, "and the picture is still in the form"
    found = sent(browser, drawn(size=(61, 40)), "/posts/new", image_alt="Another garden", **new)
    assert found.status_code == 303, found.text
    post = room.office.seen(int(found.headers["location"].rpartition("/")[2]))
    own = post.fields["image"]
    assert own != theirs
    assert (post.fields["image_alt"], [one["alt"] for one in post.draft["media"]]) == (
        "Another garden",
        ["Another garden"],
    )
    edit, change = f"/posts/{post.ident}/edit", {"version": str(post.version), "do": "save", "x_line": "Ours"}
    assert f'name="image" value="{own}"' in browser.get(edit).text
    assert f'src="/posts/{post.ident}/images/{own}"' in room.browser("rita").get(edit).text, "for others as well"
    assert sent(browser, None, edit, image=own, image_remove="yes", **change).status_code == 303
    post = room.office.seen(post.ident)
    assert "image" not in post.fields
    assert [one["alt"] for one in post.draft["media"]] == [ALT], "without one of its own it follows the details"
    assert post.status == Status.IN_REVIEW


# --- hostile files ----------------------------------------------------------------------------------------------------


HOSTILE = {
    "svg": (SCRIPT, "is no image that we know"),
    "html": (b"<!doctype html><script>alert(1)</script>", "is no image that we know"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n(/etc/passwd) run", "is no image that we know"),
    "bmp": (drawn("BMP"), "is no image that we know"),
    "tiff": (drawn("TIFF"), "is no image that we know"),
    "ico": (drawn("ICO"), "is no image that we know"),
    "bomb": (bomb(), "has too many pixels"),
    "large": (bomb(6_100, 6_000), "has 6100 x 6000 pixels"),
    "cut jpeg": (drawn("JPEG", (400, 400))[:600], "is a damaged image"),
    "cut png": (drawn("PNG", (400, 400))[:90], "is a damaged image"),
    "head of a png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "is "),
    "head of a jpeg": (b"\xff\xd8\xff\xe0" + SCRIPT, "is "),
}


def test_what_is_no_picture_is_refused_and_not_kept(room: Room) -> None:
    browser = room.browser("olga")
    for kind, (raw, said) in HOSTILE.items():
        found = sent(browser, raw, name="holiday.png", do="preview")
        assert found.status_code == 422, kind
        assert f"The picture {said}" in found.text, kind
        assert "#image_file" in found.text, kind
    assert room.office.partner().details == {}
    assert stored(room) == []


def test_what_hides_in_a_picture_is_left_behind(room: Room) -> None:
    """A polyglot is a picture and something else at once; drawn anew it is a picture alone."""
    browser, secret = room.browser("olga"), b"<script>alert('hidden')</script>"
    words = PngInfo()
    words.add_text("Comment", secret.decode(), zip=False)
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    exif[0x0110] = "A telephone"
    polyglots = (
        drawn("PNG", pnginfo=words) + secret,
        drawn("JPEG", exif=exif, comment=secret) + secret,
        drawn("GIF", comment=secret) + b"\nPK\x03\x04" + secret,
    )
    for raw in polyglots:
        assert secret in raw
        assert sent(browser, raw).status_code == 303
        found = browser.get(f"/pictures/oak/{room.office.partner().details['image']}")
        assert secret not in found.content
        assert b"telephone" not in found.content
    assert all(secret not in path.read_bytes() for path in stored(room))


def test_the_name_of_a_file_counts_for_nothing(room: Room) -> None:
    browser, folder = room.browser("olga"), room.app.workspace
    before = {path for path in folder.rglob("*") if room.app.media_folder not in (path, *path.parents)}
    for name in ("../../../etc/cron.d/x.png", "/etc/passwd", "a\x00.png", "..\\a.png"):
        assert sent(browser, drawn(), name=name).status_code == 303, name
    after = {path for path in folder.rglob("*") if room.app.media_folder not in (path, *path.parents)}
    assert after == before
    assert [path.suffix for path in stored(room)] == [".png"]
    assert all(re.fullmatch(r"[0-9a-f]{64}\.png", path.name) for path in stored(room))


def test_too_many_bytes_are_refused_before_they_are_read(room: Room) -> None:
    browser = room.browser("olga")
    found = sent(browser, bytes(MOST_FILE + 1))
    assert (found.status_code, "larger than 10 MB" in found.text) == (422, True)
    for path, most in (("/details", MOST_WITH_PICTURES), ("/details/agree", MOST_BYTES)):
        assert " 413 " in begun(browser, path, most + 1)


def begun(browser: Browser, path: str, length: int) -> str:
    """Begin to send so many bytes and wait; the rest never comes: whoever reads it first would not answer."""
    parts = urlsplit(browser.address)
    cookie = f"campaign={browser.session.cookies['campaign']}"
    head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\nContent-Length: {length}\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as line:
        line.sendall(f"{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n".encode())
        return line.recv(100).decode()


def test_a_form_without_pictures_takes_no_files_and_a_stranger_sends_none(room: Room) -> None:
    browser = room.browser("olga")
    assert sent(browser, drawn(), "/details/agree").status_code == 400
    stranger = Browser(room.address)
    assert sent(stranger, drawn()).headers["location"].startswith("/sign-in")
    browser.token = "guessed"
    assert sent(browser, drawn()).status_code == 403
    assert stored(room) == []


def test_nobody_names_another_partners_picture_or_a_file_of_this_machine(room: Room) -> None:
    theirs, ours = room.browser("ella"), room.browser("olga")
    assert sent(theirs, drawn(), partner="elm").status_code == 303
    digest = room.office.partner("elm").details["image"]
    (room.app.workspace / "pictures").mkdir()
    (room.app.workspace / "pictures" / "secret.png").write_bytes(drawn())
    for value in (digest, "pictures/secret.png", "../secret.png", "/etc/hostname"):
        assert sent(ours, None, image=value).status_code == 303
        assert "image" not in room.office.partner().details
    assert ours.get(f"/pictures/elm/{digest}").status_code == 404
    assert ours.get(f"/pictures/oak/{digest}").status_code == 404
    assert room.browser("adam").get(f"/pictures/elm/{digest}").status_code == 200


def test_a_person_uploads_so_many_an_hour(tmp_path: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "picture", "1 per hour")
    with opened_room(tmp_path, clock) as room:
        browser = room.browser("olga")
        assert sent(browser, b"none").status_code == 422
        assert sent(browser, b"none").status_code == 429
        assert sent(room.browser("otto"), b"none").status_code == 422, "each person for themselves"
