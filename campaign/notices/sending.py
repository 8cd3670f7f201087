"""Sending letters: each notice until the mail server has taken it, for three days at most.

Any number of machines may do so at once: what waits for an address is claimed before it is sent, for longer than that
can take. What a sender that died in mid-send had claimed goes again after that, for a letter that comes twice harms
less than one that does not come; its Message-ID is the same, whatever was written since.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from threading import Event
from typing import Protocol, Self
from urllib.parse import urlsplit

import structlog

from campaign.clock import NEVER, Clock
from campaign.config import Settings, named, naming
from campaign.config.addresses import is_loopback
from campaign.errors import Outcome, Refused, Unknown
from campaign.models import Database, notices
from campaign.models.notices import GIVEN_UP, Heap, Notice
from campaign.notices.inviting import PATIENCE, Invitations
from campaign.notices.kinds import KNOWN, URGENT
from campaign.notices.letter import AT_ONCE, Paper, Rhythm
from campaign.scrubbing import scrub

log = structlog.get_logger(__name__)

_PAUSE, _LONGEST_PAUSE = timedelta(minutes=5), timedelta(minutes=15)
_GIVE_UP = timedelta(days=3)
_WHY = 300
_MOST = 50
"""Letters in one turn."""


class Mails(Protocol):
    """What hands one mail after another to a mail server; ``longest`` is how long it may take for one, ``patience`` how
    long it waits for any answer.
    """

    @property
    def sender(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def longest(self) -> timedelta: ...  # noqa: D102 - the class says it
    def send(self, message: EmailMessage, patience: timedelta | None = None) -> None: ...  # noqa: D102 - as above


class Notices:
    """Sends what waits. ``send`` hands one message to the mail server, within ``longest``, and raises an Outcome when
    it cannot. ``post`` does so while somebody waits, where that is done another way.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        paper: Paper,
        send: Callable[[EmailMessage], None],
        rhythm: Rhythm,
        longest: timedelta = _PAUSE,
        post: Callable[[EmailMessage], None] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self.paper = paper
        self._send = send
        self._rhythm = rhythm
        self._longest = longest
        self._warned = False
        self.invitations = Invitations(database, clock, paper, post or send)

    @classmethod
    def opened(cls, database: Database, clock: Clock, settings: Settings, email: Mails) -> Self:
        """Return what sends as config.toml says."""
        wanted = settings.notices
        paper = Paper(email.sender, settings.campaign.name, settings.web.public_url)
        quick, rhythm = partial(email.send, patience=PATIENCE), Rhythm(wanted.gather, wanted.pause)
        return cls(database, clock, paper, email.send, rhythm, email.longest, quick)

    def chore(self, now: datetime, stopping: Event = NEVER) -> datetime | None:
        """Send what is due, and begin no letter once ``stopping`` is set; returns when the next letter is, None where
        nothing is before the next beat.
        """
        self._warn_once()
        return self._send_due(now, self._rhythm, stopping)

    def _warn_once(self) -> None:
        url = self.paper.public_url
        if not self._warned and is_loopback(urlsplit(url).hostname or ""):
            log.warning("links in mail lead to this machine alone", public_url=url, mend="Set [web] public_url.")
        self._warned = True

    def last(self, now: datetime) -> None:
        """Send what waits, before the program ends."""
        while self._send_due(now, AT_ONCE, NEVER) == now:
            pass

    def _send_due(self, now: datetime, rhythm: Rhythm, stopping: Event) -> datetime | None:
        with self._database.read() as session:
            alone, heaps = notices.alone(session, now, limit=_MOST + 1), notices.heaps(session, now, URGENT, KNOWN)
        times = {heap: rhythm.goes_at(heap, now) for heap in heaps}
        due = [heap for heap, at in times.items() if at <= now]
        if stopping.is_set():
            return None
        for told in self._claimed(alone[:_MOST], due[:_MOST]):
            if not self._deliver(told) or stopping.is_set():
                return None  # at the end, or the server is away: the rest would fail alike
        if max(len(alone), len(due)) > _MOST:
            return now
        return min((at for at in times.values() if at > now), default=None)

    def _claimed(self, alone: Sequence[Notice], due: Sequence[Heap]) -> Iterator[list[Notice]]:
        """Take each letter for us alone, right before it is sent: every machine runs this chore."""
        for notice in alone:
            if told := self._claim(partial(notices.claim_alone, notice=notice)):
                yield told
        for heap in due:
            while told := self._claim(partial(notices.claim, to=heap.to, kinds=KNOWN)):
                yield told

    def _claim(self, claim: Callable[..., list[Notice]]) -> list[Notice]:
        now = self._clock.now()
        with self._database.write() as session:
            return claim(session, now=now, until=now + self._longest)

    def _deliver(self, told: Sequence[Notice]) -> bool:
        """Send one letter and write down how that went; says whether it makes sense to send the next.

        One that the server refuses, or that cannot be made into a mail, is a fault of its own address: it must not
        keep the others from going.
        """
        go_on = True
        try:
            self._send(self._message(told))
        except Outcome as outcome:
            log.warning("letter not sent", notice=told[0].id, count=len(told), detail=outcome.detail)
            go_on = isinstance(outcome, Refused)
            self._put_off(told, self._clock.now(), outcome)
        except Exception as error:  # noqa: BLE001 - whatever the mail library says of an address that is none
            log.error("letter given up", notice=told[0].id, error=repr(error))  # noqa: TRY400 - no fault of the program
            self._give_up(told, self._clock.now(), Refused.name, str(error))
        else:
            with self._database.write() as session:
                notices.went(session, told, self._clock.now())
        return go_on

    def _put_off(self, told: Sequence[Notice], now: datetime, outcome: Outcome) -> None:
        """Try each again after a pause that is its own, and give up those that have waited too long: what came later
        shares the letter, not the fate, of what came before. A letter that may be there goes again as it was.
        """
        whole = isinstance(outcome, Unknown)
        old = [notice for notice in told if now - notice.created_at > _GIVE_UP]
        if old:
            log.error("notices given up", notice=old[0].id, count=len(old))
            self._give_up(old, now, outcome.name, outcome.detail)
        most = max(notice.tries for notice in told)
        for tries in sorted({notice.tries for notice in told}):
            some = [notice for notice in told if notice.tries == tries and notice not in old]
            pause = min(_PAUSE * ((most if whole else tries) + 1), _LONGEST_PAUSE)
            letter = told[0].letter if whole else None
            values = {"tries": tries + 1, "next_try_at": now + pause, "letter": letter}
            self._failed(some, now, outcome.name, outcome.detail, values)

    def _give_up(self, some: Sequence[Notice], now: datetime, outcome: str, why: str) -> None:
        self._failed(some, now, outcome, why, {"sent_at": now, "tries": GIVEN_UP})

    def _failed(
        self, some: Sequence[Notice], now: datetime, outcome: str, why: str, values: Mapping[str, object]
    ) -> None:
        with self._database.write() as session:
            notices.failed(session, some, now, outcome, scrub(why)[:_WHY], values)

    def _message(self, told: Sequence[Notice]) -> EmailMessage:
        first, last = told[0], told[-1]
        message = EmailMessage()
        message["From"] = naming(*named(self.paper.sender))
        message["To"] = first.to
        message["Subject"] = " ".join(self.paper.subject(told).split())
        message["Date"] = format_datetime(last.created_at)
        number = f"{first.id}" if len(told) == 1 else f"{first.id}-{last.id}"
        message["Message-ID"] = f"<notice-{number}.{first.created_at.timestamp():.0f}@campaign.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.paper.body(told))
        return message
