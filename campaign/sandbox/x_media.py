"""Uploads to X: one shot, in parts, their state, their alt text.

Sources: X API v2 reference, "Upload Media", "Initialize", "Append", "Finalize", "Create Media Metadata".
"""

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from campaign.sandbox.things import Upload
from campaign.sandbox.x_call import EPOCH_MS, Call
from campaign.sandbox.x_problem import invalid, not_found

LIFE = timedelta(hours=24)
PROCESSING = timedelta(seconds=1)
IMAGE_BYTES = 5 * 1024 * 1024
GIF_BYTES = 15 * 1024 * 1024
KEYS: Mapping[str, str] = {"photo": "3", "video": "13", "gif": "16"}
KINDS: Mapping[str, str] = {
    "tweet_image": "photo",
    "tweet_gif": "gif",
    "tweet_video": "video",
    "amplify_video": "video",
}

Category = Literal["tweet_image", "tweet_gif", "tweet_video", "amplify_video", "dm_image", "dm_gif", "dm_video"]
AtOnce = Literal["tweet_image", "dm_image"]
"""What goes in one shot; both published documents list no other picture, so a GIF that moves goes in parts."""
Number = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OneShot(_Shape):
    """The body of Upload Media. The newest document forbids ``media_type`` and ``shared``, so they are refused."""

    media: str
    media_category: AtOnce
    additional_owners: str | None = None


class Start(_Shape):
    """The body of Initialize."""

    media_type: str
    total_bytes: Annotated[int, Field(ge=0)]
    media_category: Category
    additional_owners: list[Number] | None = None
    shared: bool | None = None


class Part(_Shape):
    """The body of Append."""

    media: str
    segment_index: Annotated[int, Field(ge=0, le=999)]


class _Alt(BaseModel):
    text: Annotated[str, Field(max_length=1000)]


class _Facts(BaseModel):
    alt_text: _Alt | None = None


class Metadata(BaseModel):
    """The body of Create Media Metadata; X takes more of it than is emulated."""

    id: Number
    metadata: _Facts | None = None


def one_shot(call: Call) -> Response:
    """Take a whole image."""
    call.needs("media.write")
    wanted = call.checked(OneShot)
    data = _decoded(wanted.media)
    upload = _new(call, wanted.media_category, mime=_image_type(data))
    call.world.add_media(replace(upload, data=data, state="ready"))
    return JSONResponse({"data": {**_told(upload), "size": len(data)}})


def start(call: Call) -> Response:
    """Begin an upload in parts."""
    call.needs("media.write")
    wanted = call.checked(Start)
    upload = _new(call, wanted.media_category, mime=wanted.media_type)
    call.world.add_media(replace(upload, extra={**upload.extra, "total": wanted.total_bytes}))
    return JSONResponse({"data": _told(upload)})


def append(call: Call) -> Response:
    """Take one part; a part that comes twice replaces the first."""
    call.needs("media.write")
    upload, part = _own(call, call.request.path_params["id"], "open"), call.checked(Part)
    _decoded(part.media)
    call.world.keep(_part_key(upload, part.segment_index), part.media)
    segments = {*_segments(upload), part.segment_index}
    call.world.add_media(replace(upload, extra={**upload.extra, "segments": sorted(segments)}))
    return JSONResponse({"data": {"expires_at": int((upload.created_at + LIFE).timestamp())}})


def finalize(call: Call) -> Response:
    """Put the parts together. A photo is ready at once, a GIF or video a second later."""
    call.needs("media.write")
    upload = _own(call, call.request.path_params["id"], "open")
    parts = [str(call.world.recall(_part_key(upload, index))) for index in _segments(upload)]
    data = b"".join(map(_decoded, parts))
    if len(data) != upload.extra.get("total"):
        raise invalid("total_bytes", len(data), "The parts do not add up to total_bytes.")
    _check_kind(str(upload.extra["kind"]), data)
    done_at = call.world.clock.now() + (PROCESSING if upload.extra["kind"] != "photo" else timedelta(0))
    whole = replace(upload, data=data, state="ready", extra={**upload.extra, "done_at": done_at.timestamp()})
    call.world.add_media(whole)
    return JSONResponse({"data": {**_told(whole), "size": len(data), **_processing(call, whole)}})


