"""Insights of a post on the local Facebook, with the metrics that are valid now and no other.

Graph API, *Post Insights*, and *Insights: deprecated metrics*: every ``post_impressions*`` and ``post_engaged_users``
is gone. One invalid name fails the whole request.
"""

from collections.abc import Callable, Mapping

from campaign.ports import Figures
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.facebook_error import declined, not_permitted, parameter
from campaign.sandbox.world import Post, World


def activity(seen: Figures) -> dict[str, int]:
    """Return what people did; an action that nobody took is not named."""
    actions = {"like": seen.reactions, "comment": seen.comments, "share": seen.shares}
    return {name: count for name, count in actions.items() if count}


METRICS: Mapping[str, Callable[[Figures], object]] = {
    "post_media_view": lambda seen: seen.impressions,
    "post_total_media_view_unique": lambda seen: seen.reach,
    "post_clicks": lambda seen: seen.clicks,
    "post_clicks_by_type": lambda seen: {"link clicks": seen.clicks},
    "post_reactions_by_type_total": lambda seen: {"like": seen.reactions},
    "post_reactions_like_total": lambda seen: seen.reactions,
    "post_reactions_love_total": lambda _seen: 0,
    "post_reactions_wow_total": lambda _seen: 0,
    "post_reactions_haha_total": lambda _seen: 0,
    "post_reactions_sorry_total": lambda _seen: 0,
    "post_reactions_anger_total": lambda _seen: 0,
    "post_activity_by_action_type": activity,
    "post_activity_by_action_type_unique": activity,
    "post_video_views": lambda _seen: 0,
}


def insights(world: World, page: SandboxAccount, post: Post, metric: str) -> dict[str, object]:
    """Return the metrics named in the comma list ``metric``, each for the life of the post."""
    if not page.may("read_insights"):
        raise not_permitted("This endpoint requires the 'read_insights' permission")
    names = [name.strip() for name in metric.split(",") if name.strip()]
    if not names:
        raise declined(3001, "(#3001) No metric was specified to be fetched.", subcode=1504028)
    if any(name not in METRICS for name in names):
        raise parameter("The value must be a valid insights metric")
    figures = world.figures(post)
    return {"data": [_reading(post, name, METRICS[name](figures)) for name in names]}


def _reading(post: Post, name: str, value: object) -> dict[str, object]:
    return {
        "name": name,
        "period": "lifetime",
        "values": [{"value": value}],
        "title": name.removeprefix("post_").replace("_", " ").capitalize(),
        "description": "Lifetime figure of the post.",
        "id": f"{post.id}/insights/{name}/lifetime",
    }
