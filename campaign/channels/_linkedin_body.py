"""The post to create on LinkedIn (Posts API, Create organic posts)."""

from collections.abc import Sequence
from typing import Final

from campaign.channels._little import to_little
from campaign.ports import Media, Message

TITLE_MAX: Final = 400
"""The longest title of an article, in characters (Posts API, Article)."""


def body_of(author: str, message: Message, images: Sequence[str]) -> dict[str, object]:
    """Return the post to create (Posts API, Create organic posts): the same bytes every time for the same message."""
    body: dict[str, object] = {
        "author": author,
        "commentary": to_little(message.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    if message.share_of is not None:
        body["reshareContext"] = {"parent": message.share_of}
    elif images:
        body["content"] = _pictures(message.media, images)
    elif message.link is not None:
        # LinkedIn wants a title; an address that stands in for one may be cut.
        title = message.link_title or message.link[:TITLE_MAX]
        body["content"] = {"article": {"source": message.link, "title": title}}
    return body


def _pictures(media: Sequence[Media], images: Sequence[str]) -> dict[str, object]:
    parts = [{"id": image, "altText": one.alt} for image, one in zip(images, media, strict=True)]
    return {"multiImage": {"images": parts}} if len(parts) > 1 else {"media": parts[0]}
