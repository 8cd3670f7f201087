"""What the mailbox shows of a message. Its HTML goes into a frame without rights: no scripts, nothing from outside."""

from dataclasses import dataclass
from email.utils import parseaddr

from campaign.sandbox.pages.feed import told
from campaign.sandbox.things import Mail

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class Line:
    """A message in the list."""

    id: str
    sender: str
    to: str
    subject: str
    at: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its own page. ``frame`` is the HTML part with a policy of its own, empty without one."""

    line: Line
    headers: tuple[tuple[str, str], ...]
    text: str
    frame: str
    raw: str


def line(mail: Mail) -> Line:
    """Return a message for the list."""
    message = mail.parsed
    name, address = parseaddr(str(message["From"] or mail.sender))
    subject = str(message["Subject"] or "(no subject)")
    return Line(mail.id, name or address, ", ".join(mail.recipients), subject, told(mail.at), mail.at.isoformat())


def letter(mail: Mail) -> Letter:
    """Return a message for its page."""
    message = mail.parsed
    markup = mail.words("html")
    return Letter(
        line=line(mail),
        headers=tuple((name, str(message[name])) for name in HEADERS if message[name]),
        text=mail.words("plain"),
        frame=f'<meta http-equiv="Content-Security-Policy" content="{FRAME_POLICY}">{markup}' if markup else "",
        raw=mail.raw.decode("utf-8", "replace"),
    )
