"""Images of posts: drawn anew without what a camera wrote into them, and kept by the digest of their bytes.

An image may come from a partner's telephone; where and when it was taken must not go out with it. The stored name of a
source is remembered beside it, so that a newer image library never changes a post that was already approved.
"""

import contextlib
import hashlib
import io
import os
import re
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from campaign.errors import BadInput
from campaign.plan.colours import in_srgb
from campaign.plan.fields import wrong
from campaign.ports import Media

MAX_PIXELS: Final = 36_000_000
"""The most pixels that an image may have (LinkedIn Images API: fewer than 36,152,320)."""

_MAX_BYTES: Final = 50_000_000
_MAX_FRAMES: Final = 250
_FORMATS: Final = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}
_WITH_MORE: Final = "MPO"
"""What the library calls a JPEG that carries more beside its picture, as telephones add one for bright screens."""
_MIMES: Final = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
_KEPT: Final = ("transparency", "duration", "loop", "background")
_SAVE: Final[Mapping[str, Mapping[str, Any]]] = {
    "PNG": {"optimize": True},
    "JPEG": {"quality": 90, "optimize": True},
    "WEBP": {"quality": 90, "method": 4},
    "GIF": {},
}
_OPTIMIZED: Final = 4_000_000
"""Pixels up to which a PNG is made as small as can be: a large one would take half a minute, for a hundredth less."""
# Where the library only warns of an image that unpacks to something huge, it would go on and unpack it.
warnings.simplefilter("error", Image.DecompressionBombWarning)
_STORED: Final = re.compile(r"(?P<digest>[0-9a-f]{64})(?:\.(?:png|jpg|webp|gif))?")
_NOTE: Final = "from-"  # before the digest of a source: the file says under which name it is stored
_OWN: Final = re.compile(rf"\.?(?:{_NOTE})?[0-9a-f]{{64}}(?:\.(?:png|jpg|webp|gif))?(?:\.\d+\.\d+)?")


def is_own(path: Path) -> bool:
    """Say whether a file is called as a store calls its own: images, notes of their sources, what is half written."""
    return _OWN.fullmatch(path.name) is not None


def is_note(path: Path) -> bool:
    """Say whether a file of a store notes which image was drawn from a source."""
    return path.name.startswith(_NOTE)


