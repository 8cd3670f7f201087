"""What the Graph API says when it says no: one body, many codes.

Graph API, *Handling errors*: ``{"error": {message, type, code, error_subcode, is_transient, error_user_title,
error_user_msg, fbtrace_id}}``, most with HTTP 400.
"""

from collections.abc import Mapping
from uuid import uuid4

from starlette.responses import HTMLResponse, JSONResponse, Response

from campaign.errors import Declined
from campaign.sandbox.calls import Manners

TOKEN_MESSAGES: Mapping[int, str] = {
    458: "Error validating access token: The user has not authorized application.",
    460: "Error validating access token: The session has been invalidated because the password was changed.",
    463: "Error validating access token: Session has expired.",
    467: "Error validating access token: The access token is invalid.",
    492: "Error validating access token: The user must be an administrator of the page.",
}
"""Graph API, *Access token errors*: subcodes of code 190."""


def declined(
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    kind: str = "OAuthException",
    status: int = 400,
    transient: bool = False,
    said: tuple[str, str] | None = None,
) -> Declined:
    """Return a refusal. ``said`` is the title and the sentence that the platform means for its users."""
    error: dict[str, object] = {"message": message, "type": kind, "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    if said or transient:
        error["is_transient"] = transient
    if said:
        error["error_user_title"], error["error_user_msg"] = said
    error["fbtrace_id"] = uuid4().hex[:22]
    return Declined(status=status, body={"error": error})


def parameter(problem: str) -> Declined:
    """Return the refusal of a parameter (code 100); ``problem`` names it."""
    return declined(100, f"(#100) {problem}")


def missing_object(name: str, method: str) -> Declined:
    """Return the refusal for an id that is not there or not for this token (code 100, subcode 33)."""
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{name}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation"
    )
    return declined(100, message, subcode=33, kind="GraphMethodException")


def not_permitted(message: str, *, code: int = 10) -> Declined:
    """Return the refusal of a call for which the token lacks a permission (codes 10 and 200)."""
    return declined(code, f"(#{code}) {message}", status=403)


def duplicate() -> Declined:
    """Return the refusal of words equal to the page's last ones (code 506)."""
    said = ("Duplicate status update", "This status update is identical to the last one you posted.")
    return declined(506, "(#506) Duplicate status message", subcode=1455006, said=said)


def blocked() -> Declined:
    """Return the refusal of a page that is blocked for a while (code 368; Graph API, *Handling errors*)."""
    said = ("You're Temporarily Blocked", "It looks like you were misusing this feature by going too fast.")
    message = "The action attempted has been deemed abusive or is otherwise disallowed"
    return declined(368, message, said=said)


def bad_token(subcode: int = 463) -> Declined:
    """Return the refusal of a token that was good once."""
    return declined(190, TOKEN_MESSAGES[subcode], subcode=subcode)


def unknown_token() -> Declined:
    """Return the refusal of a token that nobody was ever given."""
    answer = declined(190, "Invalid OAuth access token - Cannot parse access token", status=401)
    return Declined(
        status=401,
        body=answer.body,
        headers={"WWW-Authenticate": 'OAuth "Facebook Platform" "invalid_token" "Invalid OAuth access token"'},
    )


def broken() -> Response:
    """Return what stands before Facebook's servers when they fail: a page of HTML, not a body of the API."""
    page = "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"
    return HTMLResponse(page, 502)


def throttled(page_id: str, seconds: float | None) -> Response:
    """Return code 32, with the usage header that tells the minutes to wait where ``seconds`` is known.

    Graph API, *Rate limits*, Business use case: ``estimated_time_to_regain_access`` counts minutes.
    """
    answer = declined(32, "(#32) Page request limit reached", status=403)
    headers = {} if seconds is None else usage_headers(page_id, 100, minutes=max(1, round(seconds / 60)))
    return JSONResponse(answer.body, answer.status, headers)


def usage_headers(page_id: str, percent: int, *, minutes: int = 0) -> dict[str, str]:
    """Return the headers that tell a client, in percent, how much of its budget is used."""
    counts = f'"call_count":{percent},"total_cputime":{percent // 2},"total_time":{percent // 2}'
    wait = f'"estimated_time_to_regain_access":{minutes}'
    headers = {"X-App-Usage": "{" + counts + "}"}
    if page_id:
        headers["X-Business-Use-Case-Usage"] = f'{{"{page_id}":[{{"type":"pages",{counts},{wait}}}]}}'
    return headers


def manners(page_id: str) -> Manners:
    """Return how the Graph API words faults, for calls on this page."""
    return Manners(
        broken=broken,
        throttled=lambda seconds: throttled(page_id, seconds),
        dead_token=lambda: JSONResponse(bad_token().body, 400),
        refusals={
            "no-permission": not_permitted("This endpoint requires the 'pages_read_engagement' permission."),
            "stale-duplicate": duplicate(),
            "policy-block": blocked(),
        },
    )
