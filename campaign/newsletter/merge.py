"""One recipient's copy of an issue: marks filled, headers written, the whole as the bytes that go over the wire.

What is the same in every copy is made once. The parts are quoted-printable, so every line is short ASCII and no server
needs 8BITMIME. The Message-ID follows from campaign, post and address, so that a copy sent again is known as one.
"""

import binascii
import hashlib
import html
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property

from campaign.errors import Refused
from campaign.models.corrections import list_of
from campaign.models.deliveries import Delivery
from campaign.models.mailing import address_digest
from campaign.newsletter.headers import Address, address, line, mailbox, one_line, person, refuse_wide, structured
from campaign.newsletter.marks import CONTACT, EMAIL, NAME, PARTNER, UNSUBSCRIBE, Skeleton
from campaign.ports import Message

_BREAK = re.compile(r"\r\n|\r|\n")
_NO_LABEL = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a copy. ``token`` makes the unsubscribe address; ``details`` fill the marks that are not ours."""

    email: str
    name: str
    token: str
    details: Mapping[str, str]

    @classmethod
    def of(cls, delivery: Delivery) -> "Recipient":
        """Return the recipient of a delivery, as frozen when sending started."""
        return cls(delivery.email, delivery.name, delivery.token, delivery.details)


@dataclass(frozen=True, slots=True)
class Mail:
    """One copy, ready for SMTP: both addresses of the envelope and the bytes, CRLF at every line's end."""

    sender: Address
    recipient: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class Mould:
    """What a copy is made with beside the letter. ``sender`` and ``reply_to`` read ``Name <address>``.

    ``salt`` is the campaign's own, ``public_url`` is where ``/u/<token>`` unsubscribes.
    """

    post_id: int
    salt: str
    public_url: str
    sender: str
    partner: str
    audience: str
    reply_to: str | None = None

    @classmethod
    def of(cls, post_id: int, message: Message, *, salt: str) -> "Mould":
        """Return the mould of an issue: of what was approved alone, whatever account and settings say by now.

        Raises:
            campaign.errors.Refused: the issue names no list or no sender.

        """
        envelope, audience = message.envelope, message.audience
        if envelope is None or audience is None:
            raise Refused("the issue names no list or no sender; `campaign queue` gives it both")
        return cls(
            post_id=post_id,
            salt=salt,
            public_url=envelope.public_url,
            sender=envelope.sender,
            partner=envelope.partner,
            audience=audience,
            reply_to=envelope.reply_to,
        )


def seen_beforehand(message: Message) -> dict[str, str]:
    """Return what a preview puts for the marks of an issue: what every copy says alike, and an unsubscribe address that
    is nobody's. Where there is no sender yet, there is no contact.
    """
    envelope = message.envelope
    if envelope is None:
        return {}
    found = {PARTNER: envelope.partner, UNSUBSCRIBE: f"{envelope.public_url}/u/example"}
    with suppress(Refused):
        found[CONTACT] = mailbox(envelope.reply_to or envelope.sender)[1].text
    return found


class Copies:
    """Makes every recipient's copy of one issue.

    Raises:
        campaign.errors.Refused: sender, reply address or subject cannot stand in a header, or there is no letter.

    """

    def __init__(self, message: Message, mould: Mould) -> None:
        if not message.html or not message.subject:
            raise Refused("the issue has no subject or no letter")
        self.mould = mould
        self.display, self.sender = mailbox(mould.sender)
        self._contact = mailbox(mould.reply_to)[1] if mould.reply_to else self.sender
        for one in (self.sender, self._contact):
            refuse_wide(one)
        self._html = Skeleton.of(message.html)
        self._plain = Skeleton.of(message.text)
        self._subject = Skeleton.of(message.subject)
        one_line("the partner's name", mould.partner)

    def copy(self, to: Recipient, at: datetime) -> Mail:
        """Return this recipient's copy, dated ``at`` (aware UTC).

        Raises:
            campaign.errors.Refused: the recipient's address or name cannot stand in a header.

        """
        recipient = address(to.email)
        values = self._values(to)
        subject = " ".join(self._subject.filled(values).split())  # a reader's detail may have several lines
        own = b"".join(
            (
                person("To", to.name, recipient),
                line("Subject", subject),
                structured("Message-ID", f"<{self.message_id(to.email)}>"),
                structured("Date", format_datetime(at)),
                structured("List-Unsubscribe", f"<{values[UNSUBSCRIBE]}>"),
            )
        )
        return Mail(self.sender, recipient, b"".join((own, self._constant, self._body(values))))

    def message_id(self, email: str) -> str:
        """Return the Message-ID of this address's copy, without its brackets."""
        seed = f"{self.mould.salt}/{self.mould.post_id}/{address_digest(email)}"
        return f"{hashlib.sha256(seed.encode()).hexdigest()[:32]}@{self.sender.domain}"

    def issue_id(self) -> str:
        """Return the name of the issue as a whole, in the form of a Message-ID."""
        return f"issue-{self.mould.post_id}@{self.sender.domain}"

    def _values(self, to: Recipient) -> dict[str, str]:
        return {name.lower(): value for name, value in to.details.items()} | {
            NAME: to.name,
            EMAIL: to.email,
            PARTNER: self.mould.partner,
            CONTACT: self._contact.text,
            UNSUBSCRIBE: f"{self.mould.public_url}/u/{to.token}",
        }

    @cached_property
    def _boundary(self) -> str:
        # "=_" never occurs in quoted-printable, so no words can hold the boundary.
        return f"=_{hashlib.sha256(self.issue_id().encode()).hexdigest()[:24]}"

    @cached_property
    def _constant(self) -> bytes:
        """The headers that every copy has alike.

        RFC 8058 asks for an https address beside ``List-Unsubscribe-Post``; ours is plain http only on this machine,
        for trials.
        """
        reply_to = [person("Reply-To", *mailbox(self.mould.reply_to))] if self.mould.reply_to else []
        list_name = _NO_LABEL.sub("-", list_of(self.mould.audience).lower()).strip("-") or "list"
        return b"".join(
            (
                person("From", self.display or self.mould.partner, self.sender),
                *reply_to,
                structured("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
                structured("List-Id", f"<{list_name}.{self.sender.domain}>"),
                structured("MIME-Version", "1.0"),
                structured("Content-Type", f'multipart/alternative; boundary="{self._boundary}"'),
                b"\r\n",
            )
        )

    def _body(self, values: Mapping[str, str]) -> bytes:
        mark = f"--{self._boundary}".encode()
        plain = _part("plain", self._plain.filled(values))
        rich = _part("html", self._html.filled(values, html.escape))
        return b"".join((mark, b"\r\n", plain, mark, b"\r\n", rich, mark, b"--\r\n"))


def _part(kind: str, text: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    # The encoder takes its line ends from the first one it meets, so there must be one.
    lines = _BREAK.sub("\r\n", text).encode("utf-8", "replace")
    return head.encode("ascii") + binascii.b2a_qp(lines + b"\r\n", istext=True)
