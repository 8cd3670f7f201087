"""What LinkedIn says when it says no: ``{status, code, message, serviceErrorCode, ...}``.

LinkedIn, *Error handling*, and captures of live answers. Throttles carry neither Retry-After nor rate headers.
"""

from uuid import uuid4

from starlette.responses import JSONResponse, Response

from campaign.errors import Declined
from campaign.sandbox.calls import Manners


def declined(status: int, message: str, code: str | None = None, service: int | None = None) -> Declined:
    """Return a refusal; ``service`` is LinkedIn's own number for it."""
    body: dict[str, object] = {"status": status, "message": message}
    if service is not None:
        body["serviceErrorCode"] = service
    if code is not None:
        body["code"] = code
    return Declined(status=status, body=body)


def bad_field(path: str, problem: str, code: str) -> Declined:
    """Return the refusal of one field of a body; ``path`` as in ``/content/media/id``."""
    message = f"ERROR :: {path} :: {problem}"
    entry = {"description": message, "input": {"inputPath": {"fieldPath": path}}, "code": code}
    body: dict[str, object] = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": message,
        "errorDetails": {"inputErrors": [entry]},
        "status": 400,
        "code": "ILLEGAL_ARGUMENT",
    }
    return Declined(status=400, body=body)


def duplicate(urn: str) -> Declined:
    """Return the refusal of equal content, which cites the post that is there (a capture of a live answer)."""
    message = f"Content is a duplicate of {urn}"
    entry = {"description": message, "input": {"inputPath": {"fieldPath": "/"}}, "code": "DUPLICATE_POST"}
    body: dict[str, object] = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": message,
        "errorDetails": {"inputErrors": [entry]},
        "status": 422,
    }
    return Declined(status=422, body=body)


def denied(resource: str, version: str) -> Declined:
    """Return the refusal of a call for which the token lacks the scope."""
    message = f"Not enough permissions to access: {resource}.{version}01"
    return declined(403, message, "ACCESS_DENIED", 100)


def ended_version(version: str) -> Declined:
    """Return the 426 for a version that lives no more; its message names the first day of the month (*Versioning*)."""
    return declined(426, f"Requested version {version}01 is not active", "NONEXISTENT_VERSION")


def not_found(what: str) -> Declined:
    """Return the answer for what is not there, or not any more."""
    return declined(404, f"could not find entity {what}", "NOT_FOUND")


def dead_token(code: str = "REVOKED_ACCESS_TOKEN") -> Declined:
    """Return the refusal of a token that was good once."""
    how = {"REVOKED_ACCESS_TOKEN": "revoked by the user", "EXPIRED_ACCESS_TOKEN": "expired"}[code]
    return declined(401, f"The token used in the request has been {how}", code, 65601)


def unknown_token() -> Declined:
    """Return the refusal of a token that nobody was ever given."""
    return declined(401, "Invalid access token", "INVALID_ACCESS_TOKEN", 65600)


def _broken() -> Response:
    body = {"status": 500, "message": "Internal Server Error", "code": "INTERNAL_SERVER_ERROR"}
    return JSONResponse(body, 500, traces())


def _throttled(seconds: float | None) -> Response:
    """Return a 429; it never says when. One with a known reset words itself as the limit of the day (00:00 UTC)."""
    return JSONResponse(_too_many("throttle" if seconds is None else "DAY").body, 429, traces())


def _too_many(which: str) -> Declined:
    message = f"Resource level {which} limit for calls to this resource is reached."
    return declined(429, message, "TOO_MANY_REQUESTS")


def too_many_today() -> Declined:
    """Return the refusal of a call beyond the member's limit of the day."""
    return _too_many("DAY")


def traces() -> dict[str, str]:
    """Return the headers that LinkedIn's support asks for."""
    return {"x-li-uuid": uuid4().hex, "x-li-fabric": "prod-sandbox"}


MANNERS = Manners(
    broken=_broken,
    throttled=_throttled,
    dead_token=lambda: JSONResponse(dead_token().body, 401),
    refusals={
        "no-permission": denied("partnerApiPostsExternal.CREATE", "202607"),
        "stale-duplicate": duplicate("urn:li:share:6900000000000000000"),
        "version-sunset": ended_version("202607"),
    },
)
"""How LinkedIn words faults."""
