"""What is read from the local LinkedIn: posts one by one and by author, and an organisation.

LinkedIn, *Posts API*, Get posts and Find posts by authors.
"""

from starlette.responses import JSONResponse, Response

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.linkedin_call import CHANNEL, Call, name_of, organisation
from campaign.sandbox.linkedin_error import denied, not_found
from campaign.sandbox.restli import illegal, text
from campaign.sandbox.world import Post

READ = "r_organization_social"
COUNT_MAX = 100
ROLE = "ADMINISTRATOR"
"""The one role that the local members have."""


def one(call: Call) -> Response:
    """Return a post of one of the token's organisations."""
    call.needs(READ, "partnerApiPostsExternal.GET")
    post = call.world.post(CHANNEL, call.urn)
    if post is None:
        raise not_found(call.urn)
    return JSONResponse(element(call, _author(call, post)[1]))


def by_author(call: Call) -> Response:
    """Return a page of an organisation's posts. ``author`` must come before ``q``, as its users found out."""
    if list(call.values)[:2] != ["author", "q"] or text(call.values, "q") != "author":
        raise illegal("The finder wants author and then q=author")
    author = text(call.values, "author") or ""
    account = call.speaker(author, READ, "partnerApiPostsExternal.FINDER-author")
    start, count = _number(call, "start", 0), _number(call, "count", 10)
    if not 0 < count <= COUNT_MAX:
        raise illegal(f"count must be between 1 and {COUNT_MAX}")
    posts = _sorted(call, call.world.posts(CHANNEL, account.external_id))
    elements = [element(call, post) for post in posts[start : start + count]]
    paging = {"start": start, "count": count, "links": [], "total": len(posts)}
    return JSONResponse({"paging": paging, "elements": elements})


def roles(call: Call) -> Response:
    """Return a page of the roles of the token's member (LinkedIn, *Organization access control*)."""
    call.needs("rw_organization_admin", "organizationAcls.FINDER-roleAssignee")
    if text(call.values, "q") != "roleAssignee":
        raise illegal("The finder wants q=roleAssignee")
    role, state = text(call.values, "role") or ROLE, text(call.values, "state") or "APPROVED"
    start, count = _number(call, "start", 0), _number(call, "count", 10)
    if not 0 < count <= COUNT_MAX:
        raise illegal(f"count must be between 1 and {COUNT_MAX}")
    facts = {"role": ROLE, "roleAssignee": "urn:li:person:sandbox", "state": "APPROVED"}
    every = [facts | {"organization": organisation(one)} for one in call.held]
    found = every if (role, state) == (ROLE, "APPROVED") else []
    paging = {"start": start, "count": count, "links": [], "total": len(found)}
    return JSONResponse({"paging": paging, "elements": found[start : start + count]})


def shown_organisation(call: Call) -> Response:
    """Return the name of one of the token's organisations (LinkedIn, *Organization lookup*)."""
    call.needs("rw_organization_admin", "organizations.GET")
    account = next((one for one in call.held if organisation(one).rpartition(":")[2] == call.urn), None)
    if account is None:
        raise denied("organizations.GET", call.version)
    facts = {"id": call.urn, "localizedName": name_of(account), "vanityName": account.handle}
    return JSONResponse({**facts, "$URN": organisation(account)})


def element(call: Call, post: Post) -> dict[str, object]:
    """Return a post as the API shows it, times in milliseconds.

    Whether ``commentary`` comes back escaped is not documented: the switch ``linkedin.plain_commentary`` takes the
    other reading.
    """
    created = int(post.created_at.timestamp() * 1000)
    plain = call.world.switches.get("linkedin.plain_commentary")
    account = call.world.account(CHANNEL, post.account)
    answer: dict[str, object] = {
        "id": post.id,
        "author": organisation(account) if account else post.account,
        "commentary": post.text if plain else post.extra["commentary"],
        "visibility": post.extra["visibility"],
        "distribution": post.extra["distribution"],
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": bool(post.extra.get("edited"))},
        "isReshareDisabledByAuthor": post.extra["no_reshare"],
        "createdAt": created,
        "publishedAt": created,
        "lastModifiedAt": _modified(post),
    }
    if post.extra["content"]:
        answer["content"] = post.extra["content"]
    if post.share_of:
        answer["reshareContext"] = {"parent": post.share_of, "root": post.share_of}
    return answer


def _author(call: Call, post: Post) -> tuple[SandboxAccount, Post]:
    account = next((one for one in call.held if one.external_id == post.account and one.may(READ)), None)
    if account is None:
        raise denied("partnerApiPostsExternal.GET", call.version)
    return account, post


def _sorted(call: Call, posts: list[Post]) -> list[Post]:
    order = text(call.values, "sortBy") or "LAST_MODIFIED"
    if order not in {"CREATED", "LAST_MODIFIED"}:
        raise illegal("sortBy must be CREATED or LAST_MODIFIED")
    return posts if order == "CREATED" else sorted(posts, key=_modified, reverse=True)


def _modified(post: Post) -> int:
    return int(str(post.extra.get("modified") or int(post.created_at.timestamp() * 1000)))


def _number(call: Call, name: str, default: int) -> int:
    value = text(call.values, name) or str(default)
    if not value.isdigit():
        raise illegal(f"{name} must be a number")
    return int(value)
