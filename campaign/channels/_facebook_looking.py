"""How a page shows what it posted, how an attempt is recognised in it, and how insights become figures.

Sources: Graph API reference (Page published posts; Post; Story attachment; Post insights).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from campaign.channels._words import Signs, signs, squeezed, token_in
from campaign.errors import Unknown
from campaign.ports import Evidence, Figures, Receipt, as_figure

FIELDS = "id,message,created_time,permalink_url,attachments{media_type,target,unshimmed_url,subattachments{target}}"
# The metrics of a post that are valid in v25.0; one name that is not fails the whole request.
METRICS = (
    "post_media_view",
    "post_total_media_view_unique",
    "post_clicks",
    "post_reactions_by_type_total",
    "post_activity_by_action_type",
)


_NUMBER = re.compile(r"[0-9]{1,20}")
_HOST = re.compile(r"(?:[a-z-]+\.)?facebook\.com")
_WHOLE = re.compile(r"/([0-9]{1,20}_[0-9]{1,20})/?")
_OF_PAGE = re.compile(r"/([\w.-]+)/posts/(?:[^/]+/)?(?:([0-9]{1,20})|pfbid\w+)/?")
_QUERY = frozenset({"/permalink.php", "/story.php"})
_SHARED = re.compile(r"/share/p/\w+/?")


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as the listing shows it: ``targets`` are photos or other objects attached, ``links`` where cards lead."""

    post_id: str
    words: str
    at: datetime
    url: str
    targets: frozenset[str]
    links: tuple[str, ...]

    @property
    def receipt(self) -> Receipt:
        """What is kept of it when it is adopted."""
        return Receipt(self.post_id, self.url, self.at)


def shown(post: Mapping[str, Any]) -> Shown:
    """Read one post of a listing. Raises KeyError or ValueError if it has no id or no time."""
    post_id = str(post["id"])
    parts = list(_parts(post))
    return Shown(
        post_id,
        words=squeezed(str(post.get("message") or "")),
        at=instant_of(post["created_time"]),
        url=str(post.get("permalink_url") or address(post_id)),
        targets=frozenset(str(part["target"]["id"]) for part in parts if (part.get("target") or {}).get("id")),
        links=tuple(str(part["unshimmed_url"]) for part in parts if part.get("unshimmed_url")),
    )


def times(posts: Iterable[Shown]) -> dict[str, datetime]:
    """Return when each of the posts was made, by its own part of the id."""
    return {own_part(post.post_id): post.at for post in posts}


def signs_of(evidence: Evidence) -> Signs[Shown]:
    """Return what tells the attempt's post, strongest first."""
    return signs(evidence, (by_upload, by_token), by_words, by_share)


def by_upload(evidence: Evidence, post: Shown) -> bool:
    """Say whether the post carries a photo that only this attempt uploaded."""
    return not post.targets.isdisjoint(evidence.media_ids)


def by_token(evidence: Evidence, post: Shown) -> bool:
    """Say whether the post's card carries the attempt's token."""
    token = token_in(evidence.message.link)
    return token is not None and token in map(token_in, post.links)


def by_words(evidence: Evidence, post: Shown) -> bool:
    """Say whether the words are the attempt's, and the card has no other post's token."""
    words, token = squeezed(evidence.message.text), token_in(evidence.message.link)
    other = any(found not in {None, token} for found in map(token_in, post.links))
    return bool(words) and post.words == words and not other


def by_share(evidence: Evidence, post: Shown) -> bool:
    """Say whether the post passes on the shared one, with the same words (or none)."""
    shared = (evidence.message.share_of or "").rpartition("_")[2]
    numbers = {number for link in post.links for number in re.findall(r"[0-9]+", link)}
    targets = {target.rpartition("_")[2] for target in post.targets}
    return bool(shared) and shared in numbers | targets and post.words == squeezed(evidence.message.text)


def own_part(post_id: str) -> str:
    """Return the part of an id that is the post's own; a person who gives an address gives that part alone."""
    return post_id.rpartition("_")[2]


def page_part(post_id: str) -> str:
    """Return the number of the page in an id, empty where the id does not tell it."""
    return post_id.rpartition("_")[0]


def same_post(post_id: str, other: str) -> bool:
    """Say whether two ids name one post of a page."""
    return own_part(post_id) == own_part(other)


def address(post_id: str) -> str:
    """Return the public address of a post, which Facebook resolves to its permalink."""
    return f"https://www.facebook.com/{post_id}"


def is_post(url: str) -> bool:
    """Say whether this is the address of a post on Facebook, in one of the forms that its pages give."""
    parts = urlsplit(url)
    paths = (_WHOLE, _OF_PAGE, _SHARED)
    known = any(form.fullmatch(parts.path) for form in paths) or (
        parts.path in _QUERY and "story_fbid" in parse_qs(parts.query)
    )
    return known and _HOST.fullmatch(parts.hostname or "") is not None


def id_in(page: str, url: str) -> str | None:
    """Return ``<page>_<post>`` of an address that ``is_post``; None where it hides a number, as ``pfbid...`` does.
    ``page`` is the account's own id, empty where it is not known: then it must stand in the address.
    """
    named, post = _parts_of(url)
    owner = page or named
    return f"{owner}_{post}" if _NUMBER.fullmatch(owner) and _NUMBER.fullmatch(post) else None


def names_another(page: str, url: str) -> bool:
    """Say whether the address of a post names another page by its number than ``page``, which may be empty."""
    named, _ = _parts_of(url)
    return _NUMBER.fullmatch(named) is not None and page not in {"", named}


def _parts_of(url: str) -> tuple[str, str]:
    """Return the page that the address of a post names, by its number or name, and the post; empty what is not told."""
    parts = urlsplit(url)
    if whole := _WHOLE.fullmatch(parts.path):
        return page_part(whole[1]), own_part(whole[1])
    if of_page := _OF_PAGE.fullmatch(parts.path):
        return of_page[1], of_page[2] or ""
    query = parse_qs(parts.query)
    return query.get("id", [""])[0], query.get("story_fbid", [""])[0]


def instant_of(text: object) -> datetime:
    """Read a time of the Graph API, whose offset has no colon (``2026-11-23T21:57:00+0000``), as aware UTC."""
    return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)


def insights(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each metric of an insights answer. Raises Unknown when it did not come whole."""
    rows = facts.get("data")
    if not isinstance(rows, list):
        raise Unknown("the insights of a post cannot be read")
    return {row["name"]: row["values"][0]["value"] for row in rows if row.get("name") and row.get("values")}


def figures(values: Mapping[str, Any]) -> Figures:
    """Turn metrics into figures. A metric given as a table leaves out what did not happen: only there absence is 0."""
    reactions = values.get("post_reactions_by_type_total")
    activity = values.get("post_activity_by_action_type")
    return Figures(
        impressions=as_figure(values.get("post_media_view")),
        reach=as_figure(values.get("post_total_media_view_unique")),
        clicks=as_figure(values.get("post_clicks")),
        reactions=_sum(reactions.values()) if isinstance(reactions, dict) else None,
        comments=as_figure(activity.get("comment", 0)) if isinstance(activity, dict) else None,
        shares=as_figure(activity.get("share", 0)) if isinstance(activity, dict) else None,
    )


def _parts(post: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for part in (post.get("attachments") or {}).get("data") or ():
        yield part
        yield from (part.get("subattachments") or {}).get("data") or ()


def _sum(values: Iterable[object]) -> int | None:
    counts = [as_figure(value) for value in values]
    return None if None in counts else as_figure(sum(filter(None, counts)))
