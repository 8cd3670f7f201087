"""Searching in the words of posts: piece by piece in the order of a list, and no further than a bound.

The texts are compared here and not by the database, so that both databases find the same, whatever the script.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import listing
from campaign.models.listing import PostFilter, PostRow
from campaign.models.paging import Page, Place, Stretch
from campaign.models.posts import Post

FAR = 10_000
"""Posts that one call of a program looks at."""
_PIECE = 500
_APOSTROPHES = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{LEFT SINGLE QUOTATION MARK}": "'"})
_STORED: sa.Select[*tuple[Any, ...]] = sa.select(col(Post.id), sa.cast(col(Post.draft), sa.Text))
_PLAIN = re.compile(r"[a-z0-9.,:;!?()#%&+*=@/_-]+")
_TURNS_PLAIN = re.compile(r"\\u(?:00df|0130|0149|017f|01f0|1e9[6-9ae]|212a|fb0[0-6])")
"""Letters beyond ASCII, as JSON writes them, that fold into letters of ASCII, as a sharp s into two s."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found. ``stopped``: where the search ended at its bound before the page was full; from there
    on nobody has looked.
    """

    page: Page[PostRow]
    stopped: Place | None = None

    @property
    def further(self) -> Place | None:
        """Where to go on; None at the end."""
        return self.page.rows[-1].place if self.page.has_after else self.stopped


def folded(text: str) -> str:
    """Return a text as it is compared: case and the kind of apostrophe make no difference."""
    return text.translate(_APOSTROPHES).casefold()


def posts_with(
    session: Session,
    words: Sequence[str],
    wanted: PostFilter,
    size: int,
    *,
    after: Place | None = None,
    before: Place | None = None,
    newest_first: bool = False,
    most: int = FAR,
) -> Found:
    """Return ``size`` posts of ``wanted`` that have all of these folded words in their text or subject, by due time.
    ``most``: so many are looked at.
    """
    place, backward, ids = before or after, before is not None, list[int]()
    plain = max((word for word in words if _PLAIN.fullmatch(word)), key=len, default="")
    stopped: Place | None = None
    for _ in range(most // _PIECE):
        stretch = Stretch(place, _PIECE, backward=backward)
        rows = session.execute(listing.in_order(_STORED, wanted, stretch, newest_first=newest_first)).all()
        ids += [ident for ident, stored in rows if _may_have(plain, stored) and _has(words, stored)]
        if len(ids) > size or len(rows) < _PIECE:
            break
        place = _place(session, rows[-1][0])
    else:
        stopped = place
    found = listing.posts(session, PostFilter(ids=tuple(ids[:size])), newest_first=newest_first) if ids else []
    more = len(ids) > size
    page = Page(found, more, has_after=True) if backward else Page(found, after is not None, more)
    return Found(page, stopped)


def _place(session: Session, ident: int) -> Place:
    return tuple(session.execute(sa.select(col(Post.due_at), col(Post.id)).where(col(Post.id) == ident)).one())


def _may_have(plain: str, stored: str) -> bool:
    """Say whether a draft, as it is stored, may have a word: most are passed over without being read."""
    return plain in stored.lower() or ("\\u" in stored and _TURNS_PLAIN.search(stored) is not None)


def _has(words: Sequence[str], stored: str) -> bool:
    draft = json.loads(stored)
    text = folded(" ".join(filter(None, (draft["words"], draft.get("subject")))))
    return all(word in text for word in words)
