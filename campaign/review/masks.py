"""A partner's registered name and region behind marks: they differ in every post, and nobody wrote them. Pure.

Where lines of many partners are shown as one, the other facts of a partner's details stand behind marks too: names
and addresses, and its name without its last words. What does not stand there as it is, is never behind a mark.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from campaign.models.partners import Partner
from campaign.review.marks import is_mark, replaced


class Called(Protocol):
    """Has a registered name and a region, as a partner does."""

    @property
    def name(self) -> str:
        """The name."""
        ...

    @property
    def region(self) -> str:
        """The region; may be empty."""
        ...


class Registered(NamedTuple):
    """How a partner is registered, by itself."""

    name: str
    region: str


def _mark(name: str) -> str:
    """Return a mark that reads like a hole of a template, and is none that somebody left in the words."""
    return f"[\N{WORD JOINER}{name}]"


NAME: Final = _mark("partner\N{RIGHT SINGLE QUOTATION MARK}s name")
REGION: Final = _mark("region")
SHORT: Final = _mark("short name")

_NAMING: Final = frozenset(
    {"short_name", "school", "school_name", "organisation", "town", "city", "address", "postcode"}
)
"""The details that say who or where somebody is; a link, a telephone number and an email address are known by what they
are. What people write to be read (a line of their own, an event) is none of them: it is always read.
"""


def masked(partner: Called, line: str) -> str:
    """Put the marks into a line; a region counts beside the name or alone, for elsewhere it is a word like any."""
    name, region = partner.name, partner.region
    found = line.replace(name, NAME)
    return found.replace(region, REGION) if region and (found != line or line == region) else found


def shown(partner: Partner, line: str) -> str:
    """Return a masked line as the post has it."""
    return line.replace(NAME, partner.name).replace(REGION, partner.region or REGION)


def neutral(partner: Partner, line: str) -> str:
    """Return a line with a mark for each fact of the partner's own: equal for lines that differ by such facts alone."""
    found = masked(partner, line)
    for key, value in sorted(partner.details.items(), key=lambda one: (-len(one[1]), one)):
        fact = masked(partner, value.strip())
        if fact and fact in found and (key in _NAMING or is_mark(value.strip())):
            found = replaced(found, fact, _mark(key.replace("_", " ")))
    for short in _shorter(partner.name):
        if short in found:
            found = replaced(found, short, SHORT)
    return found


def _shorter(name: str) -> Iterator[str]:
    """Yield how a name is shortened: without its last words, two of them at the least."""
    words = name.split()
    return (" ".join(words[:count]) for count in range(len(words) - 1, 1, -1))
