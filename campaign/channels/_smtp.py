"""Settings of the channel email: where the mail server is, who writes, and how patient we are."""

from datetime import timedelta
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from campaign.config import Duration, Section, fault
from campaign.errors import Refused
from campaign.newsletter.headers import mailbox, refuse_wide
from campaign.newsletter.policy import Policy
from campaign.newsletter.wire import Relay

_SECURITY: dict[str, tuple[Literal["plain", "starttls", "tls"], int]] = {
    "smtp": ("plain", 25),
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
}
_URL_MEND = 'Write "smtp://host:25", "smtps://user@host" or "smtp+starttls://user@host:587"'
_OURS = Policy()


class Settings(Section):
    """``[channels.email]``. The password stands in CAMPAIGN__CHANNELS__EMAIL__PASSWORD, never in the address.

    ``connect``, ``reply`` and ``final`` bound the waits for the connection, for a reply, and for the reply to a whole
    message. ``retries``, ``relay_pause``, ``relay_tries`` and ``relay_wait`` are those of ``newsletter.policy.Policy``.
    ``hello`` is the name by which we greet the server; this machine's own unless it is given.
    """

    smtp_url: str = "smtp://localhost:25"
    sender: str = "Campaign <campaign@localhost>"
    username: str | None = None
    password: SecretStr | None = None
    hello: str | None = None
    connect: Duration = timedelta(seconds=10)
    reply: Duration = timedelta(seconds=60)
    final: Duration = timedelta(minutes=10)
    retries: tuple[Duration, ...] = Field(default=_OURS.retries, min_length=1)
    relay_pause: Duration = _OURS.relay_pause
    relay_tries: int = Field(default=_OURS.relay_tries, ge=1)
    relay_wait: Duration = _OURS.relay_wait

    @field_validator("smtp_url")
    @classmethod
    def _is_a_server(cls, url: str) -> str:
        parts = urlsplit(url)
        if url == "notify":
            raise fault("GOV.UK Notify is not served yet", _URL_MEND)
        if parts.password is not None:
            raise fault("a password stands in the address", "Set CAMPAIGN__CHANNELS__EMAIL__PASSWORD instead")
        if parts.scheme not in _SECURITY or not parts.hostname or parts.path.strip("/") or not _port_is_good(url):
            raise fault(f"{url!r} is no mail server's address", _URL_MEND)
        return url

    @field_validator("sender")
    @classmethod
    def _is_a_mailbox(cls, sender: str) -> str:
        try:
            refuse_wide(mailbox(sender)[1])
        except Refused as error:
            raise fault(error.detail, 'Write "Name <address@example.org>"') from error
        return sender

    @model_validator(mode="after")
    def _signs_in_with_both(self) -> Self:
        if self.password is not None and not (self.username or urlsplit(self.smtp_url).username):
            raise fault("there is a password and no user name", "Set username, or name the user in smtp_url")
        return self

    def relay(self, smtp_url: str | None = None, username: str | None = None, password: str | None = None) -> Relay:
        """Return the mail server; an account's own credentials stand above the settings.

        A server that an account names for itself is never shown the name and the password of the common one.
        """
        parts = urlsplit(smtp_url or self.smtp_url)
        security, port = _SECURITY[parts.scheme]
        user = username or (unquote(parts.username) if parts.username else None)
        secret = None
        if smtp_url is None:
            user = user or self.username
            secret = self.password.get_secret_value() if self.password else None
        return Relay(
            host=parts.hostname or "localhost",
            port=parts.port or port,
            security=security,
            username=user,
            password=password or secret,
            connect=self.connect,
            reply=self.reply,
            final=self.final,
            hello=self.hello,
        )


def _port_is_good(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
