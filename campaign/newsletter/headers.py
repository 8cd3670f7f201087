"""Mail addresses and header lines: ASCII on the wire, folded, and never with a line break that a value brought in."""

import unicodedata
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr

from campaign.config import ascii_domain, named, naming
from campaign.errors import Refused

_ENCODED = "=?"
"""Words that hold this would be read as encoded ones, so that they are encoded (RFC 2047)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address as SMTP takes it. ``wide``: the part before the @ is not ASCII, so the server needs SMTPUTF8."""

    text: str
    wide: bool = False

    @property
    def domain(self) -> str:
        """The part after the @."""
        return self.text.rpartition("@")[2]


def address(email: str) -> Address:
    """Read a bare address; the domain is put into its ASCII form.

    Raises:
        campaign.errors.Refused: it is none, or it would break out of its header or SMTP command.

    """
    local, at, domain = email.strip().rpartition("@")
    odd = any(character.isspace() or character in '<>",;:\\()[]' or not character.isprintable() for character in email)
    if not (local and at and domain) or "@" in local or odd or len(email) > 254:  # noqa: PLR2004 (RFC 5321, path)
        raise Refused(f"{email!r} is no mail address")
    try:
        # Of what is ASCII by now this codec checks the lengths alone; by itself it would write strasse for straße.
        domain = ascii_domain(domain).encode("idna").decode("ascii")
    except UnicodeError as error:
        raise Refused(f"{email!r} is no mail address: {error}") from error
    return Address(f"{local}@{domain}", wide=not local.isascii())


def mailbox(text: str) -> tuple[str, Address]:
    """Read ``Name <address>`` into the name and the address. Raises Refused."""
    one_line("the sender", text)
    name, email = named(text)
    return name, address(email)


def refuse_wide(who: Address) -> None:
    """Refuse an address that stands in everybody's copy if few mail servers would take it.

    Raises:
        campaign.errors.Refused: the part before the @ is not ASCII.

    """
    if who.wide:
        raise Refused(f"{who.text!r} is not ASCII before the @: few mail servers take mail from it or answers to it")


def one_line(what: str, value: str) -> str:
    """Return the value if it is a single line of printable text, else refuse it: it would forge a header.

    Raises:
        campaign.errors.Refused: there is a line break or another control character in it.

    """
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in value):
        raise Refused(f"{what} holds a line break or another control character: {value!r}")
    return value


def line(name: str, value: str) -> bytes:
    """Return a header line of free text, folded, RFC 2047 where it is not ASCII."""
    one_line(name, value)
    charset = "us-ascii" if value.isascii() and _ENCODED not in value else "utf-8"
    folded = Header(value, charset, header_name=name).encode(linesep="\r\n")
    return f"{name}: {folded}\r\n".encode("ascii")


def structured(name: str, value: str) -> bytes:
    """Return a header line of a value that has its own grammar and is written as it stands."""
    return f"{name}: {one_line(name, value)}\r\n".encode()


def person(name: str, display: str, who: Address) -> bytes:
    """Return a header line with a display name and an address."""
    one_line(name, display)
    if display.isascii() and _ENCODED not in display:
        plain = who.text.isascii()
        return structured(name, formataddr((display, who.text)) if plain else naming(display, who.text))
    words = Header(display, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {words} <{who.text}>\r\n".encode()
