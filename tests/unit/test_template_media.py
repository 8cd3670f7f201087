"""Images: stored by digest, drawn anew, without what a camera wrote into them."""

import io
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageCms

from campaign.errors import BadInput
from campaign.plan.media import MediaStore
from campaign.plan.template import Facts, fill, load_templates

GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112


def _photo(path: Path, size: tuple[int, int] = (40, 20), *, turn: int = 1) -> Path:
    exif = Image.Exif()
    exif[MAKE] = "SecretCam"
    exif[ORIENTATION] = turn
    exif.get_ifd(GPS)[2] = (51.0, 30.0, 0.0)
    Image.new("RGB", size, "teal").save(path, exif=exif)
    return path


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_what_the_camera_wrote_is_gone_and_the_picture_stays(tmp_path: Path, suffix: str) -> None:
    stored = MediaStore(tmp_path / "store").add(_photo(tmp_path / f"a.{suffix}"), "A teal field")
    with Image.open(stored.path) as image:
        assert (image.size, dict(image.getexif())) == ((40, 20), {})
    assert b"SecretCam" not in stored.path.read_bytes()
    assert stored.path.name == f"{stored.digest}.{suffix}"
    assert stored.mime == {"jpg": "image/jpeg"}.get(suffix, f"image/{suffix}")


def test_a_turned_photo_is_stored_the_right_way_up(tmp_path: Path) -> None:
    stored = MediaStore(tmp_path / "store").add(_photo(tmp_path / "a.jpg", turn=6), "A teal field")
    with Image.open(stored.path) as image:
        assert image.size == (20, 40)


def test_the_same_image_is_stored_once_and_found_by_digest(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "store", sources=tmp_path)
    first = store.add(_photo(tmp_path / "a.png"), "One")
    again = store.take("a.png", "Two")
    assert (again.digest, again.alt) == (first.digest, "Two")
    assert store.take(first.digest, "Three").path == first.path == store.get(first.path.name, "Four").path
    assert len(list((tmp_path / "store").glob("*.png"))) == 1


def test_a_moving_image_keeps_its_frames(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=80, comment=b"where I live")
    stored = MediaStore(tmp_path / "store").add(tmp_path / "a.gif", "Three colours")
    with Image.open(stored.path) as image:
        assert getattr(image, "n_frames", 1) == 3
    assert b"where I live" not in stored.path.read_bytes()


def test_what_a_telephone_adds_to_a_photo_is_left_out(tmp_path: Path) -> None:
    photo, bright = Image.new("RGB", (40, 20), "red"), Image.new("L", (20, 10), 9)
    photo.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[bright])
    stored = MediaStore(tmp_path / "store").add(tmp_path / "a.jpg", "A red field")
    with Image.open(stored.path) as image:
        assert (image.format, image.size, stored.mime) == ("JPEG", (40, 20), "image/jpeg")


def test_a_cmyk_photo_becomes_one_that_every_platform_shows(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8)).save(tmp_path / "a.jpg")
    with Image.open(MediaStore(tmp_path / "store").add(tmp_path / "a.jpg", "White").path) as image:
        assert image.mode == "RGB"


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ODD = SRGB.replace(b"rXYZ", b"####").replace(b"gXYZ", b"rXYZ").replace(b"####", b"gXYZ")
"""A profile by which red is green."""
GREY = SRGB.replace(b"RGB XYZ ", b"GRAYXYZ ").replace(b"rTRC", b"kTRC")
JUNK = b"GPS 51.5007,-0.1246 <script>alert(1)</script>" * 3


