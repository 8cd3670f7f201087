"""What a person typed or pasted: a name or a reason that says something, a mail address, a sender, a token."""

import re
from email.utils import parseaddr

from campaign.errors import WrongUse

MAIL_MAX = 254
"""Characters of a mail address (RFC 3696, erratum 1690)."""

_MAIL = re.compile(r"[^\s@<>(),;:\"\\\[\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")

_SENDER = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>", re.DOTALL)
_QUOTED = re.compile(r'"(?P<inside>(?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def said(what: str, text: str) -> str:
    """Return the text as one line without outer blanks.

    Raises:
        WrongUse: it says nothing, or holds a line break or another control character.

    """
    line = text.strip()
    if not line or not line.isprintable():
        why = "holds a line break or another control character" if line else "is empty"
        raise WrongUse(problem=f"The {what} {why}", mend="Write it on one line.")
    return line


def told(what: str, text: str) -> str:
    """Return the text, of however many lines, without outer blanks. Raises WrongUse: it says nothing."""
    if not text.strip():
        raise WrongUse(problem=f"The {what} is empty", mend="Write why.")
    return text.strip()


def odd_sign(secret: str) -> str:
    """Name the first character of a token or key that none of a platform's has (``U+200B``); empty where there is none.

    They are printable ASCII (RFC 6749, appendix A): what is pasted brings others along, mostly unseen.
    """
    odd = next((sign for sign in secret if not " " <= sign <= "~"), "")
    return f"U+{ord(odd):04X}" if odd else ""


def is_mail(text: str) -> bool:
    """Say whether the text has the form of a mail address: one mailbox, a domain with a dot, no display name."""
    if len(text) > MAIL_MAX or ".." in text or _MAIL.fullmatch(text) is None:
        return False
    try:
        ascii_domain(text.rpartition("@")[2])
    except UnicodeError:
        return False
    return True


def named(sender: str) -> tuple[str, str]:
    """Split ``Name <address>`` into both; the name is all before the last ``<``, without quotation marks around it.

    The grammar of headers is not asked: by it signs that stand in names, as in ``Oak (Primary) School``, would put the
    name's words elsewhere.
    """
    text = sender.strip()
    found = _SENDER.fullmatch(text)
    if found is None:
        return parseaddr(text) if text.endswith(")") else ("", text)
    name, quoted = found["name"].strip(), _QUOTED.fullmatch(found["name"].strip())
    return (_ESCAPED.sub(r"\1", quoted["inside"]) if quoted else name), found["address"].strip()


def naming(name: str, address: str) -> str:
    """Return ``"Name" <address>`` as headers are written: whatever signs there are in the name."""
    escaped = name.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}" <{address}>' if name else f"<{address}>"


def ascii_domain(domain: str) -> str:
    """Return a domain in its ASCII form by IDNA 2008, spelt as people do (UTS 46); one that is ASCII stays as it is.

    Raises:
        UnicodeError: no domain can be called so.

    """
    if domain.isascii():
        return domain
    import idna  # noqa: PLC0415 - its tables are large, and hardly anybody's domain needs them

    return idna.encode(domain, uts46=True).decode("ascii")
