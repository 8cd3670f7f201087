"""What X makes of the words: t.co for every address, HTML-escaped text, and the entities that lead back.

Sources: X API documentation, "Post object" and "t.co links". Offsets count code points of the text as returned.
"""

import hashlib
import html
import string
import unicodedata
from collections.abc import Sequence

from campaign.weights import x_length, x_urls

MOST = 280
_REFUSED = frozenset("\ufffe\ufeff\uffff")
_LETTERS = string.ascii_letters + string.digits


def too_long(raw: str) -> bool:
    """Say whether the words weigh more than 280 ("Counting characters")."""
    return x_length(raw) > MOST


def refused_sign(raw: str) -> bool:
    """Say whether the words hold a character that X takes in no post ("Counting characters": invalid characters)."""
    return not _REFUSED.isdisjoint(raw)


def same_words(raw: str) -> str:
    """Return what the duplicate check compares: NFC words with single blanks."""
    return " ".join(unicodedata.normalize("NFC", raw).split())


def short(address: str) -> str:
    """Return the t.co address that stands for ``address``; always the same one."""
    number = int.from_bytes(hashlib.sha256(address.encode()).digest()[:8])
    code = ""
    for _ in range(10):
        number, place = divmod(number, len(_LETTERS))
        code += _LETTERS[place]
    return f"https://t.co/{code}"


def rewritten(raw: str, media: Sequence[tuple[str, str]] = ()) -> tuple[str, list[dict[str, object]]]:
    """Return the text as X stores it and its ``entities.urls``.

    ``media`` lists the attached media as (media key, address of the photo page): they share one t.co at the end.
    """
    text, last, urls = "", 0, []
    for start, end, address in x_urls(raw):
        text += html.escape(raw[last:start], quote=False)
        full = address if "://" in address else f"http://{address}"
        urls.append(_entity(len(text), short(full), full))
        text += short(full)
        last = end
    text += html.escape(raw[last:], quote=False)
    if media:
        text += " " if text else ""
        shown = short(media[0][1])
        urls += [{**_entity(len(text), shown, page), "media_key": key} for key, page in media]
        text += shown
    return text, urls


def _entity(start: int, shown: str, full: str) -> dict[str, object]:
    entity: dict[str, object] = {"start": start, "end": start + len(shown), "url": shown, "expanded_url": full}
    entity["display_url"] = full.split("://", 1)[1].removeprefix("www.")[:30]
    entity["unwound_url"] = full
    return entity
