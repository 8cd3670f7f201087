"""What a post will send, and its digest: what review shows, approval is bound to, and the claim checks again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from campaign.clock import iso
from campaign.models.claims import AccountFacts, PostFacts
from campaign.ports import Composer, Draft, Envelope, Media, Message


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """Return the draft as it is stored; an image by its digest and file name, never by a path of this machine."""
    document = asdict(draft)
    document["media"] = [
        {
            "digest": item.digest,
            "mime": item.mime,
            "alt": item.alt,
            "file": item.path.name,
            "until": item.until and iso(item.until),
        }
        for item in draft.media
    ]
    return document


def draft_from_json(document: Mapping[str, Any], media_folder: Path) -> Draft:
    """Return the stored draft, its images found in the media folder."""
    media = tuple(
        Media(item["digest"], item["mime"], item["alt"], media_folder / item["file"], _instant(item.get("until")))
        for item in document["media"]
    )
    envelope = Envelope(**document["envelope"]) if document.get("envelope") else None
    return Draft(**{**document, "media": media, "envelope": envelope})


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class Contents:
    """Turns stored posts into exactly what goes out."""

    composer: Composer
    media_folder: Path

    def draft(self, post: PostFacts) -> Draft:
        """Return the filled words of a stored post."""
        return draft_from_json(post.draft, self.media_folder)

    def message(self, post: PostFacts) -> Message:
        """Return exactly what the post will send."""
        return self.composer.compose(post.channel, self.draft(post), post.token)

    def digest(self, post: PostFacts, account: AccountFacts) -> str:
        """Return the content hash of the post as it stands now."""
        return self.hash_of(self.message(post), post, account)

    def hash_of(self, message: Message, post: PostFacts, account: AccountFacts) -> str:
        """Return the content hash of the post with what was composed of it."""
        return content_hash(message, account, post.window_from, post.window_until)


_MESSAGE = tuple(part.name for part in fields(Message))
"""Every part of a message is digested, one that is added later too."""


def content_hash(message: Message, account: AccountFacts, window_from: datetime, window_until: datetime) -> str:
    """Return the SHA-256 of all that will go out: words, link, images, alt texts, account, audience, time window; of an
    issue also its envelope: sender, reply address, the partner's name, where its readers unsubscribe, whether their
    clicks are counted.

    The time enters as the slot's window, so that a move inside it keeps the approval. The audience enters as the name
    of its list, not as its members.
    """
    words = {name: getattr(message, name) for name in _MESSAGE}
    envelope = asdict(message.envelope) if message.envelope else None
    if envelope and not envelope["counts_clicks"]:
        del envelope["counts_clicks"]  # what was approved before clicks could be counted stays approved
    content = {
        "message": words | {"envelope": envelope, "media": [[item.digest, item.alt] for item in message.media]},
        "account": [account.channel, account.external_id],
        "window": [iso(window_from), iso(window_until)],
    }
    return _digest(json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


def media_key(message: Message) -> str | None:
    """Return the digest of the images, None without any."""
    return _digest(",".join(item.digest for item in message.media)) if message.media else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
