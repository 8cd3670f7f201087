"""The channel email: posts of an email account are newsletter issues, sent copy by copy over SMTP.

The channel gives an issue its form and opens connections to the mail server. The deliveries are the work of
``campaign.newsletter.sending``, to which ``app`` binds ``open_transport``; the channel holds no database.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import ClassVar, Self
from urllib.parse import quote

from pydantic import BaseModel

from campaign.channels._smtp import Settings
from campaign.clock import Clock
from campaign.errors import CredentialDead, Refused
from campaign.newsletter.article import article
from campaign.newsletter.headers import mailbox, person
from campaign.newsletter.merge import Mail
from campaign.newsletter.policy import Policy
from campaign.newsletter.render import rendered
from campaign.newsletter.replies import Meaning, meaning
from campaign.newsletter.wire import Relay, Wire
from campaign.ports import Draft, Gate, Identity, Limits, Message, Receipt, Standing
from campaign.weights import SUBJECT_HARD

_TEXT_MAX = 100_000


class EmailChannel:
    """Newsletters by SMTP. Thread-safe: every sender opens a connection of its own."""

    name: ClassVar[str] = "email"
    title: ClassVar[str] = "Email"
    settings_type: ClassVar[type[Settings]] = Settings
    limits: ClassVar[Limits] = Limits(
        text_max=_TEXT_MAX,
        count=len,
        media_max=0,
        alt_max=0,
        pace=timedelta(),
        card=False,
        shares=False,
        subject_max=SUBJECT_HARD,
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: BaseModel, clock: Clock | None = None) -> Self:  # noqa: ARG003 - the same for all
        """Build the channel from what ``settings_type`` made of its section in config.toml."""
        return cls(Settings.model_validate(settings))

    @property
    def sender(self) -> str:
        """The From of an account that has none of its own."""
        return self._settings.sender

    def policy(self, *, connections: int, batch: int, resend_unknown: bool) -> Policy:
        """Return how issues are sent: the patience of this channel's settings, the pace of the newsletter's."""
        chosen = self._settings
        return Policy(
            connections=connections,
            batch=batch,
            resend_unknown=resend_unknown,
            retries=chosen.retries,
            relay_pause=chosen.relay_pause,
            relay_tries=chosen.relay_tries,
            relay_wait=chosen.relay_wait,
        )

    def compose(self, draft: Draft, token: str) -> Message:
        """Render the letter: the same for everybody, with marks (``⟦name⟧``) where each copy has its own words."""
        subject = " ".join((draft.subject or "").split())
        preheader = " ".join((draft.preheader or "").split())
        envelope = draft.envelope
        counter = f"{envelope.public_url}/l/{token}" if envelope and envelope.counts_clicks else ""
        letter = rendered(draft.words, subject, preheader, counter)
        return Message(
            self.name,
            letter.plain,
            subject=subject,
            preheader=preheader or None,
            html=letter.html,
            audience=draft.audience,
            envelope=envelope,
        )

    def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:  # noqa: ARG002 - the port's signature
        """Refuse: one call cannot publish to a list, whose every copy has an end of its own (see ``ports.Bulk``)."""
        raise Refused(f"an issue of {who.handle} goes out copy by copy, by the power bulk")

    def compose_url(self, who: Identity, message: Message) -> str:  # noqa: ARG002 - the same for every account
        """Return a ``mailto:`` address (RFC 6068) that opens a new mail with the article in it."""
        made = article(message)
        body = made.plain.replace("\n", "\r\n")
        return f"mailto:?subject={quote(made.subject, safe='')}&body={quote(body, safe='')}"

    def to_paste(self, message: Message) -> Message:
        """Return the article: without marks, and without the letter's foot and sender, for those are the partner's."""
        made = article(message)
        return replace(
            message,
            text=made.plain,
            subject=made.subject,
            preheader=made.preheader or None,
            html=made.html_fragment,
            envelope=None,
        )

    def verify(self, who: Identity) -> Standing:
        """Connect and sign in, without a mail. A mail server shows nobody what it has sent. Raises an Outcome."""
        self.open_transport(who).close()
        return Standing(handle=who.sender or self.sender, can_find=False, note="the mail server answers")

    def open_transport(self, who: Identity) -> Wire:
        """Open a connection for an account: its own credentials (``smtp_url``, ``username``, ``password``) go first.

        Raises:
            campaign.errors.NeverSent: the server cannot be reached.
            campaign.errors.Wait: it asks to come later.
            campaign.errors.CredentialDead: it refuses the sign-in.

        """
        return Wire.open(self._relay(who.credentials))

    def _relay(self, credentials: Mapping[str, str]) -> Relay:
        url = credentials.get("smtp_url")
        try:
            good = Settings(smtp_url=url).smtp_url if url else None
        except ValueError as error:
            raise CredentialDead("the smtp_url in this account's credentials is no mail server's address") from error
        return self._settings.relay(good, credentials.get("username"), credentials.get("password"))

    def probe(self) -> datetime | None:
        """Connect to the common mail server and sign in; it tells no time. Raises an Outcome."""
        Wire.open(self._settings.relay()).close()
        return None

    @property
    def longest(self) -> timedelta:
        """How long sending one mail may last."""
        return self._settings.relay().longest

    def send(self, message: EmailMessage, patience: timedelta | None = None) -> None:
        """Send one mail to one person: a notice of our own, no issue. ``patience``: wait no longer for any answer.

        Raises:
            campaign.errors.Outcome: the mail server did not take it, or nobody knows whether it did.

        """
        mail = _mail(message)
        relay = self._settings.relay()
        wire = Wire.open(relay if patience is None else relay.within(patience))
        try:
            reply = wire.deliver(mail, lambda: None)
        finally:
            wire.close()
        match meaning(reply):
            case Meaning.SENT:
                return
            case Meaning.SIGN_IN:
                raise CredentialDead(str(reply))
            case _:
                raise Refused(str(reply))


def _mail(message: EmailMessage) -> Mail:
    """Return a message as it goes out. Its sender and reader are written by our own rule: the library encodes an
    address beyond ASCII as if it were words.
    """
    (name, sender), (_, reader) = mailbox(str(message["From"])), mailbox(str(message["To"]))
    rest = copy(message)
    del rest["From"], rest["To"]
    data = rest.as_bytes(policy=SMTP.clone(cte_type="7bit"))
    return Mail(sender, reader, person("From", name, sender) + person("To", "", reader) + data)


CHANNEL = EmailChannel
