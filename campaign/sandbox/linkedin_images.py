"""Images on the local LinkedIn: ask for an address, put the bytes there, wait until they are processed.

LinkedIn, *Images API*.
"""

import re
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from secrets import token_urlsafe

from PIL import Image, UnidentifiedImageError
from starlette.responses import JSONResponse, Response

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.linkedin_call import CHANNEL, Call, instant
from campaign.sandbox.linkedin_error import bad_field, declined, denied, not_found
from campaign.sandbox.world import Upload, World

WRITE = "w_organization_social"
PIXELS_MAX = 36_152_320
ADDRESS_LIFE = timedelta(hours=24)
PROCESSING = 2.0
"""Seconds that an image stays in PROCESSING unless it is asked about; switch ``linkedin.processing`` sets another."""

_FORMATS = ("JPEG", "PNG", "GIF")
_PATH = re.compile(r"[\w-]+$")


def initialise(call: Call) -> Response:
    """Give out an address for the bytes of one image (*Images API*, Initialize image upload)."""
    if call.values.get("action") != "initializeUpload":
        raise declined(400, "An action parameter of initializeUpload is expected", "ILLEGAL_ARGUMENT")
    request = call.json().get("initializeUploadRequest")
    owner = request.get("owner") if isinstance(request, dict) else None
    if not isinstance(owner, str):
        problem = "field is required but not found and has no default value"
        raise bad_field("/initializeUploadRequest/owner", problem, "MISSING_FIELD")
    account = call.speaker(owner, WRITE, "partnerApiImages.ACTION-initializeUpload")
    number, now = f"C4E10{token_urlsafe(12)}", call.world.clock.now()
    urn = f"urn:li:image:{number}"
    call.world.add_media(Upload(CHANNEL, account.external_id, urn, now, state="WAITING_UPLOAD"))
    expires = int((now + ADDRESS_LIFE).timestamp() * 1000)
    value = {"uploadUrlExpiresAt": expires, "uploadUrl": f"{call.root}/dms-uploads/{number}", "image": urn}
    return JSONResponse({"value": value})


def put(world: World, held: tuple[SandboxAccount, ...], number: str, data: bytes) -> Response:
    """Take the bytes (*Images API*, Upload the image: the bearer token is wanted here too)."""
    upload = world.media(CHANNEL, f"urn:li:image:{number}") if _PATH.match(number) else None
    if upload is None or upload.account not in {one.external_id for one in held}:
        raise not_found(number)
    now = world.clock.now()
    if upload.created_at + ADDRESS_LIFE <= now:
        raise declined(400, "The upload address has expired", "ILLEGAL_ARGUMENT")
    mime = _kind(data)
    state = "PROCESSING" if mime else "PROCESSING_FAILED"
    kept = replace(upload, data=data, mime=mime or upload.mime, state=state, extra={"uploaded_at": now.isoformat()})
    world.add_media(kept)
    return Response(status_code=201)


def show(call: Call) -> Response:
    """Tell how far an image is; the answer after the first PROCESSING says AVAILABLE (*Images API*, Get)."""
    call.needs(WRITE, "partnerApiImages.GET")
    upload = call.world.media(CHANNEL, call.urn)
    if upload is None:
        raise not_found(call.urn)
    account = next((one for one in call.held if one.external_id == upload.account), None)
    if account is None:
        raise denied("partnerApiImages.GET", call.version)
    status = _status(call.world, upload)
    if status == "PROCESSING":
        call.world.add_media(replace(upload, extra={**upload.extra, "asked": True}))
    return JSONResponse({"id": upload.id, "owner": upload.account, "status": status})


def available(world: World, owner: SandboxAccount, urn: str) -> bool:
    """Say whether the image is the owner's and ready to be posted."""
    upload = world.media(CHANNEL, urn)
    return upload is not None and upload.account == owner.external_id and _status(world, upload) == "AVAILABLE"


def _status(world: World, upload: Upload) -> str:
    """Return the status now. It moves on by being asked too, so that a clock that stands still holds nobody up."""
    if upload.state != "PROCESSING":
        return upload.state
    seconds = float(str(world.switches.get("linkedin.processing", PROCESSING)))
    ready = instant(str(upload.extra["uploaded_at"])) + timedelta(seconds=seconds)
    return "AVAILABLE" if upload.extra.get("asked") or world.clock.now() >= ready else "PROCESSING"


def _kind(data: bytes) -> str | None:
    """Return the type of an image that LinkedIn would take, None for anything else."""
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            return image.get_format_mimetype() if image.width * image.height < PIXELS_MAX else None
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
