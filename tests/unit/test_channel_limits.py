"""What a channel does not take is found while it can still be mended: kinds and sizes of images, titles of cards."""

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from campaign.channels import load_channels
from campaign.errors import Finding
from campaign.plan.words import over_limits
from campaign.ports import Draft, Media, Message

Shown = Callable[..., Media]
LINK = "https://www.gov.uk/a"


def found(channel: str, *media: Media) -> list[Finding]:
    return over_limits(load_channels()[channel].limits, Message(channel, "Look", media=media), "post")


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """Stores an image of a format, of several pictures if asked, made longer to ``size`` bytes."""

    def build(kind: str, *, pictures: int = 1, size: int = 0) -> Media:
        out, frames = BytesIO(), [Image.new("RGB", (8, 8), (90 * n, 0, 0)) for n in range(pictures)]
        more: dict[str, Any] = {"save_all": True, "append_images": frames[1:]} if pictures > 1 else {}
        frames[0].save(out, kind, **more)
        data = out.getvalue().ljust(size, b"\0")
        path = tmp_path / f"{sha256(data).hexdigest()}.{kind.lower()}"
        path.write_bytes(data)
        return Media(path.stem, f"image/{kind.lower()}", "Our class", path)

    return build


@pytest.mark.parametrize(("channel", "most"), [("facebook", 4_000_000), ("x", 5_000_000), ("linkedin", 10_000_000)])
def test_an_image_of_too_many_bytes_is_found_with_its_mend(shown: Shown, channel: str, most: int) -> None:
    assert found(channel, shown("PNG", size=most)) == []
    (one,) = found(channel, shown("PNG"), shown("PNG", size=most + 1))
    assert (one.field, one.mend) == ("media", "Make it smaller, or save it as JPEG")
    assert one.problem == f"the image “Our class” has {most + 1:,} bytes, and {channel} allows {most:,}"


@pytest.mark.parametrize(
    ("channel", "kind", "taken"),
    [
        ("facebook", "GIF", "PNG or JPEG"),
        ("facebook", "WEBP", "PNG or JPEG"),
        ("linkedin", "WEBP", "PNG, JPEG or GIF"),
    ],
)
def test_a_kind_of_image_that_the_channel_does_not_take_is_found(
    shown: Shown, channel: str, kind: str, taken: str
) -> None:
    (one,) = found(channel, shown(kind))
    assert (one.field, one.mend) == ("media", f"Save it as {taken}")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_image_that_moves_is_found_on_x_alone(shown: Shown, kind: str) -> None:
    (one,) = found("x", shown(kind, pictures=3))
    assert (one.problem, one.mend) == (
        "the image “Our class” moves, and x gets still images alone",
        "Use a still image",
    )
    assert found("x", shown(kind)) == []
    assert kind == "WEBP" or found("linkedin", shown(kind, pictures=3)) == []


@pytest.mark.parametrize("channel", ["x", "facebook", "linkedin"])
def test_an_image_that_this_machine_has_not_got_or_cannot_read_is_no_finding_of_its_limits(
    tmp_path: Path, channel: str
) -> None:
    (tmp_path / "b.png").write_bytes(b"no image")
    assert (
        found(channel, *(Media("d" * 64, "image/png", "Our class", tmp_path / name) for name in ("a.png", "b.png")))
        == []
    )


def test_too_long_a_title_of_a_card_is_found_where_it_is_sent() -> None:
    for name, problems in (("linkedin", ["link_title"]), ("facebook", []), ("x", [])):
        kind = load_channels()[name]
        channel = kind.from_settings(kind.settings_type())
        for length, expected in ((400, []), (401, problems)):
            message = channel.compose(Draft("Read", link=LINK, link_title="T" * length), "t")
            assert [one.field for one in over_limits(kind.limits, message, "post")] == expected
