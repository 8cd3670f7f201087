"""What a mail server's reply means for the one copy that it answers, and for the issue. Pure.

The first digit decides, then the enhanced code, then where in the dialogue the reply came. Sources: RFC 5321 sections
4.2.1 to 4.2.3 (reply codes), RFC 3463 (enhanced codes), RFC 4954 section 6 (authentication).
"""

import enum
import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})\b")
_CLOSING = 421
_NEEDS_SIGN_IN = frozenset({530, 534, 535, 538})
_SENDER_REFUSED = frozenset({"1.7", "1.8"})
_TEXT_MAX = 300


class Stage(enum.Enum):
    """Where in the dialogue a reply came."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"


class Meaning(enum.Enum):
    """What a reply means.

    SENT: the server has it. DEFERRED: this copy may be tried later. NOBODY: the address does not exist, and is not
    written to again. BOUNCED: this copy is refused for good, for reasons of its recipient that do not prove the address
    dead. LETTER: it is refused for good, perhaps for what is in it. RELAY: the server closes, all copies wait. BARRED:
    policy keeps this copy from its recipient, if not all of ours. POLICY: the server does not want this mail from us.
    SIGN_IN: it does not know us.
    """

    SENT = "sent"
    DEFERRED = "deferred"
    NOBODY = "nobody"
    BOUNCED = "bounced"
    LETTER = "letter"
    RELAY = "relay"
    BARRED = "barred"
    POLICY = "policy"
    SIGN_IN = "sign-in"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: where it came, its code, its text."""

    stage: Stage
    code: int
    text: str

    def __str__(self) -> str:
        """Return one line, fit to be kept."""
        return f"{self.code} {' '.join(self.text.split())}"[:_TEXT_MAX].strip()


def meaning(reply: Reply) -> Meaning:
    """Return what the reply means."""
    match reply.code // 100:
        case 2 if reply.stage is Stage.DOT:
            return Meaning.SENT
        case 5:
            return _refusal(reply)
        case _ if reply.code == _CLOSING:
            return Meaning.RELAY
        case _:
            # 4xx, and what no standard foresees (a 2xx or 3xx out of place): nothing was taken, so try again later.
            return Meaning.DEFERRED


def _refusal(reply: Reply) -> Meaning:
    found = _ENHANCED.match(reply.text.lstrip())
    subject, detail = found.groups() if found else ("", "")
    if reply.code in _NEEDS_SIGN_IN or (subject, detail) == ("7", "8"):
        return Meaning.SIGN_IN
    if reply.stage is Stage.MAIL or subject == "7" or f"{subject}.{detail}" in _SENDER_REFUSED:
        return Meaning.BARRED if reply.stage is Stage.RCPT and subject == "7" else Meaning.POLICY
    if subject == "1":
        return Meaning.NOBODY
    # Before the data the server has not seen the letter: what it refuses is the recipient. Without an enhanced code it
    # is no proof that nobody is there: 550 also says "no access" and "for policy reasons", 553 "name not allowed" (RFC
    # 5321 section 4.2.3), and whoever is struck off every list by mistake never hears of it. Nor is the state of the
    # mailbox (RFC 3463, X.2.X: full, disabled) a fault of the letter, wherever it is told.
    return Meaning.LETTER if reply.stage is Stage.DOT and subject != "2" else Meaning.BOUNCED
