"""Engagement on the local LinkedIn: share statistics of an organisation, and social metadata of posts.

LinkedIn, *Organization Share Statistics* and *Social Metadata API*.
"""

from datetime import timedelta

from starlette.responses import JSONResponse, Response

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.linkedin_call import CHANNEL, Call, organisation
from campaign.sandbox.linkedin_error import not_found
from campaign.sandbox.restli import illegal, text, urns
from campaign.sandbox.world import Post, World

ADMIN = "rw_organization_admin"
SOCIAL = "r_organization_social_feed"
STATISTICS_DELAY = 1.0
"""Seconds before a new post has statistics; the switch ``linkedin.statistics_delay`` sets another."""


def statistics(call: Call) -> Response:
    """Return lifetime figures of the posts in ``shares`` and ``ugcPosts``; one too young or unknown fails the call."""
    if text(call.values, "q") != "organizationalEntity":
        raise illegal("q must be organizationalEntity")
    owner = text(call.values, "organizationalEntity") or ""
    account = call.speaker(owner, ADMIN, "organizationalEntityShareStatistics.FINDER-organizationalEntity")
    if "timeIntervals" in call.values:
        raise illegal("timeIntervals: the local LinkedIn gives lifetime figures alone")
    wanted = [("share", urn) for urn in urns(call.values, "shares")]
    wanted += [("ugcPost", urn) for urn in urns(call.values, "ugcPosts")]
    elements = [_element(call.world, account, kind, urn) for kind, urn in wanted]
    paging = {"start": 0, "count": len(elements), "links": []}
    return JSONResponse({"paging": paging, "elements": elements})


def metadata(call: Call) -> Response:
    """Return reactions and comments of one post."""
    call.needs(SOCIAL, "partnerApiSocialMetadata.GET")
    post = _seen(call, call.urn)
    if post is None:
        raise not_found(call.urn)
    return JSONResponse(_social(call.world, post))


def metadata_batch(call: Call) -> Response:
    """Return reactions and comments of the posts in ``ids``; those not there stand under ``errors``."""
    call.needs(SOCIAL, "partnerApiSocialMetadata.BATCH_GET")
    seen = {urn: _seen(call, urn) for urn in urns(call.values, "ids")}
    results = {urn: _social(call.world, post) for urn, post in seen.items() if post}
    errors = {urn: {"status": 404, "message": "Not Found"} for urn, post in seen.items() if post is None}
    return JSONResponse({"results": results, "statuses": dict.fromkeys(results, 200), "errors": errors})


def _element(world: World, account: SandboxAccount, kind: str, urn: str) -> dict[str, object]:
    if not urn.startswith(f"urn:li:{kind}:"):
        raise illegal(f"{urn} is no {kind}")
    post = world.post(CHANNEL, urn)
    delay = timedelta(seconds=float(str(world.switches.get("linkedin.statistics_delay", STATISTICS_DELAY))))
    if post is None or post.account != account.external_id or post.created_at + delay > world.clock.now():
        raise not_found(urn)
    return {kind: urn, "organizationalEntity": organisation(account), "totalShareStatistics": _total(world, post)}


def _total(world: World, post: Post) -> dict[str, object]:
    seen = world.figures(post)
    acts = sum(count or 0 for count in (seen.clicks, seen.reactions, seen.comments, seen.shares))
    return {
        "impressionCount": seen.impressions,
        "uniqueImpressionsCount": seen.reach,
        "clickCount": seen.clicks,
        "likeCount": seen.reactions,
        "commentCount": seen.comments,
        "shareCount": seen.shares,
        "engagement": acts / seen.impressions if seen.impressions else 0,
    }


def _seen(call: Call, urn: str) -> Post | None:
    post = call.world.post(CHANNEL, urn)
    return post if post and post.account in {one.external_id for one in call.held} else None


def _social(world: World, post: Post) -> dict[str, object]:
    seen = world.figures(post)
    praise = (seen.reactions or 0) // 5
    counts = {"LIKE": (seen.reactions or 0) - praise, "PRAISE": praise}
    return {
        "entity": post.id,
        "reactionSummaries": {kind: {"reactionType": kind, "count": count} for kind, count in counts.items() if count},
        "commentSummary": {"count": seen.comments, "topLevelCount": seen.comments},
        "commentsState": "OPEN",
    }
