"""What in a line is easily wrong, and whether it is the partner's own. Pure."""

import re
from typing import Final

from campaign.models.partners import Partner

_LINK = re.compile(r"(?:https?://|www\.)\S*", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.\w+")
_PHONE = re.compile(r"(?:\+44|\b0)(?:[ ()-]*\d){9,10}")

_GOES_BEFORE, _GOES_ON = re.compile(r"[\w@./+-]"), re.compile(r"[\w@/?#=&%-]|[.:~;,!+$'()*]\w")
"""What makes a number or an address another one where it stands right before it, or right behind it."""

MARKS: Final = ((_LINK, 60, "a link"), (_PHONE, 60, "a telephone number"), (_MAIL, 40, "an email address"))
"""Patterns of what is easily wrong, how much each wants looking at, and what it is called."""


def marks_of(words: str) -> list[str]:
    """Name what some lines hold that is easily wrong."""
    return [name for pattern, _, name in MARKS if pattern.search(words)]


def found_in(words: str) -> list[str]:
    """Return what some lines hold that is easily wrong, each once."""
    return list(dict.fromkeys(found for pattern, _, _ in MARKS for found in pattern.findall(words)))


def is_mark(text: str) -> bool:
    """Say whether a text is such a thing and nothing else."""
    return any(pattern.fullmatch(text) for pattern, _, _ in MARKS)


def replaced(words: str, value: str, mark: str) -> str:
    """Return words with a mark for a value wherever it is part of no longer word, number or address."""
    # No pattern is made of the value: for each of thousands of partners that would cost more than all the rest.
    at = words.find(value)
    while at >= 0:
        end = at + len(value)
        if (at and _GOES_BEFORE.match(words, at - 1)) or _GOES_ON.match(words, end):
            at = words.find(value, at + 1)
        else:
            words = words[:at] + mark + words[end:]
            at = words.find(value, at + len(mark))
    return words


def is_own(partner: Partner, words: str) -> bool:
    """Say whether all that is easily wrong in a line is one of the partner's details, which all its posts have."""
    for value in sorted(map(str.strip, partner.details.values()), key=len, reverse=True):
        if value and value in words and is_mark(value):
            words = replaced(words, value, " ")
    return not marks_of(words)