def _with_profile(folder: Path, suffix: str, profile: bytes, mode: str = "RGB", **more: object) -> Image.Image:
    """Store an image of one red, half see-through where its kind can be, and return it as it was stored."""
    source = Image.new("RGBA", (40, 20), (255, 0, 0, 100)).convert("RGBA" if "A" in mode else "RGB")
    source.convert(mode).save(folder / f"a.{suffix}", icc_profile=profile, **more)
    stored = MediaStore(folder / "store").add(folder / f"a.{suffix}", "A field")
    assert b"script" not in stored.path.read_bytes()
    with Image.open(stored.path) as image:
        image.load()
        assert "icc_profile" not in image.info
        return image


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [("png", "RGB"), ("png", "RGBA"), ("png", "P"), ("jpg", "RGB"), ("webp", "RGB"), ("webp", "RGBA")],
)
def test_a_picture_keeps_its_colours_without_its_profile(tmp_path: Path, suffix: str, mode: str) -> None:
    image = _with_profile(tmp_path, suffix, ODD, mode)
    red, green, blue, alpha = image.convert("RGBA").getpixel((9, 9))
    assert (max(red, blue) < 5, green > 250, alpha) == (True, True, 100 if mode == "RGBA" else 255)


def test_a_colour_that_is_see_through_stays_so(tmp_path: Path) -> None:
    assert _with_profile(tmp_path, "png", ODD, transparency=(255, 0, 0)).convert("RGBA").getpixel((9, 9))[3] == 0


@pytest.mark.parametrize(("suffix", "mode"), [("png", "L"), ("png", "LA"), ("jpg", "L")])
def test_a_grey_picture_stays_grey(tmp_path: Path, suffix: str, mode: str) -> None:
    image = _with_profile(tmp_path, suffix, GREY, mode)
    assert image.mode == mode
    assert abs(image.convert("L").getpixel((9, 9)) - 76) < 3


@pytest.mark.parametrize("profile", [JUNK, SRGB[:200] + JUNK, GREY])
@pytest.mark.parametrize(("suffix", "mode"), [("png", "RGB"), ("jpg", "RGB"), ("jpg", "CMYK"), ("webp", "RGB")])
def test_a_profile_that_says_nothing_is_dropped(tmp_path: Path, suffix: str, mode: str, profile: bytes) -> None:
    red, green, blue = _with_profile(tmp_path, suffix, profile, mode).convert("RGB").getpixel((9, 9))
    assert (red > 250, max(green, blue) < 5) == (True, True)


@pytest.mark.parametrize("suffix", ["png", "webp", "gif"])
def test_a_moving_picture_keeps_no_profile(tmp_path: Path, suffix: str) -> None:
    more = {"save_all": True, "append_images": [Image.new("RGB", (40, 20), "blue")], "comment": JUNK}
    _with_profile(tmp_path, suffix, JUNK, **more)
    (stored,) = (tmp_path / "store").glob(f"*.{suffix}")
    with Image.open(stored) as image:
        assert getattr(image, "n_frames", 1) == 2


def test_a_picture_that_was_stored_stays_as_it_is_however_it_would_be_drawn_now(tmp_path: Path) -> None:
    _with_profile(tmp_path, "png", ODD)
    (drawn,) = (tmp_path / "store").glob("*.png")
    old = drawn.with_name(f"{'a' * 64}.png")
    drawn.rename(old)
    (note,) = (tmp_path / "store").glob("from-*")
    note.write_text(old.name)
    assert MediaStore(tmp_path / "store").add(tmp_path / "a.png", "A field").digest == "a" * 64


def test_what_is_no_image_or_too_large_or_without_alt_text_is_refused(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "store", sources=tmp_path / "in")
    (tmp_path / "a.png").write_text("not a picture")
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    Image.new("1", (6001, 6000)).save(tmp_path / "big.png")
    for name, problem in (
        ("a.png", "no image"),
        ("a.svg", "no image"),
        ("big.png", "6001 x 6000"),
        ("none.png", "cannot be read"),
    ):
        with pytest.raises(BadInput, match=problem):
            store.add(tmp_path / name, "x")
    with pytest.raises(BadInput, match="no alt text"):
        store.add(_photo(tmp_path / "b.png"), "  ")
    damaged = _photo(tmp_path / "c.jpg", (400, 400))
    damaged.write_bytes(damaged.read_bytes()[:400])
    with pytest.raises(BadInput, match="damaged"):
        store.add(damaged, "x")


