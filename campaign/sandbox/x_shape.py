"""The form of a post on X as a reader asked for it: fields, expansions, and the spelling of their names.

X's newest OpenAPI document renames ``tweet.fields`` to ``post.fields`` and some fields with it, while its prose keeps
the old names. Both are taken; the answer speaks the spelling of the question (switch ``x.post_spelling`` = 1 makes the
new one the default).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from campaign.clock import iso
from campaign.sandbox.world import Post
from campaign.sandbox.x_bill import charge
from campaign.sandbox.x_call import Call
from campaign.sandbox.x_problem import field_refused, invalid

PRIVATE_AGE = timedelta(days=30)
PRIVATE = ("non_public_metrics", "organic_metrics")

NEW_NAMES: Mapping[str, str] = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
}
OLD_NAMES = {new: old for old, new in NEW_NAMES.items()}

_FIELDS = """
article attachments author_id card_uri community_id context_annotations conversation_id created_at
display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang
matched_media_notes media_metadata non_public_metrics note_request_suggestions note_tweet organic_metrics
paid_partnership possibly_sensitive promoted_metrics public_metrics referenced_tweets reply_settings scopes
source suggested_source_links suggested_source_links_with_counts text withheld
"""
FIELDS = frozenset(_FIELDS.split())
_EXPANSIONS = """
article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet
attachments.poll_ids author_id edit_history_tweet_ids entities.mentions.username geo.place_id
in_reply_to_user_id entities.note.mentions.username referenced_tweets.id
referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id referenced_posts username
edit_history_post_ids
"""
EXPANSIONS = frozenset(_EXPANSIONS.split())


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants of each post, in the old names; ``new`` asks for the new ones in the answer."""

    fields: frozenset[str]
    expansions: frozenset[str]
    media_fields: frozenset[str]
    new: bool


def asked(call: Call) -> Asked:
    """Read the query; an unknown field or expansion is declined with 400."""
    query = call.request.query_params
    name = "post.fields" if "post.fields" in query else "tweet.fields"
    given = _listed(query.get(name, ""))
    fields = frozenset(OLD_NAMES.get(field, field) for field in given)
    expansions = frozenset(_listed(query.get("expansions", "")))
    for parameter, unknown in ((name, fields - FIELDS), ("expansions", expansions - EXPANSIONS)):
        if unknown:
            first = min(unknown)
            raise invalid(
                parameter, first, f"The `{parameter}` query parameter value [{first}] is not one of those known."
            )
    new = name == "post.fields" or bool(call.switch("post_spelling", 0) and "tweet.fields" not in query)
    media_fields = frozenset(_listed(query.get("media.fields", ""))) | {"media_key", "type"}
    return Asked(fields | {"id", "text", "edit_history_tweet_ids"}, expansions, media_fields, new)


def _listed(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def shaped(call: Call, post: Post, want: Asked) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return the post as asked for, and the partial errors for what the caller may not see of it."""
    private = [name for name in PRIVATE if name in want.fields]
    age = call.world.clock.now() - post.created_at
    may = post.account == call.account.external_id and age <= PRIVATE_AGE
    shown = want.fields if may else want.fields - set(private)
    facts = {name: value for name, value in _facts(call, post, shown).items() if name in shown and value is not None}
    errors = [] if may else [field_refused(post.id, f"{name}.{part}") for name in private for part in _PARTS[name]]
    return (_renamed(facts) if want.new else facts), errors


_PARTS: Mapping[str, Sequence[str]] = {
    "non_public_metrics": ("impression_count",),
    "organic_metrics": ("impression_count", "like_count", "reply_count", "retweet_count"),
}


def _facts(call: Call, post: Post, fields: frozenset[str]) -> dict[str, object]:
    parent = post.extra.get("in_reply_to")
    keys, urls = post.extra.get("media_keys"), post.extra.get("urls")
    references = [{"type": "retweeted", "id": post.share_of}] if post.share_of else []
    references += [{"type": "replied_to", "id": str(parent)}] if parent else []
    facts: dict[str, object] = {
        "id": post.id,
        "text": post.text,
        "edit_history_tweet_ids": [post.id],
        "author_id": post.account,
        "conversation_id": str(parent or post.id),
        "in_reply_to_user_id": post.account if parent else None,
        "created_at": iso(post.created_at.replace(microsecond=0)).replace("Z", ".000Z"),
        "attachments": {"media_keys": keys} if keys else None,
        "entities": {"urls": urls} if urls else None,
        "referenced_tweets": references or None,
        "reply_settings": post.extra.get("reply_settings", "everyone"),
        "lang": "en",
        "possibly_sensitive": False,
    }
    return facts | (_metrics(call, post) if any("metrics" in name for name in fields) else {})


def _metrics(call: Call, post: Post) -> dict[str, object]:
    """Return the figures by X's names ("Metrics"). A repost has none of its own."""
    seen = call.world.figures(post)
    counts: dict[str, object] = {
        "retweet_count": seen.shares or 0,
        "reply_count": seen.comments or 0,
        "like_count": seen.reactions or 0,
    }
    views: dict[str, object] = {"impression_count": seen.impressions or 0}
    clicks: dict[str, object] = {"url_link_clicks": seen.clicks or 0, "user_profile_clicks": (seen.clicks or 0) // 5}
    total = sum((seen.shares or 0, seen.comments or 0, seen.reactions or 0, seen.clicks or 0))
    return {
        "public_metrics": {**counts, "quote_count": 0, "bookmark_count": 0, **views},
        "non_public_metrics": {**views, **clicks, "engagements": total},
        "organic_metrics": {**views, **counts, **clicks},
    }


def _renamed(facts: Mapping[str, object]) -> dict[str, object]:
    return {
        NEW_NAMES.get(name, name): _renamed(value) if isinstance(value, dict) else value
        for name, value in facts.items()
    }


def included(call: Call, posts: Sequence[Post], want: Asked) -> dict[str, object]:
    """Return the ``includes``: media, authors and referenced posts that the expansions ask for."""
    includes: dict[str, object] = {}
    media = [_photo(call, item.id, want) for post in posts for item in post.media]
    if "attachments.media_keys" in want.expansions and media:
        includes["media"] = media
    if "author_id" in want.expansions and posts:
        includes["users"] = _authors(call, posts)
    sources = [call.world.post("x", post.share_of) for post in posts if post.share_of]
    known = [source for source in sources if source]
    if want.expansions & {"referenced_tweets.id", "referenced_posts"} and known:
        charge(call.world, call.account, known)
        includes["posts" if want.new else "tweets"] = [shaped(call, source, want)[0] for source in known]
    return includes


def _photo(call: Call, media_id: str, want: Asked) -> dict[str, object]:
    upload = call.world.media("x", media_id)
    kind = str(upload.extra["kind"]) if upload else "photo"
    facts: dict[str, object] = {
        "media_key": upload.extra["media_key"] if upload else f"3_{media_id}",
        "type": {"gif": "animated_gif"}.get(kind, kind),
        "alt_text": (upload.alt if upload else "") or None,
        "url": str(call.request.base_url.replace(path=f"/media/x/{media_id}")),
    }
    return {name: value for name, value in facts.items() if name in want.media_fields and value is not None}


def _authors(call: Call, posts: Sequence[Post]) -> list[dict[str, object]]:
    accounts = {post.account: call.world.account("x", post.account) for post in posts}
    return [
        {"id": account.external_id, "name": account.partner_name, "username": account.handle.removeprefix("@")}
        for account in accounts.values()
        if account
    ]
