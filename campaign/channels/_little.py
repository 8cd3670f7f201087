"""LinkedIn's *little text*: what must be escaped in commentary, and how to read it back.

A reserved character that stands unescaped cuts the post there, without an error. Source: LinkedIn developer
documentation, Posts API, "little Text Format".
"""

import re

_RESERVED = r"|{}@[]()<>#\*_~"
_MENTION = r"@\[[^\[\]]+\]\(urn:li:(?:organization|person):[A-Za-z0-9_-]+\)"
# A tag that would go on with an underscore is no element and stays literal, else LinkedIn would end it there.
_HASHTAG = r"(?<!\S)#[^\W_]+(?![\w])"
_ELEMENT = re.compile(f"{_MENTION}|{_HASHTAG}")
_SPECIAL = re.compile(f"[{re.escape(_RESERVED)}]")
_TEMPLATE = re.compile(r"\{hashtag\|\\?#\|((?:\\.|[^}\\])*)\}")
_NAMED = re.compile(r"@\[((?:\\.|[^\]\\])+)\]\(urn:li:(?:organization|person):[A-Za-z0-9_-]+\)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def to_little(text: str) -> str:
    r"""Escape ``text`` but for mentions ``@[Name](urn:li:organization:1)`` and hashtags, which stay elements."""
    parts, end = [], 0
    for element in _ELEMENT.finditer(text):
        parts += [_escaped(text[end : element.start()]), element[0]]
        end = element.end()
    return "".join([*parts, _escaped(text[end:])])


def visible(little: str) -> str:
    """Return what a reader sees of little text: elements as their names, nothing escaped."""
    named = _NAMED.sub(r"\1", _TEMPLATE.sub(r"#\1", little))
    return _ESCAPED.sub(r"\1", named)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
