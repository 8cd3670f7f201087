"""What the local world holds: posts, uploads and mails, and the form in which they are stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

from campaign.clock import iso


@dataclass(frozen=True, slots=True)
class PostMedia:
    """An upload as a post carries it. ``alt`` is what a screen reader says."""

    id: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One post as the platform keeps it.

    ``account`` is the external id of who posted. ``raw`` is what was sent, ``text`` what the platform made of it.
    ``share_of`` is the id of the post that this one passes on. ``visible_from`` is later than ``created_at`` where
    reads lag. ``mark`` is what the platform compares to find a duplicate (see ``World.marked``). ``extra`` is the
    platform's own (JSON values only).
    """

    channel: str
    account: str
    id: str
    text: str
    created_at: datetime
    raw: str = ""
    link: str | None = None
    link_title: str | None = None
    media: tuple[PostMedia, ...] = ()
    share_of: str | None = None
    visible_from: datetime | None = None
    deleted_at: datetime | None = None
    mark: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    @property
    def readable_from(self) -> datetime:
        """The instant from which reads show it."""
        return self.visible_from or self.created_at

    def to_json(self) -> str:
        """Return the form in which it is stored."""
        return json.dumps(
            {
                "channel": self.channel,
                "account": self.account,
                "id": self.id,
                "text": self.text,
                "created_at": self.created_at.isoformat(),
                "raw": self.raw,
                "link": self.link,
                "link_title": self.link_title,
                "media": [[item.id, item.alt] for item in self.media],
                "share_of": self.share_of,
                "visible_from": self.visible_from and self.visible_from.isoformat(),
                "deleted_at": self.deleted_at and self.deleted_at.isoformat(),
                "mark": self.mark,
                "extra": dict(self.extra),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "Post":
        """Return the post that ``to_json`` stored."""
        facts = json.loads(text)
        for key in ("created_at", "visible_from", "deleted_at"):
            facts[key] = datetime.fromisoformat(facts[key]) if facts[key] else None
        facts["media"] = tuple(PostMedia(*item) for item in facts["media"])
        return cls(**facts)

    def in_ledger(self) -> dict[str, object]:
        """Return the line of GET /ledger."""
        return {
            "channel": self.channel,
            "account": self.account,
            "id": self.id,
            "text": self.raw or self.text,
            "link": self.link,
            "link_title": self.link_title,
            "media": [{"id": item.id, "alt": item.alt} for item in self.media],
            "share_of": self.share_of,
            "at": iso(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes that an account handed in, attached to a post or not. ``state`` and ``extra`` are the platform's own."""

    channel: str
    account: str
    id: str
    created_at: datetime
    mime: str = "application/octet-stream"
    alt: str = ""
    state: str = "ready"
    data: bytes = field(default=b"", repr=False)
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that the catcher took: its envelope and its raw bytes."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    at: datetime
    raw: bytes = field(repr=False)

    @property
    def parsed(self) -> EmailMessage:
        """The message as headers and parts."""
        return message_from_bytes(self.raw, policy=default)

    def words(self, kind: str) -> str:
        """Return the part of this kind (``plain`` or ``html``), empty if there is none."""
        part = self.parsed.get_body((kind,))
        return str(part.get_content()) if part else ""

    def in_ledger(self) -> dict[str, object]:
        """Return the line of GET /ledger; ``account`` is the address in From."""
        message = self.parsed
        return {
            "channel": "email",
            "account": parseaddr(str(message["From"] or self.sender))[1],
            "id": self.id,
            "text": self.words("plain") or self.words("html"),
            "link": None,
            "link_title": None,
            "media": [],
            "share_of": None,
            "at": iso(self.at),
            "to": list(self.recipients),
            "subject": str(message["Subject"] or ""),
            "message_id": str(message["Message-ID"] or ""),
        }