def _growing_gif(screen: int, frame: int, frames: int) -> bytes:
    """A GIF that says that it is small, and whose later pictures are not."""
    whole = io.BytesIO()
    Image.new("L", (frame, frame)).save(whole, "GIF", optimize=False)
    palette_ends = 13 + 3 * (2 << (whole.getvalue()[10] & 7))
    block = whole.getvalue()[whole.getvalue().index(b",", palette_ends) : -1]
    first = b",\0\0\0\0" + struct.pack("<HH", screen, screen) + b"\0" + bytes([2, 2, 0x4C, 0x01, 0])
    head = b"GIF89a" + struct.pack("<HH", screen, screen) + whole.getvalue()[10:palette_ends]
    return head + first + (b"!\xf9\x04\x04\x0a\0\0\0" + block) * frames + b";"


def test_a_moving_image_that_grows_is_refused_before_it_is_drawn(tmp_path: Path) -> None:
    """What it says of itself is a lie then: a megabyte and a half took gigabytes."""
    (tmp_path / "a.gif").write_bytes(_growing_gif(1, 4000, 12))
    child = (
        "import resource, sys, pathlib\n"
        "from campaign.errors import BadInput\n"
        "from campaign.plan.media import MediaStore\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "before = used()\n"
        "try: MediaStore(folder).add(folder / 'a.gif', 'x')\n"
        "except BadInput as error: print(used() - before, error)\n"
    )
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", child, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    megabytes, _, problem = done.stdout.partition(" ")
    assert "grows" in problem, done
    assert int(megabytes) < 60


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_a_moving_image_whose_pictures_are_alike_in_size_stays_as_it_was(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    path = tmp_path / f"a.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[80, 120, 160], loop=2)
    stored = MediaStore(tmp_path / "store").add(path, "Three colours")
    with Image.open(path) as source, Image.open(stored.path) as drawn:
        for number in range(3):
            source.seek(number)
            drawn.seek(number)
            assert source.convert("RGB").tobytes() == drawn.convert("RGB").tobytes()
            assert (source.info["duration"], source.info["loop"]) == (drawn.info["duration"], drawn.info["loop"])


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "jpg"])
def test_an_image_that_breaks_off_anywhere_is_refused_or_taken_and_is_no_fault_of_ours(
    tmp_path: Path, suffix: str
) -> None:
    frames = [Image.effect_noise((6, 6), 50).convert("RGB") for _ in range(2)]
    path = tmp_path / f"a.{suffix}"
    moves = {} if suffix == "jpg" else {"save_all": True, "append_images": frames[1:], "duration": 80}
    frames[0].save(path, **moves)
    whole, store, said = path.read_bytes(), MediaStore(tmp_path / "store"), set()
    for cut in range(1, len(whole)):
        try:
            store.take_in(whole[:cut], "x")
        except BadInput as error:
            said.add(str(error).partition(".")[0])
    assert said == {": : is no image that we know", ": : is a damaged image"}


@pytest.mark.parametrize("name", ["../b.png", "/etc/hostname", "in/../../b.png", "f" * 64])
def test_a_detail_never_points_outside_the_images_folder(tmp_path: Path, name: str) -> None:
    _photo(tmp_path / "b.png")
    (tmp_path / "in").mkdir()
    with pytest.raises(BadInput, match=r"not among the images|not stored"):
        MediaStore(tmp_path / "store", sources=tmp_path / "in").take(name, "x")


