"""Mailing notices to people: each until the mail server has taken it, for three days at most.

Any number of machines may do so at once: a notice is claimed before it is sent. One whose sender died in mid-send goes
again after five minutes, for a notice that comes twice harms less than one that does not come.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import structlog

from campaign.clock import Clock
from campaign.errors import Outcome, Refused
from campaign.models import Database, users
from campaign.models.users import Notice

log = structlog.get_logger(__name__)

_PAUSE = timedelta(minutes=5)
_GIVE_UP = timedelta(days=3)


class Notices:
    """Sends what waits. ``send`` hands one message to the mail server and raises an Outcome when it cannot."""

    def __init__(self, database: Database, clock: Clock, sender: str, send: Callable[[EmailMessage], None]) -> None:
        self._database = database
        self._clock = clock
        self._sender = sender
        self._send = send

    def chore(self, now: datetime) -> datetime | None:
        """Send what is due; nothing asks to be called again before the next beat."""
        with self._database.read() as session:
            waiting = users.unsent(session, now)
        for notice in waiting:
            if self._claimed(notice, now) and not self._deliver(notice, now):
                break  # the server is away: the rest would fail alike
        return None

    def _claimed(self, notice: Notice, now: datetime) -> bool:
        """Take the notice for us alone: every machine runs this chore."""
        with self._database.write() as session:
            return users.claim_notice(session, notice.id or 0, now, now + _PAUSE)

    def _deliver(self, notice: Notice, now: datetime) -> bool:
        """Send one notice and write down how that went; says whether it makes sense to send the next.

        One that the server refuses, or that cannot be made into a mail, is a fault of its own address: it must not
        keep the others from going.
        """
        values: dict[str, object] = {"sent_at": now}
        go_on = True
        try:
            self._send(self._message(notice))
        except Outcome as outcome:
            log.warning("notice not sent", notice=notice.id, detail=outcome.detail)
            go_on = isinstance(outcome, Refused)
            values = {"tries": notice.tries + 1, "next_try_at": now + _PAUSE * (notice.tries + 1)}
            if now - notice.created_at > _GIVE_UP:
                values = {"sent_at": now, "tries": -1}
        except Exception as error:  # noqa: BLE001 - whatever the mail library says of an address that is none
            log.error("notice given up", notice=notice.id, error=repr(error))  # noqa: TRY400 - no fault of the program
            values = {"sent_at": now, "tries": -1}
        with self._database.write() as session:
            users.change_notice(session, notice.id or 0, values)
        return go_on

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = notice.to
        message["Subject"] = " ".join(notice.subject.split())
        message["Date"] = format_datetime(notice.created_at)
        message["Message-ID"] = f"<notice-{notice.id}.{notice.created_at.timestamp():.0f}@campaign.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.body)
        return message
