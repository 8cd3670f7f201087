"""Previews: a post as its platform will show it, from the same message that review hashes and dispatch sends."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from campaign.app import App
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.newsletter.marks import Skeleton, spoken_marks
from campaign.newsletter.merge import seen_beforehand
from campaign.plan.words import TOKEN
from campaign.ports import Draft, Media, Message

_LINKED = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]|(?<![\w&/])[#@]\w+)")
_NEARLY = 0.9


@dataclass(frozen=True, slots=True)
class Preview:
    """What the preview shows of what goes out. ``seen`` is its hash: of what is shown, not of what once was stored.

    ``post_id`` None: it is not stored yet, so its mail has no address. ``images`` is where images are seen, by digest.
    """

    channel: str
    title: str
    name: str
    handle: str
    words: str
    length: int
    longest: int
    post_id: int | None = None
    media: tuple[Media, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None
    link_title: str | None = None
    shared: str = ""
    seen: str = ""
    issue: bool = False
    sender: str = ""
    reply_to: str = ""
    subject: str | None = None
    preheader: str | None = None

    @property
    def host(self) -> str:
        """The host of the link's card."""
        return urlsplit(self.link or "").hostname or ""

    @property
    def fill(self) -> str:
        """How full the platform's limit is, in a word that styles the meter."""
        share = self.length / self.longest if self.longest else 0
        return "over" if share > 1 else "nearly" if share > _NEARLY else "fine"

    @property
    def linked(self) -> Markup:
        """The words with addresses, hashtags and names in the colour of a link, each part escaped by itself."""
        parts = _LINKED.split(self.words)
        return Markup("").join(
            Markup('<span class="app-link">{}</span>').format(part) if place % 2 else escape(part)
            for place, part in enumerate(parts)
        )


def preview(app: App, post: Post, account: Account, partner: Partner) -> Preview:
    """Return what a stored post will send."""
    message = app.contents.message(post)
    seen = app.contents.hash_of(message, post, account)
    images = {one.digest: f"/posts/{post.ident}/images/{one.digest}" for one in message.media}
    return replace(shown(app, message, account, partner, images), seen=seen, post_id=post.ident)


def shown(app: App, message: Message, account: Account, partner: Partner, images: Mapping[str, str]) -> Preview:
    """Return the preview of a message that is not stored yet."""
    channel = app.channels[message.channel]
    issue, envelope = message.html is not None, message.envelope
    return Preview(
        channel=message.channel,
        title=channel.title,
        name=partner.name,
        handle=f"@{account.handle.removeprefix('@')}" if message.channel == "x" else account.handle,
        words=spoken_marks(message.text, seen_beforehand(message)) if issue else message.text,
        length=channel.limits.count(message.text),
        longest=channel.limits.text_max,
        media=message.media,
        images=images,
        link=message.link,
        link_title=message.link_title,
        shared="It passes on another post as it stands." if message.share_of and not message.text else "",
        issue=issue,
        sender=envelope.sender if envelope else "",
        reply_to=(envelope.reply_to or "") if envelope else "",
        subject=message.subject,
        preheader=message.preheader,
    )


def mail_page(message: Message) -> str:
    """Return an issue's HTML as a reader without a name gets it; what each has for themselves, in brackets."""
    skeleton = Skeleton.of(message.html or "")
    own = {mark.name: f"[{mark.name}]" for mark in skeleton.marks if not mark.otherwise}
    return skeleton.filled(own | seen_beforehand(message), html.escape)


def drafted(app: App, draft: Draft, account: Account, partner: Partner, images: Mapping[str, str]) -> Preview:
    """Return the preview of a draft that is not stored yet. ``images`` is where images are seen, by digest."""
    return shown(app, app.contents.composer.compose(account.channel, draft, TOKEN), account, partner, images)
