"""The typed holes of a template: what a value must look like, and the words that name a wrong one.

A value is only ever data: whatever a partner writes, it is never read as a template.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Final
from urllib.parse import urlsplit

from campaign.errors import BadInput, Finding

KINDS: Final = ("text", "url", "email", "phone", "date", "time", "quote", "choice", "image")

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_PHONE = re.compile(r"(?:\+44|0044|0)(?:[ ()-]*\d){9,11}(?: *(?:x|ext\.?) *\d{1,6})?", re.IGNORECASE)
_HOST = re.compile(r"[^\s@/?#\[\]]+")
_NAME_MAX = 80
_ROLE_MAX = 120


def wrong(problem: str, mend: str) -> BadInput:
    """Return the error for a value that does not fit; ``placed`` says later where the value stands."""
    return BadInput([Finding("", "", problem, mend)])


def placed(why: BadInput, file: str, name: str) -> BadInput:
    """Return ``why`` with its findings at field ``name`` of ``file``."""
    return BadInput([replace(finding, file=file, field=name) for finding in why.findings])


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that a named person said, with the role in which they said them."""

    text: str
    name: str
    role: str

    def __str__(self) -> str:
        """Return the quotation as a post shows it."""
        return f"“{self.text}” \N{EN DASH} {self.name}, {self.role}"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that a partner gives: a file name or a stored digest, and what a screen reader says instead.

    ``until`` is the last day on which the permission to show it is held; None: it does not end.
    """

    file: str
    alt: str
    until: date | None = None

    def __str__(self) -> str:
        """Return nothing: an image travels beside the words, not in them."""
        return ""


Value = str | Quote | Picture


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field as its template declares it.

    ``max`` is the longest value, counted by ``count``: characters, or on X the weight that X counts. ``choices`` maps
    each value that may be chosen to the wording that it stands for.
    """

    name: str
    type: str = "text"
    max: int | None = None
    default: str | None = None
    required: bool = False
    help: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    count: Callable[[str], int] = len
    unit: str = "characters"


def checked(spec: FieldSpec, value: object) -> Value:
    """Return ``value`` in the one form that templates see, or say what is wrong with it.

    An empty value of a field that is not required is the empty text. Dates stay ISO (2025-12-10), times HH:MM; a
    choice becomes its wording.

    Raises:
        BadInput: the value is missing, too long or of the wrong kind.

    """
    try:
        return _checked(spec, value)
    except BadInput as why:
        raise placed(why, "details", spec.name) from why


def _checked(spec: FieldSpec, value: object) -> Value:
    if _empty(value):
        if spec.required:
            raise wrong("is missing", spec.help or f"Give a value of type {spec.type}.")
        return ""
    if spec.type == "quote":
        return _quote(spec, value)
    if spec.type == "image":
        return _picture(spec, value)
    if not isinstance(value, str | date | time):
        raise wrong(f"is of type {type(value).__name__}, not text", "Write it in quotation marks.")
    text = tidy(value.isoformat() if isinstance(value, date | time) else value)
    return _within(spec, _CHECKS[spec.type](spec, text))


def tidy(text: str) -> str:
    """Return ``text`` in normal form C with plain line ends and no blanks around; refuse control characters."""
    settled = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\n\t" for one in settled):
        raise wrong("holds a control character", "Type the words anew instead of pasting them.")
    return settled


def _empty(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_empty(part) for part in value.values())
    return value is None or (isinstance(value, str) and not value.strip())


def _within(spec: FieldSpec, text: str) -> str:
    length = spec.count(text)
    if spec.max is not None and length > spec.max:
        raise wrong(f"has {length} {spec.unit}, {spec.max} at most", f"Shorten it by {length - spec.max}.")
    return text


def _url(_spec: FieldSpec, text: str) -> str:
    mend = "Write the whole address, such as https://www.example.org/send."
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as why:
        raise wrong("is no web address", mend) from why
    if (
        parts.scheme.lower() not in {"http", "https"}
        or not host
        or not _HOST.fullmatch(host)
        or re.search(r"[\s<>\"]", text)
    ):
        raise wrong("is no web address", mend)
    if parts.username is not None or parts.password is not None:
        raise wrong("carries a user name", "Leave the part before the @ out.")
    return text


def _email(_spec: FieldSpec, text: str) -> str:
    if not _EMAIL.fullmatch(text) or ".." in text:
        raise wrong("is no email address", "Write it as name@example.org.")
    return text


def _phone(_spec: FieldSpec, text: str) -> str:
    if not _PHONE.fullmatch(text):
        raise wrong("is no UK telephone number", "Write it as 020 7946 0000 or +44 20 7946 0000.")
    return text


def _date(_spec: FieldSpec, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as why:
        raise wrong("is no date", "Write it as 2025-12-10.") from why


def _time(_spec: FieldSpec, text: str) -> str:
    if not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d(?::00)?", text):
        raise wrong("is no time of day", 'Write it as "18:00".')
    return text[:5]


def _choice(spec: FieldSpec, text: str) -> str:
    by_name = {key.casefold(): wording for key, wording in spec.choices.items()}
    try:
        return by_name[text.casefold()]
    except KeyError as why:
        raise wrong(f"{text!r} is not among the choices", f"Choose one of: {', '.join(spec.choices)}.") from why


_CHECKS: Final[Mapping[str, Callable[[FieldSpec, str], str]]] = {
    "text": lambda _spec, text: text,
    "url": _url,
    "email": _email,
    "phone": _phone,
    "date": _date,
    "time": _time,
    "choice": _choice,
}


def _parts(value: object, wanted: tuple[str, ...], mend: str) -> list[str]:
    if not isinstance(value, Mapping):
        raise wrong("lacks " + " and ".join(wanted[1:]), mend)
    lacking = [part for part in wanted if _empty(value.get(part))]
    if lacking:
        raise wrong("lacks " + " and ".join(lacking), mend)
    return [tidy(str(value[part])) for part in wanted]


def _quote(spec: FieldSpec, value: object) -> Quote:
    n = spec.name
    mend = f"Give {n} (the words), {n}_name (who said them) and {n}_role (in which role)."
    text, name, role = (" ".join(part.split()) for part in _parts(value, ("text", "name", "role"), mend))
    for part, longest in ((name, _NAME_MAX), (role, _ROLE_MAX)):
        if len(part) > longest:
            raise wrong(f"has a name or role of {len(part)} characters, {longest} at most", "Shorten it.")
    return Quote(_within(spec, text.strip('"“”')), name, role)


def _picture(spec: FieldSpec, value: object) -> Picture:
    mend = f"Give {spec.name} (the file) and {spec.name}_alt (what the image shows, for those who do not see it)."
    file, alt = _parts(value, ("file", "alt"), mend)
    until = value.get("until") if isinstance(value, Mapping) else None
    last = None if _empty(until) else date.fromisoformat(_date(spec, tidy(str(until))))
    return Picture(file, _within(spec, alt), last)
