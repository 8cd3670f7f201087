"""Reading X: posts by id, an account's posts, the caller; with fields and expansions as asked for.

Sources: X API v2 reference, "Get Posts by IDs", "Get Posts" (of a user), "Get my User"; "Metrics", "Pagination".
"""

import base64
import binascii
from datetime import UTC, datetime, timedelta

from starlette.responses import JSONResponse, Response

from campaign.sandbox.world import Post
from campaign.sandbox.x_bill import charge
from campaign.sandbox.x_call import EPOCH_MS, Call
from campaign.sandbox.x_problem import bodies, forbidden, invalid, missing, not_found
from campaign.sandbox.x_shape import Asked, asked, included, shaped

MOST_IDS = 100
OLDEST = 3200
"""How far back an account's posts can be read ("Get Posts")."""


def by_ids(call: Call) -> Response:
    """Return the posts asked for; what is not there is a partial error, never an HTTP error."""
    call.needs("tweet.read")
    ids = [part for part in call.request.query_params.get("ids", "").split(",") if part]
    if not 1 <= len(ids) <= MOST_IDS or not all(part.isdecimal() for part in ids):
        raise invalid("ids", ",".join(ids), "The `ids` query parameter wants 1 to 100 ids.")
    want = asked(call)
    found = {post_id: call.world.post("x", post_id) for post_id in ids}
    lost = [missing("ids", post_id) for post_id, post in found.items() if post is None]
    return JSONResponse(_answer(call, [post for post in found.values() if post], want, lost))


def by_id(call: Call) -> Response:
    """Return one post."""
    call.needs("tweet.read")
    post = call.world.post("x", call.request.path_params["id"])
    if post is None:
        raise not_found("id", call.request.path_params["id"])
    answer = _answer(call, [post], asked(call), [])
    posts = answer["data"]
    return JSONResponse({**answer, "data": posts[0] if isinstance(posts, list) else posts})


def of_user(call: Call) -> Response:
    """List an account's posts, newest first; an empty page has a ``meta`` and no ``data``."""
    call.needs("tweet.read")
    user = call.request.path_params["id"]
    if call.world.account("x", user) is None:
        raise not_found("id", user, "user")
    want, size = asked(call), _size(call)
    posts = [post for post in _in_window(call, user) if not _excluded(call, post)]
    before = _before(call)
    rest = [post for post in posts if before is None or int(post.id) < before]
    page = rest[:size]
    return JSONResponse({**_answer(call, page, want, []), "meta": _meta(page, more=len(rest) > size)})


def _answer(call: Call, posts: list[Post], want: Asked, errors: list[dict[str, object]]) -> dict[str, object]:
    charge(call.world, call.account, posts)
    pairs = [shaped(call, post, want) for post in posts]
    answer: dict[str, object] = {"data": [facts for facts, _ in pairs]} if pairs else {}
    includes = included(call, posts, want)
    if includes:
        answer["includes"] = includes
    return {**answer, **bodies(errors + [error for _, refused in pairs for error in refused])}


def _meta(page: list[Post], *, more: bool) -> dict[str, object]:
    meta: dict[str, object] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if more:
        meta["next_token"] = base64.urlsafe_b64encode(page[-1].id.encode()).decode().rstrip("=")
    return meta


def _size(call: Call) -> int:
    text = call.request.query_params.get("max_results", "10")
    if not text.isdecimal() or not 5 <= int(text) <= 100:  # noqa: PLR2004 - X's bounds
        raise invalid("max_results", text, "The `max_results` query parameter value is not between 5 and 100.")
    return int(text)


def _before(call: Call) -> int | None:
    token = call.request.query_params.get("pagination_token")
    if token is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error) as error:
        raise invalid("pagination_token", token, "The pagination token is invalid.") from error


def _in_window(call: Call, user: str) -> list[Post]:
    query = call.request.query_params
    since_id, until_id = _number(call, "since_id"), _number(call, "until_id")
    start, end = _instant(call, "start_time"), _instant(call, "end_time")
    if since_id is not None and start is None:
        start = datetime.fromtimestamp(((since_id >> 22) + EPOCH_MS) / 1000, UTC) - timedelta(seconds=1)
    posts = call.world.posts("x", user, since=start, limit=OLDEST)
    asked_end = end if "end_time" in query else None
    return [
        post
        for post in posts
        if (since_id is None or int(post.id) > since_id)
        and (until_id is None or int(post.id) < until_id)
        and (asked_end is None or post.created_at < asked_end)
    ]


def _number(call: Call, name: str) -> int | None:
    text = call.request.query_params.get(name)
    if text is not None and not text.isdecimal():
        raise invalid(name, text, f"The `{name}` query parameter value is no id.")
    return int(text) if text else None


def _instant(call: Call, name: str) -> datetime | None:
    """Read an RFC 3339 instant in UTC with a Z, the one form X takes."""
    text = call.request.query_params.get(name)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError as error:
        raise invalid(name, text, f"The `{name}` query parameter value is no RFC 3339 instant.") from error


def _excluded(call: Call, post: Post) -> bool:
    kinds = call.request.query_params.get("exclude", "").split(",")
    is_reply = bool(post.extra.get("in_reply_to"))
    return ("retweets" in kinds and post.share_of is not None) or ("replies" in kinds and is_reply)


def me(call: Call) -> Response:
    """Return the caller."""
    if not call.account.may("users.read"):
        raise forbidden()
    account = call.account
    return JSONResponse(
        {
            "data": {
                "id": account.external_id,
                "name": account.partner_name,
                "username": account.handle.removeprefix("@"),
            }
        }
    )
