"""What the text of a search means: the number of a post, the name of partners, else words to look for in posts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from campaign.intake.values import row_id
from campaign.models import listing, partners, searching
from campaign.models.listing import PostFilter
from campaign.models.paging import Place
from campaign.models.searching import FAR, Found, folded

_MOST_NAMED = 10
"""A text that is in the names of more partners names none of them."""


@dataclass(frozen=True, slots=True)
class Search:
    """The posts that are meant. ``number``: the one that was named by it; ``named``: the names of the partners that
    the text names; ``words``: folded, to be found in the posts. Of these one alone is there, and none without a text.
    """

    wanted: PostFilter
    number: int | None = None
    named: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def page(
        self,
        session: Session,
        size: int,
        *,
        after: Place | None = None,
        before: Place | None = None,
        newest_first: bool = False,
        most: int = FAR,
    ) -> Found:
        """Return ``size`` of its posts by due time; of words, that are looked for in ``most``, it may be fewer."""
        ways = {"after": after, "before": before}
        if self.words:
            return searching.posts_with(
                session, self.words, self.wanted, size, newest_first=newest_first, most=most, **ways
            )
        return Found(listing.posts_page(session, self.wanted, size, newest_first=newest_first, **ways))


def read(session: Session, text: str, wanted: PostFilter, *, in_words: bool = False) -> Search:
    """Return what a text means among the posts that are ``wanted``. ``in_words``: nothing but words.

    Partners are looked for by name only where ``wanted`` names none.
    """
    words = tuple(folded(text).split())
    if not words or in_words:
        return Search(wanted, words=words)
    number = row_id(text.strip().removeprefix("#"))
    if number is not None and listing.posts(session, replace(wanted, ids=(number,))):
        return Search(replace(wanted, ids=(number,)), number=number)
    named = {} if wanted.partners else _named(session, words)
    if 0 < len(named) <= _MOST_NAMED:
        return Search(replace(wanted, partners=tuple(named)), named=tuple(named.values()))
    return Search(wanted, words=words)


def _named(session: Session, words: Sequence[str]) -> dict[str, str]:
    """Return the names by key of the partners whose name has all of the words, or whose key the words are."""
    return {
        key: name
        for key, name in partners.names(session)
        if key.casefold() == " ".join(words) or all(word in folded(name) for word in words)
    }
