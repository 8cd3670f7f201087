"""Where X sees links in a text, bare domain names included; each of them is shortened and weighs the same.

The rules are those of the twitter-text library, proved by its conformance data. They are walked by hand instead of by
one great regular expression, so that no text can make the search run away: every step goes forward, and a host is
never looked for beyond the length that a host may have.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_SPACES = r"\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARKERS = r"\u202a-\u202e\u061c\u200e\u200f\u2066-\u2069"
_REFUSED = r"\ufffe\ufeff\uffff"
_PUNCTUATION = r"!'#%&()*+,\\\-./:;<=>?@\[\]^_{|}~$"
_LETTER = rf"[^{_PUNCTUATION}{_SPACES}{_REFUSED}{_MARKERS}]"
_LATIN = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\xff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289"
    r"\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_IN_PATH = rf"[A-Za-z0-9\u0400-\u04ff{_LATIN}!*';:=+,.$/%#\[\]\-\u2013_~@|&]"

# At the very start X prefers to see the first character as the one before the link, if it is no Latin letter.
_BEFORE = rf"(?:^(?![^\x00-\x7f]{_LETTER})|(?<=[^A-Za-z0-9@\uff20$#\uff03{_REFUSED}]))"
_START = re.compile(rf"{_BEFORE}(?P<protocol>https?://)?(?={_LETTER})", re.IGNORECASE)
_LABEL = re.compile(rf"{_LETTER}++(?:[_-]++{_LETTER}++)*+\.")
_ASCII_LABELS = re.compile(rf"(?:[-a-z0-9{_LATIN}]++\.)++", re.IGNORECASE)
_PUNYCODE = re.compile(r"xn--[-0-9a-z]+", re.IGNORECASE)
_PORT = re.compile(r":[0-9]+")
_PATH = re.compile(rf"/(?:{_IN_PATH}|\((?:{_IN_PATH}++|{_IN_PATH}*+\({_IN_PATH}++\){_IN_PATH}*+)\))*+")
_QUERY = re.compile(r"\?[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*+")
_SHORT = re.compile(
    r"https?://t\.co/(?P<slug>[a-z0-9]++)(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?", re.IGNORECASE
)

_PATH_NEVER_LAST = "!*';:,.$%[]\u2013~@|&"
_QUERY_NEVER_LAST = "!?*'@();:+$%[].,~|"
_NEVER_BEFORE_BARE = "-_./"
_NOT_AFTER_TLD = re.compile(r"[0-9A-Za-z@+-]")
_SLUG_MAX = 40
_LABEL_MAX = 63
_HOST_MAX = 253
_URL_MAX = 4096


class _Seen(NamedTuple):
    start: int
    host: int
    host_end: int
    path: int
    end: int


def x_urls(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and words of each link that X sees in ``text``, in order.

    Positions count code points of the text as given. A link with a protocol needs a host whose top-level domain
    exists; one without is only seen in Latin letters.
    """
    return list(_links(text)) if "." in text else []


def _links(text: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    while start := _START.search(text, at):
        dots = _dots(text, start.end())
        host_end = _host_end(text, dots)
        if host_end is None:
            # No later start among plain labels could end otherwise: the same dots would be asked again.
            skips = bool(dots) and min(dots) > 0
            at = dots[-1] if skips else start.start() + 1
            continue
        seen = _seen(text, start, host_end)
        spans = _with_protocol(text, seen) if start["protocol"] else _bare(text, seen)
        yield from ((low, high, text[low:high]) for low, high in spans)
        # The character before a link must not belong to the link before it.
        at = seen.end + 1


def _seen(text: str, start: re.Match[str], host_end: int) -> _Seen:
    port = _PORT.match(text, host_end)
    path = port.end() if port else host_end
    tail = _PATH.match(text, path)
    end = path + max(1, len(tail[0].rstrip(_PATH_NEVER_LAST))) if tail else path
    query = _QUERY.match(text, end)
    asked = len(query[0].rstrip(_QUERY_NEVER_LAST)) if query else 0
    return _Seen(start.start(), start.end(), host_end, path, end + asked)


def _dots(text: str, start: int) -> list[int]:
    """Return where each label of a host at ``start`` ends behind its dot; negative where it has an underscore."""
    limit = start + _HOST_MAX
    dots: list[int] = []
    at = start
    while label := _LABEL.match(text, at, limit):
        at = label.end()
        dots.append(-at if "_" in label[0] else at)
    return dots


def _host_end(text: str, dots: list[int]) -> int | None:
    """Return where the longest host ends: labels, of which the last has no underscore, then a top-level domain."""
    return next((found for dot in reversed(dots) if dot > 0 and (found := _tld_end(text, dot)) is not None), None)


def _tld_end(text: str, start: int, stop: int | None = None) -> int | None:
    """Return where a top-level domain at ``start`` ends, or None where none stands."""
    names, longest = _tlds()
    stop = len(text) if stop is None else stop
    for end in range(min(stop, start + longest), start, -1):
        if text[start:end].lower() in names and not (end < stop and _NOT_AFTER_TLD.match(text, end)):
            return end
    coded = _PUNYCODE.match(text, start, stop)
    return coded.end() if coded else None


def _with_protocol(text: str, seen: _Seen) -> Iterator[tuple[int, int]]:
    if not _encodable(text[seen.host : seen.host_end]) or seen.end - seen.start > _URL_MAX:
        return
    end = seen.end
    if short := _SHORT.match(text, seen.start, seen.end):
        if len(short["slug"]) > _SLUG_MAX:
            return
        end = short.end()
    yield seen.start, end


def _bare(text: str, seen: _Seen) -> Iterator[tuple[int, int]]:
    """Yield the Latin domain names inside a host without a protocol; the last one takes the path along."""
    if seen.start and text[seen.start - 1] in _NEVER_BEFORE_BARE:
        return
    spans = [(low, high) for low, high in _latin(text, seen.host, seen.host_end) if _encodable(text[low:high])]
    if spans and seen.end > seen.path and text[seen.path] == "/":
        spans[-1] = (spans[-1][0], seen.end)
    yield from spans


def _latin(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    at = start
    while labels := _ASCII_LABELS.search(text, at, stop):
        dots = [i + 1 for i in range(labels.start(), labels.end()) if text[i] == "."]
        end = next((found for dot in reversed(dots) if (found := _tld_end(text, dot, stop)) is not None), None)
        if end is not None:
            yield labels.start(), end
        at = labels.end() if end is None else end


def _encodable(host: str) -> bool:
    """Say whether each label fits a host name once it is in ASCII (RFC 1034: 63 octets)."""
    return all(_fits(label) for label in host.lower().split("."))


def _fits(label: str) -> bool:
    if label.isascii():
        return len(label) <= _LABEL_MAX
    coded = label.encode("punycode")
    return not label.startswith("xn--") and len(coded) + len("xn--") <= _LABEL_MAX


@cache
def _tlds() -> tuple[frozenset[str], int]:
    lines = files("campaign.weights").joinpath("tlds.txt").read_text("utf-8").splitlines()
    names = frozenset(line for line in lines if line and not line.startswith("#"))
    return names, max(map(len, names))