@dataclass(frozen=True, slots=True)
class MediaStore:
    """The folder of a workspace where images lie by digest; names may point into ``sources`` alone."""

    folder: Path
    sources: Path | None = None

    def add(self, path: Path, alt: str) -> Media:
        """Draw the image at ``path`` anew, store it and return it.

        Raises:
            BadInput: there is no such image, it is too large, or its alt text is empty.

        """
        return self._keep(_read(path), alt, f"names {path.name!r}, which")

    def take_in(self, raw: bytes, alt: str) -> Media:
        """Draw anew what a person uploaded, store it and return it. Its name and stated type count for nothing.

        Raises:
            BadInput: it is none, it is too large, or its alt text is empty.

        """
        return self._keep(raw, alt, "")

    def _keep(self, raw: bytes, alt: str, named: str) -> Media:
        note = self.folder / f"{_NOTE}{hashlib.sha256(raw).hexdigest()}"
        with contextlib.suppress(FileNotFoundError):
            name = note.read_text("ascii")
            if (self.folder / name).is_file():
                return self._used(name, alt)
        kind, drawn = _redrawn(raw, named)
        name = f"{hashlib.sha256(drawn).hexdigest()}.{_FORMATS[kind]}"
        self._write(name, drawn)
        self._write(note.name, name.encode("ascii"))
        return self._media(name, alt)

    def get(self, digest: str, alt: str) -> Media:
        """Return the stored image with this digest.

        Raises:
            BadInput: there is none, or its alt text is empty.

        """
        stored = _STORED.fullmatch(digest)
        for suffix in _MIMES if stored else ():
            if stored and (self.folder / f"{stored['digest']}.{suffix}").is_file():
                return self._used(f"{stored['digest']}.{suffix}", alt)
        raise wrong(f"names an image that is not stored ({digest[:12]})", "Add the image again.")

    def take(self, value: str, alt: str) -> Media:
        """Return the image that a partner's detail names: a stored digest, or a file inside ``sources``.

        A detail comes from outside, so it never points anywhere else on the machine.

        Raises:
            BadInput: it names nothing of the kind.

        """
        if _STORED.fullmatch(value):
            return self.get(value, alt)
        path = (self.sources / value).resolve() if self.sources else None
        if path is None or not path.is_relative_to(self.sources.resolve() if self.sources else path / "x"):
            raise wrong(f"names {value!r}, which is not among the images", "Put the file into the images' folder.")
        return self.add(path, alt)

    def _used(self, name: str, alt: str) -> Media:
        """Return a stored image that somebody uses now: what has not been used for long may be removed."""
        with contextlib.suppress(OSError):
            os.utime(self.folder / name)
        return self._media(name, alt)

    def _media(self, name: str, alt: str) -> Media:
        if not alt.strip():
            raise wrong("has no alt text", "Say what the image shows, for those who do not see it.")
        digest, _, suffix = name.partition(".")
        return Media(digest, _MIMES[suffix], alt.strip(), self.folder / name)

    def _write(self, name: str, content: bytes) -> None:
        """Write whole or not at all: another process may be reading."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f".{name}.{os.getpid()}.{threading.get_ident()}"
        part.write_bytes(content)
        part.replace(self.folder / name)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise wrong(f"is larger than {_MAX_BYTES // 1_000_000} MB", "Save it smaller.")
        return path.read_bytes()
    except OSError as why:
        raise wrong(f"names {path.name!r}, which cannot be read", "Put the file where the name says.") from why


def _redrawn(raw: bytes, named: str) -> tuple[str, bytes]:
    """Return the kind of an image and its bytes drawn anew: the right way up, and nothing beside the picture. ``named``
    begins what is said of one that is none.
    """
    mend = "Use a PNG, JPEG, WebP or GIF image."
    try:
        with Image.open(io.BytesIO(raw), formats=list(_FORMATS)) as image:
            _measure(image)
            kind = "JPEG" if image.format == _WITH_MORE else str(image.format)
            return kind, _saved(image, kind)
    except (BadInput, MemoryError):
        raise
    except UnidentifiedImageError as why:
        raise wrong(f"{named} is no image that we know".strip(), mend) from why
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as why:
        raise wrong("has too many pixels", "Make it smaller than 36 megapixels.") from why
    except Exception as why:  # the library raises whatever its reader ran into
        raise wrong(f"{named} is a damaged image".strip(), mend) from why


def _measure(image: Image.Image) -> None:
    width, height = image.size
    frames = _frames(image)
    if width * height > MAX_PIXELS:
        raise wrong(f"has {width} x {height} pixels", "Make it smaller than 36 megapixels.")
    if frames > _MAX_FRAMES or width * height * frames > 4 * MAX_PIXELS:
        raise wrong(f"moves through {frames} pictures", "Use a still image, or a much shorter one.")
    if frames > 1:
        _refuse_growing(image)


def _frames(image: Image.Image) -> int:
    return 1 if image.format == _WITH_MORE else getattr(image, "n_frames", 1)


def _refuse_growing(image: Image.Image) -> None:
    """Refuse a moving image with a picture that is larger than the first: only that one was measured. The library takes
    the new size over as it comes to such a picture, and draws it later.
    """
    first = image.size
    if any(picture.size != first for picture in ImageSequence.Iterator(image)):
        raise wrong("grows while it moves", "Save it anew, with all its pictures of one size.")
    image.seek(0)


def _saved(image: Image.Image, kind: str) -> bytes:
    """Draw anew. Its profile is not kept: it is bytes that nothing has looked through, and most platforms drop it. The
    colours of a moving image are taken as they are.
    """
    moving = _frames(image) > 1
    clean = image if moving else in_srgb(ImageOps.exif_transpose(image))
    if kind == "JPEG" and clean.mode not in {"L", "RGB"}:
        clean = clean.convert("RGB")
    clean.info = {key: clean.info[key] for key in _KEPT if key in clean.info}
    out = io.BytesIO()
    large = kind == "PNG" and image.width * image.height * _frames(image) > _OPTIMIZED
    more: dict[str, Any] = {"icc_profile": None} | ({"save_all": True} if moving else {})
    clean.save(out, kind, **({} if large else _SAVE[kind]), **more)
    return out.getvalue()