def test_a_partners_and_a_templates_image_travel_with_the_post_and_stand_before_a_card(tmp_path: Path) -> None:
    _photo(tmp_path / "logo.png")
    _photo(tmp_path / "own.jpg", (10, 10))
    (tmp_path / "post.md").write_text(
        "---\ntitle: A\nversion: 1\nlink: https://a.org\nmedia:\n  - {file: logo.png, alt: The logo}\n"
        "fields:\n  image: {type: image}\n---\nWords\n\nhttps://a.org\n{{ image }}",
        "utf-8",
    )
    facts = Facts(campaign={}, partner={"image": "own.jpg", "image_alt": "Our class"}, channel="facebook")
    store = MediaStore(tmp_path / "store", sources=tmp_path)
    draft = fill(load_templates(tmp_path).pick("post", "facebook"), facts, store, card=True)
    assert [media.alt for media in draft.media] == ["The logo", "Our class"]
    assert (draft.words, draft.link) == ("Words\n\nhttps://a.org", None)


def test_an_image_without_its_alt_text_blocks_the_post(tmp_path: Path) -> None:
    (tmp_path / "post.md").write_text("---\ntitle: A\nversion: 1\nfields:\n  image: {type: image}\n---\nWords", "utf-8")
    facts = Facts(campaign={}, partner={"image": "own.jpg"}, channel="x")
    with pytest.raises(BadInput, match=r"post\.md: image: lacks alt"):
        fill(load_templates(tmp_path).pick("post", "x"), facts, MediaStore(tmp_path))


HELD = "---\ntitle: A\nversion: 1\nmedia:\n  - {file: logo.png, alt: The logo, permission_until: 2025-12-09}\n"
LONDON = ZoneInfo("Europe/London")


def test_a_permission_ends_with_its_last_day_where_the_campaign_is(tmp_path: Path) -> None:
    _photo(tmp_path / "logo.png")
    _photo(tmp_path / "own.png", (10, 10))
    (tmp_path / "post.md").write_text(f"{HELD}fields:\n  image: {{type: image}}\n---\nWords", "utf-8")
    own = {"image": "own.png", "image_alt": "Our class", "image_until": "2026-06-30"}
    facts = Facts(campaign={}, partner=own, channel="facebook", zone=LONDON)
    draft = fill(load_templates(tmp_path).pick("post", "facebook"), facts, MediaStore(tmp_path / "m", sources=tmp_path))
    assert [media.until for media in draft.media] == [
        datetime(2025, 12, 10, 0, 0, tzinfo=UTC),
        datetime(2026, 6, 30, 23, 0, tzinfo=UTC),
    ]
    last = datetime(2025, 12, 9, 23, 59, 59, tzinfo=UTC)
    assert [draft.media[0].ended(at) for at in (last, last + timedelta(seconds=1))] == [False, True]


def test_a_permission_until_the_last_day_of_all_does_not_end(tmp_path: Path) -> None:
    _photo(tmp_path / "own.png")
    (tmp_path / "post.md").write_text("---\ntitle: A\nversion: 1\nfields:\n  image: {type: image}\n---\nWords", "utf-8")
    own = {"image": "own.png", "image_alt": "Our class", "image_until": "9999-12-31"}
    facts = Facts(campaign={}, partner=own, channel="facebook", zone=LONDON)
    draft = fill(load_templates(tmp_path).pick("post", "facebook"), facts, MediaStore(tmp_path / "m", sources=tmp_path))
    assert [media.until for media in draft.media] == [None]


@pytest.mark.parametrize("day", ["soon", "2025-13-01", "9.12.2025"])
def test_a_permission_until_no_day_is_a_fault(tmp_path: Path, day: str) -> None:
    _photo(tmp_path / "logo.png")
    (tmp_path / "post.md").write_text(f"{HELD.replace('2025-12-09', day)}---\nWords", "utf-8")
    with pytest.raises(BadInput, match=r"permission_until, which is no date|impossible date"):
        load_templates(tmp_path)
    (tmp_path / "post.md").write_text("---\ntitle: A\nversion: 1\nfields:\n  image: {type: image}\n---\nWords", "utf-8")
    facts = Facts(campaign={}, partner={"image": "own.png", "image_alt": "A", "image_until": day}, channel="x")
    with pytest.raises(BadInput, match="no date"):
        fill(load_templates(tmp_path).pick("post", "x"), facts, MediaStore(tmp_path / "m", sources=tmp_path))
