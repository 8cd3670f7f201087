"""The mail that invites a person, sent while somebody waits for it: they are told at once when it does not go."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from campaign.clock import Clock
from campaign.config import named, naming
from campaign.errors import Outcome, Refused
from campaign.models import Database, notices
from campaign.models.notices import GIVEN_UP, Notice
from campaign.notices.letter import Paper
from campaign.scrubbing import scrub

PATIENCE = timedelta(seconds=10)
"""So long somebody waits for each answer of the mail server."""

_WORDS = """{name},

you are invited to {campaign}. Open this link to choose how you sign in:
{link}

It opens once, within seven days, and is meant for you alone.

--\N{SPACE}
{campaign}
"""


@dataclass(frozen=True, slots=True)
class Invitations:
    """Mails invitations. ``post`` hands a message to the mail server and raises an Outcome when it cannot."""

    database: Database
    clock: Clock
    paper: Paper
    post: Callable[[EmailMessage], None]

    def link(self, secret: str) -> str:
        """Return the link that an invitation's secret opens."""
        return f"{self.paper.public_url}/invitation/{secret}"

    def send(self, to: str, name: str, link: str) -> str | None:
        """Mail a person their link; returns why that did not work, None where it did. No transaction may be open.

        The link is a secret and stands in the mail alone: what is kept of one that fails, for *Health*, has none.
        """
        try:
            self.post(self._message(to, name, link))
        except Outcome as outcome:
            outcome.detail = outcome.detail.replace(link, "the link")  # a server may quote what it refuses
            return self._failed(to, outcome)
        except Exception as error:  # noqa: BLE001 - whatever the mail library says of an address that is none
            return self._failed(to, Refused(str(error)))
        with self.database.write() as session:
            notices.reached(session, to)
        return None

    def _failed(self, to: str, outcome: Outcome) -> str:
        now = self.clock.now()
        kept = Notice(
            to=to,
            subject=f"{self.paper.campaign}: your invitation",
            body="",
            created_at=now,
            tries=GIVEN_UP,
            next_try_at=now,
            sent_at=now,
            failed_at=now,
            outcome=outcome.name,
            why=scrub(outcome.detail),
        )
        with self.database.write() as session:
            notices.reached(session, to)
            notices.write(session, kept)
        return outcome.detail

    def _message(self, to: str, name: str, link: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = naming(*named(self.paper.sender)), to
        message["Subject"] = f"{self.paper.campaign}: your invitation"
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = make_msgid(domain="campaign.invalid")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_WORDS.format(name=name, campaign=self.paper.campaign, link=link))
        return message
