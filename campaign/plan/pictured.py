"""Judges the images of what would go out: their number, size and kind, whether they move, and their words."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image

from campaign.ports import Limits, Media, Message

_SHORT: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP", "image/gif": "GIF"}
_STILL: Final = frozenset({"image/jpeg"})


def unfit(limits: Limits, message: Message) -> Iterator[tuple[str, str, str]]:
    """Find field, problem and mend for each limit on images that the message breaks."""
    images, channel = message.media, message.channel
    if len(images) > limits.media_max:
        yield "media", f"there are {len(images)} images, and {channel} allows {limits.media_max}", "Leave some out"
    longest = max((len(one.alt) for one in images), default=0)
    if longest > limits.alt_max:
        problem = f"an image's alt text has {longest} characters, and {channel} allows {limits.alt_max}"
        yield "alt", problem, "Shorten it"
    for one in images:
        if (found := _misfit(limits, one, channel)) is not None:
            yield "media", f"the image “{one.alt[:60]}” {found[0]}", found[1]


def _misfit(limits: Limits, image: Media, channel: str) -> tuple[str, str] | None:
    """Return problem and mend of one image, None where the channel takes it, or where this machine has not got it: that
    is found when it is to be sent.
    """
    if image.mime not in limits.media_types:
        taken = _named(limits.media_types)
        return f"is a {_SHORT.get(image.mime, image.mime)}, and {channel} takes {taken} alone", f"Save it as {taken}"
    with suppress(OSError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        size, most = _size(str(image.path)), limits.media_bytes
        if size > most:
            return f"has {size:,} bytes, and {channel} allows {most:,}", "Make it smaller, or save it as JPEG"
        if not limits.media_moves and image.mime not in _STILL and _moves(str(image.path)):
            return f"moves, and {channel} gets still images alone", "Use a still image"
    return None


def _named(types: frozenset[str]) -> str:
    names = [name for mime, name in _SHORT.items() if mime in types]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


# A stored image is called by the digest of its bytes, so that one look is enough for all posts that show it.


@lru_cache(maxsize=4096)
def _size(path: str) -> int:
    return Path(path).stat().st_size


@lru_cache(maxsize=4096)
def _moves(path: str) -> bool:
    """Say whether an image has several pictures; none is unpacked for it."""
    with Image.open(path) as image:
        return bool(getattr(image, "is_animated", False))
