"""What is read from the local Facebook: one page of a listing, a node, many nodes at once, a token."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from campaign.errors import Declined
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.facebook_call import CHANNEL, Call
from campaign.sandbox.facebook_error import declined, missing_object, not_permitted, parameter
from campaign.sandbox.facebook_fields import Field, parse_fields
from campaign.sandbox.facebook_link import SITE
from campaign.sandbox.facebook_post import Seen, shown, stamp, visible
from campaign.sandbox.facebook_token import SCOPES, page_of
from campaign.sandbox.world import Post, Upload, World

LISTING = {"since", "until", "limit", "after", "before"}
LIMIT_MAX = 100
IDS_MAX = 50
PAGE_FIELDS = {"id", "name", "username", "link", "access_token"}
PHOTO_FIELDS = {"id", "alt_text", "alt_text_custom", "created_time"}


def listing(world: World, page: SandboxAccount, call: Call) -> dict[str, object]:
    """Return a page of the published posts, newest first (Graph API, *Page Feed*, Reading; *Paginated results*)."""
    _may_read(page)
    call.only(LISTING)
    fields, limit = wanted(call), _limit(call)
    since, until = _instant(call, "since"), _instant(call, "until")
    posts = world.posts(CHANNEL, page.external_id, since=since)
    posts = [post for post in posts if until is None or post.created_at <= until]
    start, stop = _window(posts, call, limit)
    data = [shown(Seen(world, page, post), fields) for post in posts[start:stop]]
    if not data:
        return {"data": []}
    cursors = {"before": _cursor(posts[start]), "after": _cursor(posts[stop - 1])}
    paging: dict[str, object] = {"cursors": cursors}
    if stop < len(posts):
        paging["next"] = _link(call, after=cursors["after"])
    if start > 0:
        paging["previous"] = _link(call, before=cursors["before"])
    return {"data": data, "paging": paging}


def node(world: World, page: SandboxAccount, name: str, call: Call) -> dict[str, object]:
    """Return one object: a post, a photo, or the page itself. Other pages' objects are refused."""
    _may_read(page)
    fields = wanted(call)
    if name == page.external_id:
        return _page(page, fields)
    post = visible(world, page, name)
    if post:
        return shown(Seen(world, page, post), fields)
    photo = world.media(CHANNEL, name)
    if photo is None or photo.account != page.external_id:
        raise missing_object(name, call.method)
    return _photo(photo, fields)


def nodes(world: World, page: SandboxAccount, call: Call) -> dict[str, object]:
    """Return many objects by ``ids``; one that is not there fails all (Graph API, *Multiple-id reads*)."""
    call.only({"ids"})
    names = [name for name in (call.text("ids") or "").split(",") if name]
    if not names or len(names) > IDS_MAX:
        raise parameter(f"Too many IDs or none: give 1 to {IDS_MAX}")
    return {name: node(world, page, name, call) for name in names}


def pages(world: World, page: SandboxAccount, call: Call) -> dict[str, object]:
    """Return the pages behind the token with their tokens (Graph API, *User Accounts*)."""
    call.only(LISTING)
    token = page.credentials.get("access_token")
    held = [one for one in world.on(CHANNEL) if one.credentials.get("access_token") == token]
    tasks = ["ANALYZE", "CREATE_CONTENT", "MODERATE"]
    return {"data": [_page(one, [Field("access_token"), Field("name")]) | {"tasks": tasks} for one in held]}


def debug_token(world: World, call: Call) -> dict[str, object]:
    """Return what is known of ``input_token`` (Graph API, *Debug Token*)."""
    call.only({"input_token"})
    token = call.text("input_token")
    page = page_of(world, token)
    if page is None:
        error = {"code": 190, "message": "Invalid OAuth access token.", "subcode": 467}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    facts = {"type": "PAGE", "is_valid": True, "profile_id": page.external_id, "expires_at": 0}
    return {"data": facts | {"scopes": sorted(page.scopes or SCOPES)}}


