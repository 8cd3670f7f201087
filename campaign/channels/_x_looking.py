"""How X shows what an account posted, and how an attempt is recognised in it.

What comes back differs from what was sent: entities are escaped, every address is a t.co one, media add one more, and a
long text is cut (X API v2 reference, data dictionary: Post). Field names are read in both spellings, that of API 2.166
(``referenced_tweets``) and that of 2.167 (``referenced_posts``).
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from campaign.channels._words import REACH, Signs, squeezed
from campaign.channels._x_wire import instant_of, snowflake
from campaign.ports import Evidence, Figures, as_figure
from campaign.weights import x_urls

FIELDS = "created_at,entities,attachments,note_tweet,referenced_tweets,conversation_id"
EXPANSIONS = "attachments.media_keys"
REPOST = "rt:"


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as the listing shows it. ``reposts`` is the id of the post that it passes on."""

    number: int
    words: str
    media_ids: frozenset[str]
    reposts: str | None

    @property
    def key(self) -> str:
        """The id under which we know it: a repost goes by what it passes on, for that is what is told on creating."""
        return f"{REPOST}{self.reposts}" if self.reposts else str(self.number)


def shown(post: Mapping[str, Any]) -> Shown:
    """Read one post of a listing. Raises ValueError or KeyError if it has no id."""
    note = post.get("note_tweet") or post.get("note_post") or {}
    whole = note if note.get("text") else post
    attached = post.get("attachments") or {}
    return Shown(
        number=int(post["id"]),
        words=_as_sent(str(whole.get("text") or ""), [*_urls(post), *_urls(note)]),
        media_ids=frozenset(str(key).rpartition("_")[2] for key in attached.get("media_keys") or ()),
        reposts=_reposted(post.get("referenced_tweets") or post.get("referenced_posts") or ()),
    )


def possible_after(evidence: Evidence) -> int:
    """Return the id after which a post may be the attempt's: that of the newest one that surely stood there before.
    Where none is known, one from long before the attempt and before the control, whichever of the two is older.
    """
    known = _number(evidence.before_id)
    if known is not None:
        return known
    reach, control = snowflake(evidence.started_at - REACH), _number(evidence.control_id)
    return reach if control is None else min(reach, snowflake(instant_of(str(control)) - REACH))


def listed_after(evidence: Evidence) -> int:
    """Return the id after which the listing has to show everything: what may be the attempt's, and the control."""
    control, first = _number(evidence.control_id), possible_after(evidence)
    return first if control is None else max(min(first, control - 1), 0)


def _number(post_id: str | None) -> int | None:
    """Return the number of a post that we know; of a repost that of its source, for the repost is younger."""
    number = (post_id or "").removeprefix(REPOST)
    return int(number) if re.fullmatch(r"[0-9]{1,19}", number) else None


def ids_in(page: Mapping[str, Any]) -> set[str]:
    """Return the ids of all posts of an answer, those that were added to it too: X charges for each."""
    added = page.get("includes") or {}
    posts = [*(page.get("data") or ()), *(added.get("tweets") or ()), *(added.get("posts") or ())]
    return {str(post["id"]) for post in posts if isinstance(post, dict) and "id" in post}


def signs_of(evidence: Evidence) -> Signs[Shown]:
    """Return what tells the attempt's post: its uploads, then its words; a share has neither."""
    share_of, uploads, words = evidence.message.share_of, set(evidence.media_ids), in_one_form(evidence.message.text)
    if share_of is not None:
        return Signs((), lambda post: post.reposts == share_of.removeprefix(REPOST))
    unique = [lambda post: not uploads.isdisjoint(post.media_ids)]
    return Signs(unique, lambda post: bool(words) and post.reposts is None and post.words == words)


def in_one_form(text: str) -> str:
    """Return a text to be sent in the form that ``shown`` gives to one read back."""
    parts, end = [], 0
    for start, stop, url in x_urls(text):
        parts += [text[end:start], _plain(url)]
        end = stop
    return squeezed("".join([*parts, text[end:]]))


def respelled(params: Mapping[str, str]) -> dict[str, str]:
    """Return a query in the spelling of API 2.167, where references are an expansion and no field."""
    params = dict(params)
    fields = params.pop("tweet.fields", "").split(",")
    expansions = [params.pop("expansions", "")]
    if "referenced_tweets" in fields:
        fields.remove("referenced_tweets")
        expansions.append("referenced_posts")
    params["post.fields"] = ",".join(fields).replace("note_tweet", "note_post")
    if any(expansions):
        params["expansions"] = ",".join(filter(None, expansions))
    return params


def _as_sent(text: str, urls: Sequence[Mapping[str, Any]]) -> str:
    text = html.unescape(text)
    # The longest first: one t.co address may begin another.
    for entity in sorted(urls, key=lambda entity: len(str(entity.get("url"))), reverse=True):
        short, target = str(entity.get("url") or ""), str(entity.get("expanded_url") or "")
        if short:
            is_media = "media_key" in entity or _is_media(target)
            text = text.replace(short, "" if is_media else _plain(target))
    return squeezed(text)


def _urls(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entity in (part.get("entities") or {}).get("urls") or ():
        if isinstance(entity, dict):
            yield entity


def _is_media(url: str) -> bool:
    parts = urlsplit(url)
    here = parts.hostname in {"x.com", "www.x.com", "twitter.com", "www.twitter.com"}
    return here and ("/photo/" in parts.path or "/video/" in parts.path)


def _plain(url: str) -> str:
    """Return an address without what X adds or drops: the scheme, the case of the host, a slash at the end."""
    rest = url.partition("://")[2] or url
    host, slash, path = rest.partition("/")
    return (host.lower() + slash + path).rstrip("/")


def _reposted(references: Sequence[Mapping[str, Any]]) -> str | None:
    kinds = {"retweeted", "reposted"}
    return next((str(one["id"]) for one in references if one.get("type") in kinds and one.get("id")), None)


def figures_of(numbers: Mapping[str, Any], clicks: int | None) -> Figures:
    """Read ``public_metrics``; reposts and quotes are both shares."""
    shares = [count_of(numbers, "retweet_count", "repost_count"), count_of(numbers, "quote_count")]
    return Figures(
        impressions=count_of(numbers, "impression_count"),
        reactions=count_of(numbers, "like_count"),
        comments=count_of(numbers, "reply_count"),
        shares=None if shares == [None, None] else as_figure(sum(share or 0 for share in shares)),
        clicks=clicks,
    )


def count_of(numbers: Mapping[str, Any], *names: str) -> int | None:
    """Return the first of these counts that is there."""
    counts = (as_figure(numbers.get(name)) for name in names)
    return next((count for count in counts if count is not None), None)
