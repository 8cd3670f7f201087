"""How X words a refusal: one problem object (X API v2 documentation, "Response codes and errors")."""

from collections.abc import Mapping, Sequence

from starlette.responses import JSONResponse, Response

from campaign.clock import Clock
from campaign.errors import Declined
from campaign.sandbox.calls import Manners

PROBLEMS = "https://api.x.com/2/problems/"


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: object) -> Declined:
    """Return the refusal with this problem object."""
    return Declined(status=status, body={**more, "title": title, "detail": detail, "type": kind, "status": status})


def invalid(parameter: str, value: object, message: str) -> Declined:
    """Return 400 for one bad parameter (problem ``invalid-request``; it carries no status)."""
    return Declined(
        status=400,
        body={
            "errors": [{"parameters": {parameter: [str(value)]}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": PROBLEMS + "invalid-request",
        },
    )


def unauthorized() -> Declined:
    """Return 401 for an unknown, spent or badly signed token."""
    return problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str = "You are not permitted to perform this action.") -> Declined:
    """Return 403 with X's plain wording."""
    return problem(403, "Forbidden", detail)


def duplicate() -> Declined:
    """Return 403 for words that the author posted before (a capture of a live answer, 2026-02-12)."""
    return forbidden("You are not allowed to create a Tweet with duplicate content.")


def read_only() -> Declined:
    """Return 403 for an OAuth 1.0a app that may only read."""
    detail = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
    return problem(403, "Forbidden", detail, PROBLEMS + "oauth1-permissions")


def out_of_credits() -> Declined:
    """Return 402 for an account whose prepaid credits are used up."""
    detail = "Your enrolled account does not have any credits to fulfill this request."
    return problem(402, "CreditsDepleted", detail, PROBLEMS + "credits")


def missing(parameter: str, value: str, kind: str = "tweet") -> dict[str, object]:
    """Return the partial error for one thing that is not there; it stands beside the data in a 200."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def not_found(parameter: str, value: str, kind: str = "tweet") -> Declined:
    """Return 404 for the one thing that was asked for."""
    return Declined(status=404, body={**missing(parameter, value, kind), "status": 404})


def field_refused(post_id: str, name: str) -> dict[str, object]:
    """Return the partial error for private metrics of a post that is old or not one's own ("Metrics")."""
    return {
        "resource_id": post_id,
        "parameter": "ids",
        "resource_type": "tweet",
        "section": "data",
        "field": name,
        "value": post_id,
        "title": "Field Authorization Error",
        "detail": f"Sorry, you are not authorized to access the field '{name}' on the Tweet with ids : [{post_id}].",
        "type": PROBLEMS + "not-authorized-for-field",
    }


def bodies(errors: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the part of an answer that lists partial errors, empty when there are none."""
    return {"errors": [dict(error) for error in errors]} if errors else {}


def throttled(clock: Clock, seconds: float | None) -> Response:
    """Return 429; with the header of the reset, or without any ("Rate limits")."""
    headers = {}
    if seconds is not None:
        reset = int(clock.now().timestamp() + seconds) + 1
        headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    body = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    return JSONResponse(body, 429, headers)


def broken() -> Response:
    """Return the 503 that X gives when it is over capacity; the post may be there none the less."""
    body = {"title": "Service Unavailable", "detail": "Service Unavailable", "type": "about:blank", "status": 503}
    return JSONResponse(body, 503)


def manners(clock: Clock) -> Manners:
    """Return X's wording of the common faults."""

    def dead() -> Response:
        return JSONResponse(unauthorized().body, 401)

    return Manners(
        broken=broken,
        throttled=lambda seconds: throttled(clock, seconds),
        dead_token=dead,
        refusals={
            "no-permission": forbidden(),
            "stale-duplicate": duplicate(),
            "out-of-credits": out_of_credits(),
        },
    )