def wanted(call: Call) -> tuple[Field, ...]:
    """Return the ``fields`` asked for, none where the parameter was not sent."""
    text = call.text("fields")
    return parse_fields(text) if text else ()


def own_post(world: World, page: SandboxAccount, name: str, method: str) -> Post:
    """Return one of the page's posts, else refuse. The switch ``facebook.out_of_reach`` lists posts that are there and
    for which no token is good.
    """
    post, hidden = visible(world, page, name), world.switches.get("facebook.out_of_reach", [])
    if post is None or (isinstance(hidden, list) and name in hidden):
        raise missing_object(name, method)
    return post


def _may_read(page: SandboxAccount) -> None:
    if not page.may("pages_read_engagement"):
        message = (
            "This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature."
        )
        raise not_permitted(message)


def _page(page: SandboxAccount, fields: Sequence[Field]) -> dict[str, object]:
    facts: dict[str, object] = {
        "id": page.external_id,
        "name": page.partner_name,
        "username": page.handle,
        "link": f"{SITE}/{page.external_id}",
        "access_token": page.credentials.get("access_token", ""),
    }
    names = [field.name for field in fields] or ["name"]
    return _picked(facts, names, "Page", PAGE_FIELDS)


def _photo(photo: Upload, fields: Sequence[Field]) -> dict[str, object]:
    facts: dict[str, object] = {"id": photo.id, "alt_text": photo.alt, "alt_text_custom": photo.alt}
    facts["created_time"] = stamp(photo.created_at)
    names = [field.name for field in fields] or ["created_time"]
    return _picked(facts, names, "Photo", PHOTO_FIELDS)


def _picked(facts: dict[str, object], names: Sequence[str], kind: str, known: set[str]) -> dict[str, object]:
    for name in names:
        if name not in known:
            raise parameter(f"Tried accessing nonexisting field ({name}) on node type ({kind})")
    return {name: facts[name] for name in names} | {"id": facts["id"]}


def _limit(call: Call) -> int:
    text = call.text("limit") or "25"
    if not text.isdigit() or not 0 < int(text) <= LIMIT_MAX:
        raise parameter(f"Param limit must be a number between 1 and {LIMIT_MAX}")
    return int(text)


def _instant(call: Call, name: str) -> datetime | None:
    """Return a time given as a Unix time or as ISO 8601; without an offset it is UTC."""
    text = call.text(name)
    if not text:
        return None
    try:
        instant = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise parameter(f"Param {name} must be a valid timestamp") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _window(posts: Sequence[Post], call: Call, limit: int) -> tuple[int, int]:
    after, before = call.text("after"), call.text("before")
    if after:
        start = _place(posts, _number(after))
        return start, min(start + limit, len(posts))
    if before:
        stop = _place(posts, _number(before) + 1)
        return max(0, stop - limit), stop
    return 0, min(limit, len(posts))


def _place(posts: Sequence[Post], number: int) -> int:
    """Return the place of the first post older than ``number``: neither new nor deleted posts move the page."""
    return next((place for place, post in enumerate(posts) if _own_number(post) < number), len(posts))


def _cursor(post: Post) -> str:
    return base64.urlsafe_b64encode(str(_own_number(post)).encode()).decode().rstrip("=")


def _number(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise _bad_cursor() from None


def _bad_cursor() -> Declined:
    return declined(100, "(#100) Invalid cursors values", kind="OAuthException")


def _own_number(post: Post) -> int:
    return int(post.id.rpartition("_")[2])


def _link(call: Call, **cursor: str) -> str:
    """Return the address of the next page; as on the real thing it carries the token in the clear."""
    kept = {name: value for name, value in call.params.items() if name not in {"after", "before"}}
    return f"{call.here}/{'/'.join(call.path)}?{urlencode({**kept, **cursor})}"
