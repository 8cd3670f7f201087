"""Pictures in the colours that everybody takes for granted, so that they look alike without a profile beside them."""

import io

from PIL import Image, ImageCms

_FLAT = {"RGB": "RGB", "RGBA": "RGB", "P": "RGB", "PA": "RGB", "L": "L", "LA": "L", "CMYK": "CMYK"}
"""As what a picture is looked up in its profile, by its mode: without what is see-through."""


def in_srgb(image: Image.Image) -> Image.Image:
    """Return a still picture in sRGB, with the profile that it carries taken into account; as it is, where the profile
    is of no use or the picture is of a kind that has none.
    """
    raw, flat = image.info.get("icc_profile"), _FLAT.get(image.mode)
    if not raw or flat is None:
        return image
    try:
        drawn = _converted(image if image.mode == flat else image.convert(flat), raw)
    except (ImageCms.PyCMSError, OSError, ValueError):  # bytes that are no profile, or another kind's
        return image
    if image.has_transparency_data:
        drawn.putalpha(image.convert("RGBA").getchannel("A"))
    return drawn


def _converted(flat: Image.Image, raw: bytes) -> Image.Image:
    profile, srgb = ImageCms.ImageCmsProfile(io.BytesIO(raw)), ImageCms.createProfile("sRGB")
    drawn = ImageCms.profileToProfile(flat, profile, srgb, outputMode="RGB")
    return (drawn or flat).convert("L" if flat.mode == "L" else "RGB")
