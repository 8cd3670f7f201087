"""How an organisation page shows what it posted, how an attempt is recognised in it, and how statistics become figures.

Sources: LinkedIn developer documentation (Posts API, Find posts by authors; Organization share statistics).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaign.channels._linkedin_wire import encoded
from campaign.channels._little import to_little, visible
from campaign.channels._words import Signs, signs, squeezed, token_in
from campaign.errors import Unknown
from campaign.ports import Evidence, Figures, Receipt, as_figure

# A post in one of these states is not there for others.
_NOT_OUT = frozenset({"DRAFT", "PUBLISH_FAILED"})
_TAIL = 40


@dataclass(frozen=True, slots=True)
class Shown:
    """A post as the listing shows it."""

    urn: str
    words: str
    at: datetime
    images: frozenset[str]
    link: str | None
    parent: str | None
    out: bool

    @property
    def receipt(self) -> Receipt:
        """What is kept of it when it is adopted."""
        return Receipt(self.urn, address(self.urn), self.at)


def shown(post: Mapping[str, Any]) -> Shown:
    """Read one element of a listing. Raises KeyError if it has no id or no time."""
    content = post.get("content") or {}
    created = post.get("createdAt") or post["publishedAt"]
    return Shown(
        urn=str(post["id"]),
        words=squeezed(visible(str(post.get("commentary") or ""))),
        at=datetime.fromtimestamp(int(created) / 1000, UTC),
        images=frozenset(_images(content)),
        link=(content.get("article") or {}).get("source"),
        parent=(post.get("reshareContext") or {}).get("parent"),
        out=post.get("lifecycleState") not in _NOT_OUT,
    )


def times(posts: Iterable[Shown]) -> dict[str, datetime]:
    """Return when each of the posts was made, by its URN."""
    return {post.urn: post.at for post in posts}


def signs_of(evidence: Evidence) -> Signs[Shown]:
    """Return what tells the attempt's post, strongest first."""
    return signs(evidence, (by_upload, by_token), by_words, by_share)


def by_upload(evidence: Evidence, post: Shown) -> bool:
    """Say whether the post carries an image that only this attempt uploaded."""
    return not post.images.isdisjoint(evidence.media_ids)


def by_token(evidence: Evidence, post: Shown) -> bool:
    """Say whether the post's card carries the attempt's token."""
    token = token_in(evidence.message.link)
    return token is not None and token_in(post.link) == token


def by_words(evidence: Evidence, post: Shown) -> bool:
    """Say whether the words are the attempt's, and the card has no other post's token."""
    words = squeezed(visible_sent(evidence.message.text))
    other = token_in(post.link) not in {None, token_in(evidence.message.link)}
    return bool(words) and post.words == words and not other and post.parent is None


def by_share(evidence: Evidence, post: Shown) -> bool:
    """Say whether the post passes on the shared one, with the same words (or none)."""
    same = post.words == squeezed(visible_sent(evidence.message.text))
    return post.parent is not None and post.parent == evidence.message.share_of and same


def visible_sent(text: str) -> str:
    """Return what a reader sees of words that are to be sent: the way through little text and back."""
    return visible(to_little(text))


def lost_words(sent: str, commentary: str) -> str | None:
    """Say what a post whose ``commentary`` is read back does not show of the words sent, None when it shows them all.

    Whether LinkedIn gives them back escaped is not documented: either form will do.
    """
    wanted, found = squeezed(visible_sent(sent)), squeezed(visible(commentary))
    if wanted in {found, squeezed(commentary)}:
        return None
    if wanted.startswith(found):
        return f"it ends with “{found[-_TAIL:]}”: {len(wanted) - len(found)} characters are missing"
    return f"it shows other words: “{found[:_TAIL]}”"


def address(urn: str) -> str:
    """Return the public address of a post."""
    return f"https://www.linkedin.com/feed/update/{urn}/"


def statistics_path(organisation: str, urns: list[str]) -> str:
    """Return the path that asks for the statistics of posts, shares and ugcPosts in lists of their own."""
    lists = []
    for key, kind in (("shares", "urn:li:share:"), ("ugcPosts", "urn:li:ugcPost:")):
        members = ",".join(encoded(urn) for urn in urns if urn.startswith(kind))
        if members:
            lists.append(f"&{key}=List({members})")
    entity = f"q=organizationalEntity&organizationalEntity={encoded(organisation)}"
    return f"organizationalEntityShareStatistics?{entity}{''.join(lists)}"


def statistics(facts: Mapping[str, Any]) -> dict[str, Figures]:
    """Return the figures of each post of a statistics answer. Raises Unknown when it did not come whole."""
    elements = facts.get("elements")
    if not isinstance(elements, list):
        raise Unknown("the statistics cannot be read")
    rows = [row for row in elements if isinstance(row.get("totalShareStatistics"), dict)]
    return {str(row.get("share") or row.get("ugcPost")): _figures(row["totalShareStatistics"]) for row in rows}


def _figures(totals: Mapping[str, Any]) -> Figures:
    names = {
        "impressions": "impressionCount",
        "reach": "uniqueImpressionsCount",
        "reactions": "likeCount",
        "comments": "commentCount",
        "shares": "shareCount",
        "clicks": "clickCount",
    }
    return Figures(**{ours: as_figure(totals.get(theirs)) for ours, theirs in names.items()})


def _images(content: Mapping[str, Any]) -> Iterator[str]:
    for part in [content.get("media"), *((content.get("multiImage") or {}).get("images") or ())]:
        if isinstance(part, dict) and part.get("id"):
            yield str(part["id"])
