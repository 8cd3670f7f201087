"""The query strings of Rest.li 2.0, as strictly as LinkedIn reads them.

LinkedIn, *Protocol versions* (Rest.li 2.0.0): in a value the characters ``( ) , ' :`` are syntax and want percent
encoding when they are meant literally; the parentheses and commas of ``List(...)`` and ``(key:value)`` themselves must
stand bare. A client that encodes the whole value sends ``List%28``, which is one odd string and is refused.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from campaign.errors import Declined

Value = str | list[str] | dict[str, object]

_ENCODED_LIST = re.compile(r"List%28", re.IGNORECASE)
_BARE_SYNTAX = re.compile(r"[():,']")


def query(raw: str) -> dict[str, Value]:
    """Read a raw query string into its values, in the order in which they were sent."""
    values: dict[str, Value] = {}
    for pair in filter(None, raw.split("&")):
        key, _, value = pair.partition("=")
        values[unquote(key)] = _value(unquote(key), value)
    return values


def text(values: Mapping[str, Value], key: str) -> str | None:
    """Return a plain value or None; a list in its place is refused."""
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise illegal(f"Invalid query parameters passed to request: {key}")
    return value


def urns(values: Mapping[str, Value], key: str) -> list[str]:
    """Return a ``List(...)`` value, empty when it was not sent; anything else in its place is refused."""
    value = values.get(key, [])
    if not isinstance(value, list):
        raise illegal(f"Invalid query parameters passed to request: {key} must be a List")
    return value


def segment(raw_path: str) -> str:
    """Return the last segment of a raw path decoded; a URN whose colons stand bare is refused."""
    last = raw_path.rsplit("/", 1)[-1]
    if _BARE_SYNTAX.search(last):
        raise illegal("Syntax exception in path variables")
    return unquote(last)


def illegal(message: str) -> Declined:
    """Return the refusal of a malformed request (LinkedIn, *Error handling*: ILLEGAL_ARGUMENT)."""
    return Declined(status=400, body={"status": 400, "code": "ILLEGAL_ARGUMENT", "message": message})


def _value(key: str, raw: str) -> Value:
    if raw.startswith("List(") and raw.endswith(")"):
        return [_string(key, item) for item in filter(None, raw[5:-1].split(","))]
    if raw.startswith("(") and raw.endswith(")"):
        return {"record": raw}
    return _string(key, raw)


def _string(key: str, raw: str) -> str:
    if _ENCODED_LIST.match(raw) or _BARE_SYNTAX.search(raw):
        raise illegal(f"Invalid query parameters passed to request: {key}")
    return unquote(raw.replace("+", " "))
