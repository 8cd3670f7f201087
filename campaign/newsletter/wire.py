"""One SMTP connection: opened with TLS and sign-in as configured, then one copy after another.

The line between *never sent* and *nobody knows* is drawn here: until the last byte of the data, with its final dot, has
been handed to the network the server cannot have taken the copy; from then until its reply nobody knows (RFC 1047).
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal, Protocol

from campaign.errors import CredentialDead, NeverSent, Unknown, Wait
from campaign.newsletter.merge import Mail
from campaign.newsletter.replies import Reply, Stage

_LEADING_DOT = re.compile(rb"(?m)^\.")
_CLOSING = 421
_BUSY = 4
_REPLIES = 10
"""EHLO, STARTTLS, EHLO, up to three of AUTH, MAIL, RCPT, DATA, and one to spare."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server and how to reach it. ``final`` bounds the wait for the reply to a whole message; RFC 5321 section
    4.5.3.2.6 asks for ten minutes.
    """

    host: str
    port: int
    security: Literal["plain", "starttls", "tls"] = "plain"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    connect: timedelta = timedelta(seconds=10)
    reply: timedelta = timedelta(seconds=60)
    final: timedelta = timedelta(minutes=10)
    hello: str | None = None

    @property
    def longest(self) -> timedelta:
        """How long it may take to connect and to hand one copy over, if the server is as slow as it may at each step;
        twice the wait for the connection, for the name is looked up too.
        """
        return 2 * self.connect + _REPLIES * self.reply + self.final

    def within(self, patience: timedelta) -> "Relay":
        """Return the same server for somebody who waits no longer than this at any step."""
        waits = {name: min(getattr(self, name), patience) for name in ("connect", "reply", "final")}
        return replace(self, **waits)


class Transport(Protocol):
    """What the newsletter needs of a connection."""

    def deliver(self, mail: Mail, before_data: Callable[[], None]) -> Reply:
        """Hand one copy over; ``before_data`` is called right before its bytes go out.

        Raises:
            campaign.errors.NeverSent: the connection was lost before the server could have it.
            campaign.errors.Unknown: the connection was lost after the final dot.

        """
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Wire:
    """An open SMTP connection. Not thread-safe: one for each sender."""

    def __init__(self, smtp: smtplib.SMTP, relay: Relay) -> None:
        self._smtp = smtp
        self._relay = relay

    @classmethod
    def open(cls, relay: Relay) -> "Wire":
        """Connect, greet, secure, sign in.

        Raises:
            campaign.errors.NeverSent: the server cannot be reached or does not offer what is configured.
            campaign.errors.Wait: it is there, and asks to come later.
            campaign.errors.CredentialDead: it refuses the sign-in, or this one cannot be sent.

        """
        if not f"{relay.username}{relay.password}".isascii():
            # RFC 4616 would take UTF-8, smtplib does not: it would break with the password in its error.
            raise CredentialDead("the user name or the password for the mail server has characters beyond ASCII")
        smtp: smtplib.SMTP | None = None
        try:
            smtp = _connect(relay)
            _prepare(smtp, relay)
        except (smtplib.SMTPException, OSError) as error:
            if smtp is not None:
                smtp.close()
            raise _refused(relay, error) from error
        return cls(smtp, relay)

    def deliver(self, mail: Mail, before_data: Callable[[], None]) -> Reply:
        """Hand one copy over; see ``Transport``."""
        try:
            refusal = self._envelope(mail)
        except (smtplib.SMTPException, OSError) as error:
            raise self._lost(error, "before the data") from error
        if refusal is not None:
            return refusal
        try:
            before_data()
        except BaseException:
            # The server awaits data now and would take even a QUIT for it: only cutting the connection ends that.
            self._smtp.close()
            raise
        try:
            self._smtp.send(_dotted(mail.data))
        except (smtplib.SMTPException, OSError) as error:
            raise self._lost(error, "in the data, before the final dot") from error
        return self._final_reply()

    def _envelope(self, mail: Mail) -> Reply | None:
        """Say who writes to whom, up to the server's go-ahead. Returns its refusal, if it refuses."""
        options: list[str] = []
        if mail.recipient.wide:
            if not self._smtp.has_extn("smtputf8"):
                return Reply(Stage.RCPT, 553, "5.6.7 the mail server does not take addresses beyond ASCII")
            options = ["SMTPUTF8"]
        steps: tuple[tuple[Stage, Callable[[], tuple[int, bytes]]], ...] = (
            (Stage.MAIL, lambda: self._smtp.mail(mail.sender.text, options)),
            (Stage.RCPT, lambda: self._smtp.rcpt(mail.recipient.text)),
            (Stage.DATA, lambda: self._smtp.docmd("DATA")),
        )
        for stage, step in steps:
            code, text = step()
            if code // 100 != (3 if stage is Stage.DATA else 2):
                return self._refusal(Reply(stage, code, text.decode("utf-8", "replace")))
        return None

    def _refusal(self, reply: Reply) -> Reply:
        if reply.code != _CLOSING:
            # RSET lets the next copy start anew; a server that cannot even do this shows it at the next MAIL.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._smtp.rset()
        return reply

    def _final_reply(self) -> Reply:
        try:
            self._patience(self._relay.final)
            code, text = self._smtp.getreply()
            self._patience(self._relay.reply)
        except (smtplib.SMTPException, OSError) as error:
            self._smtp.close()
            raise Unknown(f"the connection was lost after the final dot: {error}") from error
        if code // 100 not in {2, 4, 5}:
            self._smtp.close()
            raise Unknown(f"the reply to the final dot makes no sense: {code} {text!r}")
        return Reply(Stage.DOT, code, text.decode("utf-8", "replace"))

    def _patience(self, span: timedelta) -> None:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(span.total_seconds())

    def _lost(self, error: Exception, where: str) -> NeverSent:
        self._smtp.close()
        return NeverSent(f"the connection was lost {where}: {error}")

    def close(self) -> None:
        """Say goodbye; a server that is gone already does not matter."""
        self._patience(timedelta(seconds=2))
        with contextlib.suppress(smtplib.SMTPException, OSError):
            self._smtp.quit()
        self._smtp.close()


def _dotted(data: bytes) -> bytes:
    """Return the data as it stands on the wire, with its final dot (RFC 5321 section 4.5.2)."""
    end = b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
    return _LEADING_DOT.sub(b"..", data) + end


def _connect(relay: Relay) -> smtplib.SMTP:
    # A given name spares smtplib's look-up of this machine's own, which may take long.
    hello, seconds = relay.hello or socket.gethostname(), relay.connect.total_seconds()
    if relay.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(relay.host, relay.port, hello, timeout=seconds, context=context)
    return smtplib.SMTP(relay.host, relay.port, hello, timeout=seconds)


def _prepare(smtp: smtplib.SMTP, relay: Relay) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(relay.reply.total_seconds())
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if relay.security == "starttls":
        smtp.starttls(context=ssl.create_default_context())
    smtp.ehlo_or_helo_if_needed()
    if relay.username:
        smtp.login(relay.username, relay.password or "")


def _refused(relay: Relay, error: Exception) -> NeverSent | Wait | CredentialDead:
    place = f"{relay.host}:{relay.port}"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        detail = f"{place} said {error.smtp_code} {said}"
        if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code // 100 != _BUSY:
            return CredentialDead(detail)
        return Wait(detail) if error.smtp_code // 100 == _BUSY else NeverSent(detail)
    return NeverSent(f"{place} cannot be reached: {error}")
