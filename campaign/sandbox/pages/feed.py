"""What the feed page shows of a post: the words with their links, the card, the pictures, the share, the figures."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit
from zlib import crc32
from zoneinfo import ZoneInfo

from campaign.ports import Figures
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.world import Post, World
from campaign.weights import x_urls

LONDON = ZoneInfo("Europe/London")
COLOURS = ("#1d4f91", "#00703c", "#6f3c8f", "#94400b", "#0b5e66", "#8a1c4a", "#4a5b12", "#3d3d91")
_SMALL = frozenset({"a", "an", "and", "at", "for", "in", "of", "on", "the", "with"})
_TAG = re.compile(r"(?<!\w)[#@]\w+")


@dataclass(frozen=True, slots=True)
class Face:
    """Who posts: name, handle, and a coloured disc with initials."""

    name: str
    handle: str
    initials: str
    colour: str
    address: str


@dataclass(frozen=True, slots=True)
class Bit:
    """A stretch of the words; ``href`` is None for plain ones, empty for a tag, which is coloured but leads nowhere."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An account in the index."""

    face: Face
    posts: int
    latest: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A post as a follower sees it. ``original`` is what a share passes on; ``gone`` says that this was taken down."""

    id: str
    face: Face
    at: str
    stamp: str
    words: tuple[Bit, ...]
    link: str | None
    link_title: str | None
    link_domain: str | None
    pictures: tuple[Mapping[str, str], ...]
    is_share: bool
    original: "Card | None"
    figures: tuple[tuple[str, str], ...]


def face(account: SandboxAccount) -> Face:
    """Return how an account presents itself: a partner has the same colour on every platform."""
    words = re.findall(r"\w+", account.partner_name)
    words = [word for word in words if word.casefold() not in _SMALL] or words or ["?"]
    initials = "".join(word[0] for word in words[:2]).upper()
    colour = COLOURS[crc32(account.partner_name.encode()) % len(COLOURS)]
    address = f"/feed/{account.channel}/{quote(account.external_id, safe='')}"
    return Face(account.partner_name, account.handle, initials, colour, address)


def rows(world: World, channel: str) -> list[Row]:
    """Return the accounts of a platform for the index, by name."""
    found = []
    for account in sorted(world.on(channel), key=lambda known: known.partner_name.casefold()):
        posts = world.posts(channel, account.external_id)
        found.append(Row(face(account), len(posts), told(posts[0].created_at) if posts else None))
    return found


def card(world: World, post: Post, *, quoted: bool = False) -> Card:
    """Return a post for the page; ``quoted`` is one inside a share, which shows no figures and no further share."""
    account = world.account(post.channel, post.account)
    author = account or SandboxAccount(post.channel, post.account, post.account, post.account, post.account)
    source = world.post(post.channel, post.share_of) if post.share_of and not quoted else None
    shares_silently = post.share_of is not None and post.channel == "x"
    link = None if post.share_of else post.link
    return Card(
        id=post.id,
        face=face(author),
        at=told(post.created_at),
        stamp=post.created_at.isoformat(),
        words=() if shares_silently else _bits(_visible(post)),
        link=link,
        link_title=post.link_title or (_page_name(link) if link else None),
        link_domain=urlsplit(link).hostname if link else None,
        pictures=tuple({"address": f"/media/{post.channel}/{quote(m.id, safe='')}", "alt": m.alt} for m in post.media),
        is_share=post.share_of is not None,
        original=card(world, source, quoted=True) if source else None,
        figures=() if quoted or shares_silently else _counted(world.figures(post)),
    )


def _page_name(link: str) -> str:
    """Return a headline for a card whose post brings none: X and Facebook take it from the page."""
    path = urlsplit(link).path.rstrip("/").rpartition("/")[2]
    return " ".join(re.split(r"[-_]+", unquote(path))) or urlsplit(link).hostname or link


def _visible(post: Post) -> str:
    """Return the words that a follower reads: X shows addresses in place of t.co, others what they stored."""
    return post.raw or html.unescape(post.text) if post.channel == "x" else post.text


def _bits(words: str) -> tuple[Bit, ...]:
    bits, last = [], 0
    for start, end, address in x_urls(words):
        href = address if "://" in address else f"http://{address}"
        bits += [*_tags(words[last:start]), Bit(words[start:end], href)]
        last = end
    return (*bits, *_tags(words[last:]))


def _tags(words: str) -> list[Bit]:
    bits, last = [], 0
    for tag in _TAG.finditer(words):
        bits += [Bit(words[last : tag.start()]), Bit(tag.group(), "")]
        last = tag.end()
    return [bit for bit in [*bits, Bit(words[last:])] if bit.text]


def told(instant: datetime) -> str:
    """Return an instant as London's wall shows it, to the second."""
    local = instant.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M:%S}"


def _counted(figures: Figures) -> tuple[tuple[str, str], ...]:
    named = (
        ("views", figures.impressions),
        ("reactions", figures.reactions),
        ("comments", figures.comments),
        ("shares", figures.shares),
        ("clicks", figures.clicks),
    )
    return tuple((name, f"{count:,}") for name, count in named if count is not None)
