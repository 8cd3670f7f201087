"""Pictures of a partner's details and of single posts: drawn anew as they come in, by field, with what they show.

A program never names a picture: it brings the bytes, so that it can name no file of this machine nor another partner's.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse, Response

from campaign.errors import UnknownName
from campaign.people import Right, demand
from campaign.plan.fields import FieldSpec, checked
from campaign.plan.fill import parts
from campaign.plan.refill import wording
from campaign.plan.template import wanted_fields
from campaign.review import single
from campaign.web.api.bearer import Caller, Queues, Reads
from campaign.web.api.details import DetailsSaved, Versioned, stored
from campaign.web.api.once import Once, Onced
from campaign.web.api.posts import decided
from campaign.web.api.shapes import Digest, PartnerKey, PostId, PostOut
from campaign.web.forms import MOST_BYTES
from campaign.web.pictures import MOST_FILE, file_of, image_of, take_in

router = APIRouter()

FieldName = Annotated[str, Path(max_length=60, pattern="^[A-Za-z][A-Za-z0-9_]*$", description="A field of pictures.")]
Seen = Annotated[str, Query(max_length=64, description="The `version` that was seen; empty: whatever it is.")]
Alt = Annotated[str, Query(min_length=1, max_length=2000, description="What it shows, for those who do not see it.")]
Until = Annotated[date | None, Query(description="The last day on which it may be shown; null: no end.")]
_PATH = re.compile(r"/pictures/[^/]+$")
_BODY = {
    "requestBody": {
        "required": True,
        "description": f"A PNG, JPEG, WebP or GIF of at most {MOST_FILE // 1_000_000} MB. It is drawn anew.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FILES: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The picture",
        "content": {f"image/{kind}": {"schema": {"type": "string"}} for kind in ("png", "jpeg", "webp", "gif")},
    }
}


def most_bytes(method: str, path: str) -> int:
    """Return how long the body of a call may be: whoever sends a picture sends more."""
    return MOST_FILE if method == "PUT" and _PATH.search(path) else MOST_BYTES


class PictureSent(Versioned):
    """What a call with a picture said."""

    values: dict[str, str]


async def _raw(request: Request, _who: Queues) -> bytes:
    """Read a picture, of whoever may send one: a stranger's bytes are not read."""
    return await request.body()


Raw = Annotated[bytes, Depends(_raw)]


def _spec(fields: Mapping[str, FieldSpec], name: str) -> FieldSpec:
    spec = fields.get(name)
    if spec is None or spec.type != "image":
        raise UnknownName(kind="field of pictures", name=name, mend="The templates name those that there are.")
    return spec


def _taken(who: Caller, spec: FieldSpec, raw: bytes, alt: str, until: date | None) -> dict[str, str]:
    """Keep a picture, and return the values of its field. Raises BadInput."""
    file, day = take_in(who.house, who.person, raw), until.isoformat() if until else ""
    checked(spec, {"file": file, "alt": alt, "until": day})
    return dict(zip(parts(spec), (file, alt.strip(), day), strict=True))


def _detail(who: Caller, name: str) -> FieldSpec:
    return _spec(wanted_fields(who.house.app.copy.templates), name)


@router.put("/partners/{partner}/details/pictures/{field}", tags=["partners"], openapi_extra=_BODY)
def put_partner_picture(
    partner: PartnerKey,
    field: FieldName,
    who: Queues,
    raw: Raw,
    once: Onced,
    alt: Alt,
    until: Until = None,
    version: Seen = "",
) -> DetailsSaved:
    """Put a picture into a partner's details; its posts follow, and an approval of what changes is void."""
    spec = _detail(who, field)
    with who.house.app.database.read() as session:
        demand(who.person, Right.AGREE, who.partner(session, partner).key)
    values = _taken(who, spec, raw, alt, until)
    return stored(who, once, partner, PictureSent(version=version, values=values), values)


@router.delete("/partners/{partner}/details/pictures/{field}", tags=["partners"])
def remove_partner_picture(
    partner: PartnerKey, field: FieldName, who: Queues, once: Onced, version: Seen = ""
) -> DetailsSaved:
    """Take a picture out of a partner's details; its posts follow."""
    values = dict.fromkeys(parts(_detail(who, field)), "")
    return stored(who, once, partner, PictureSent(version=version, values=values), values)


@router.get(
    "/partners/{partner}/details/pictures/{field}", tags=["partners"], response_class=FileResponse, responses=_FILES
)
def show_partner_picture(partner: PartnerKey, field: FieldName, who: Reads) -> Response:
    """Give the picture of a partner's details."""
    spec = _detail(who, field)
    with who.house.app.database.read() as session:
        digest = who.partner(session, partner).details.get(spec.name, "")
    return file_of(who.house, digest)


@router.get("/posts/{ident}/images/{digest}", tags=["posts"], response_class=FileResponse, responses=_FILES)
def show_post_image(ident: PostId, digest: Annotated[Digest, Path()], who: Reads) -> Response:
    """Give an image that a post shows; its preview names them."""
    with who.house.app.database.read() as session:
        post = who.post(session, ident).post
    return image_of(who.house, post, digest)


@router.put("/posts/{ident}/pictures/{field}", tags=["posts"], openapi_extra=_BODY)
def put_post_picture(
    ident: PostId, field: FieldName, who: Queues, raw: Raw, once: Onced, alt: Alt, until: Until = None
) -> PostOut:
    """Give a post a picture of its own. An approval is void then."""
    spec = _post_field(who, ident, field)
    return _refilled(who, once, ident, _taken(who, spec, raw, alt, until))


@router.delete("/posts/{ident}/pictures/{field}", tags=["posts"])
def remove_post_picture(ident: PostId, field: FieldName, who: Queues, once: Onced) -> PostOut:
    """Take a post's own picture away: it shows that of its partner's details, where there is one."""
    return _refilled(who, once, ident, dict.fromkeys(parts(_post_field(who, ident, field)), ""))


def _post_field(who: Caller, ident: int, name: str) -> FieldSpec:
    with who.house.app.database.read() as session:
        post = who.post(session, ident).post
    return _spec(wording(who.house.app.copy.templates, post).fields, name)


def _refilled(who: Caller, once: Once, ident: int, values: dict[str, str]) -> PostOut:
    source = who.house.app.source(placeholders=True)
    sent = PictureSent(values=values)
    return decided(ident, who, once, sent, lambda desk, row: single.refill(desk, source, row, values, files=True))
