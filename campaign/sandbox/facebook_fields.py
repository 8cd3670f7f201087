"""The ``fields`` parameter of the Graph API: names with modifiers and fields of their own.

Graph API, *Field expansion*: ``id,likes.limit(0).summary(true),attachments{media_type,target}``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from campaign.errors import Declined
from campaign.sandbox.facebook_error import declined

_NAME = re.compile(r"\s*([A-Za-z_][\w]*)\s*")
_MODIFIER = re.compile(r"\.(\w+)\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Field:
    """One field asked for. ``modifiers`` as in ``limit(0)``; ``inner`` are its own fields, empty for its default."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    inner: tuple["Field", ...] = ()


def parse_fields(text: str) -> tuple[Field, ...]:
    """Read the whole parameter; a syntax error is code 2500."""
    fields, at = _list(text, 0)
    if at != len(text):
        raise _syntax(text, at)
    return fields


def _list(text: str, at: int) -> tuple[tuple[Field, ...], int]:
    fields: list[Field] = []
    while True:
        one, at = _one(text, at)
        fields.append(one)
        if text[at : at + 1] != ",":
            return tuple(fields), at
        at += 1


def _one(text: str, at: int) -> tuple[Field, int]:
    found = _NAME.match(text, at)
    if not found:
        raise _syntax(text, at)
    at = found.end()
    modifiers: dict[str, str] = {}
    inner: tuple[Field, ...] = ()
    while modifier := _MODIFIER.match(text, at):
        modifiers[modifier[1]] = modifier[2]
        at = modifier.end()
    if text[at : at + 1] == "{":
        inner, at = _list(text, at + 1)
        if text[at : at + 1] != "}":
            raise _syntax(text, at)
        at += 1
    return Field(found[1], modifiers, inner), at


def _syntax(text: str, at: int) -> Declined:
    return declined(2500, f'Syntax error "Expected name" at character {at}: {text[at : at + 20]}')