def state(call: Call) -> Response:
    """Tell how far the processing is; a photo has no ``processing_info``, which means ready."""
    call.needs("media.write")
    upload = _own(call, call.request.query_params.get("media_id", ""), None)
    return JSONResponse({"data": {**_told(upload), "size": len(upload.data), **_processing(call, upload)}})


def describe(call: Call) -> Response:
    """Attach the alt text, at most 1000 characters."""
    call.needs("media.write")
    wanted = call.checked(Metadata)
    upload = _own(call, wanted.id, None)
    alt = wanted.metadata.alt_text.text if wanted.metadata and wanted.metadata.alt_text else ""
    call.world.add_media(replace(upload, alt=alt))
    return JSONResponse({"data": {"id": upload.id, "associated_metadata": {"alt_text": {"text": alt}}}})


def _new(call: Call, category: str, mime: str) -> Upload:
    number, kind = str(call.world.snowflake("x", EPOCH_MS)), KINDS.get(category, "photo")
    facts = {"kind": kind, "media_key": f"{KEYS[kind]}_{number}", "category": category}
    return Upload("x", call.account.external_id, number, call.world.clock.now(), mime, state="open", extra=facts)


def _told(upload: Upload) -> dict[str, object]:
    life = int(LIFE.total_seconds())
    return {"id": upload.id, "media_key": upload.extra["media_key"], "expires_after_secs": life}


def _own(call: Call, media_id: str, wanted_state: str | None) -> Upload:
    upload = call.world.media("x", media_id)
    if upload is None or upload.account != call.account.external_id:
        raise not_found("id", media_id, "media")
    if wanted_state and upload.state != wanted_state:
        raise invalid("id", media_id, "The upload is finished already.")
    return upload


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise invalid("media", text[:20], "media is not base64.") from error


def _check_kind(kind: str, data: bytes) -> None:
    """Hold what came in parts against its category. A film's bytes are not looked at."""
    if kind == "photo":
        _image_type(data)
    if kind == "gif" and (len(data) > GIF_BYTES or _read(data)[0] != "image/gif"):
        raise invalid("media", kind, "A tweet_gif is a GIF of at most 15 MB.")


def _image_type(data: bytes) -> str:
    mime, moves = _read(data)
    if len(data) > IMAGE_BYTES or mime not in {"image/jpeg", "image/png", "image/webp", "image/gif"}:
        raise invalid("media", mime, "Images are JPG, PNG, WEBP or GIF of at most 5 MB.")
    if moves and mime == "image/gif":
        raise invalid("media", mime, "A GIF that moves is no tweet_image.")
    return mime


def _read(data: bytes) -> tuple[str, bool]:
    """Return the type of an image and whether it moves, both by its bytes."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return str(image.get_format_mimetype()), bool(getattr(image, "is_animated", False))
    except UnidentifiedImageError as error:
        raise invalid("media", "", "media type unrecognized.") from error


def _segments(upload: Upload) -> list[int]:
    segments = upload.extra.get("segments")
    return [int(index) for index in segments] if isinstance(segments, list) else []


def _part_key(upload: Upload, index: int) -> str:
    return f"x/part/{upload.id}/{index}"


def _processing(call: Call, upload: Upload) -> dict[str, object]:
    done_at = upload.extra.get("done_at")
    if upload.extra["kind"] == "photo" or not isinstance(done_at, float):
        return {}
    if call.world.clock.now().timestamp() >= done_at:
        return {"processing_info": {"state": "succeeded", "progress_percent": 100}}
    return {"processing_info": {"state": "in_progress", "check_after_secs": 1, "progress_percent": 50}}
