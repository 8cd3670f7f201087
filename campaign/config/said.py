"""What a person typed: a name or a reason, which is one line that says something, and a mail address."""

import re

from campaign.errors import WrongUse

MAIL_MAX = 254
"""Characters of a mail address (RFC 3696, erratum 1690)."""

_MAIL = re.compile(r"[^\s@<>(),;:\"\\\[\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")


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


def is_mail(text: str) -> bool:
    """Say whether the text has the form of a mail address: one mailbox, a domain with a dot, no display name."""
    return len(text) <= MAIL_MAX and ".." not in text and _MAIL.fullmatch(text) is not None
