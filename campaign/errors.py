"""The family of errors. The first line of a docstring is the message; facts fill its braces.

::

    CampaignError
    ├── WrongUse                 exit 2: wrong use or configuration
    │   ├── BadSetting
    │   ├── BadInput             carries findings: file, field, mend
    │   ├── NoWorkspace
    │   ├── UnknownName
    │   ├── NotAllowed           a right or the four eyes say no
    │   ├── AlreadyRunning
    │   └── ExtraMissing
    ├── MoveRefused              the transition table or a guard says no
    │   ├── Changed              what was approved is not what is there now
    │   └── Unread               a check of it was not read
    ├── TurnedAway               a request of the web is not taken; its kinds stand beside what raises them
    ├── Declined                 how a local platform of the sandbox refuses a call
    └── Outcome                  how a call to a platform ended, when it did not end well
        ├── NeverSent            retry freely
        │   └── Stopped          a hold stopped it before the wire: go on as soon as it may
        │       └── Worn         too little of the lease was left, or no answer came: retry like what was never sent
        ├── Refused              final, not posted
        │   ├── Forbidden        these credentials lack a permission
        │   └── Withheld         by us: the platform was never asked
        ├── Wait                 retry at the stated time
        ├── CredentialDead       stop the account, ask a person
        │   └── Stranger         stop it at once: its credentials are somebody else's
        ├── AccountBlocked       stop the account for a while, ask a person
        ├── Duplicate            a hint that an equal post is there
        ├── Unknown              nobody knows: look it up, never send blindly
        └── CannotLook           a look-up failed or is not permitted: proves nothing

Outside of it stands what another library has to know as its own, and ``campaign.web.visitor.Detour``: no error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar


class CampaignError(Exception):
    """Something went wrong."""

    def __init__(self, **facts: object) -> None:
        super().__init__(facts)
        self.facts = facts

    def __str__(self) -> str:
        """Fill the docstring's first line with the facts."""
        return _stopped_once((type(self).__doc__ or "").strip().split("\n", 1)[0].format(**self._told()))

    def _told(self) -> Mapping[str, object]:
        """Return the facts as the message says them."""
        return self.facts

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross a process border (pickle) with its facts and all else that it bears."""
        return _rebuild, (type(self), self.facts), self.__dict__


def _stopped_once(text: str) -> str:
    """Return the text with one mark at the end of each sentence: a part may bring its own."""
    return re.sub(r"([?!]|(?<!\.)\.|\.\.\.)\.(?=\s)", r"\1", text)


def _rebuild(kind: type[CampaignError], facts: dict[str, object]) -> CampaignError:
    return kind(**facts)


class WrongUse(CampaignError):
    """{problem}. {mend}

    A fact ``field`` names the field of a form that it is about, where it is about one.
    """


class BadSetting(WrongUse):
    """{file}: {field}: {problem}. {mend}"""


class NoWorkspace(WrongUse):
    """No config.toml in {folder} or above it. Run `campaign init`, or name the folder with --workspace."""


class UnknownName(WrongUse):
    """There is no {kind} {name!r}. {mend}"""


class NotAllowed(WrongUse):
    """{who} may not {what}: {why}."""


class AlreadyRunning(WrongUse):
    """Another process already dispatches from {database}. End it first, or use PostgreSQL for many machines."""


class ExtraMissing(WrongUse):
    """The engine pgqueuer needs the library PgQueuer. Install it with `pip install "campaign[cluster]"`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in what a person wrote: where it is, what is wrong, how to mend it. ``severity``: error or warning.

    ``on_page``: how to mend it there, where ``mend`` names commands or the campaign's files.
    """

    file: str
    field: str
    problem: str
    mend: str
    line: int | None = None
    severity: str = "error"
    on_page: str = ""

    @property
    def advice(self) -> str:
        """How to mend it, for those who have the pages alone."""
        return self.on_page or self.mend

    def __str__(self) -> str:
        """Return the one clear line that is shown."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return _stopped_once(f"{place}: {self.field}: {self.problem}. {self.mend}")


class BadInput(WrongUse):
    """{count} findings; nothing was changed."""

    def __init__(self, findings: Sequence[Finding], **_facts: object) -> None:
        super().__init__(findings=tuple(findings), count=len(findings))
        self.findings = tuple(findings)

    def __str__(self) -> str:
        """Name every finding, one a line."""
        return "\n".join(map(str, self.findings))


class MoveRefused(CampaignError):
    """Post {post} is {status}, so it cannot {move}. {mend}"""

    def _told(self) -> Mapping[str, object]:
        status, move = self.facts.get("status", ""), self.facts.get("move", "")
        return self.facts | {"status": str(status).replace("_", " "), "move": getattr(move, "spoken", move)}


class Changed(MoveRefused):
    """Post {post} changed since {seen} was seen; it is {current} now. Look at it again, then decide."""


class Unread(MoveRefused):
    """Post {post} has a check: {checks}. Read it, then approve the post by saying so."""


class TurnedAway(CampaignError):
    """The request is not taken.

    ``status`` is HTTP's, ``code`` a name that stays, for programs; ``noted``: what the log says of it, if anything. A
    fact ``mend`` says what to do.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    noted: ClassVar[str] = ""

    @property
    def headers(self) -> dict[str, str]:
        """Return what the answer's head says of it."""
        return {}


@dataclass(frozen=True, slots=True)
class Pace:
    """What an answer said of its account's budget: nothing more is to be sent before ``ready_at`` (aware UTC), and
    why.
    """

    ready_at: datetime
    why: str


class Outcome(CampaignError):
    """{detail}"""

    name: ClassVar[str] = "unknown"
    pace: Pace | None = None

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail=detail, **facts)
        self.detail = detail


class NeverSent(Outcome):
    """never sent: {detail}"""

    name = "never-sent"


class Stopped(NeverSent):
    """stopped before the wire: {detail}"""

    name = "stopped"


class Worn(Stopped):
    """stopped before the wire: {detail}"""

    name = "worn"


class Refused(Outcome):
    """refused: {detail}"""

    name = "refused"


class Forbidden(Refused):
    """not permitted: {detail}"""


class Withheld(Refused):
    """not sent: {detail}"""

    name = "withheld"


class Wait(Outcome):
    """told to wait: {detail}"""

    name = "wait"

    def __init__(
        self, detail: str, *, until: datetime | None = None, after: timedelta | None = None, stated: bool = True
    ) -> None:
        """``stated`` is false where the platform gave no time: then ``after`` is our own least pause."""
        super().__init__(detail, until=until, after=after, stated=stated)
        self.until = until
        self.after = after
        self.stated = stated


class CredentialDead(Outcome):
    """the account's access has ended: {detail}

    ``opened`` tells which credentials it was (``models.renewals.mark``), None where nobody noted it. ``renew``: they
    are renewed, where they can be, before they are used again.
    """

    name = "credential"
    renew: bool = False

    def __init__(self, detail: str, *, opened: str | None = None) -> None:
        super().__init__(detail)
        self.opened = opened


class Stranger(CredentialDead):
    """these credentials are not this account's: {detail}"""


class AccountBlocked(Outcome):
    """the platform has stopped this account: {detail}"""

    name = "blocked"

    def __init__(self, detail: str, *, after: timedelta | None = None) -> None:
        super().__init__(detail, after=after)
        self.after = after


class Duplicate(Outcome):
    """the platform says that this is a duplicate: {detail}"""

    name = "duplicate"

    def __init__(self, detail: str, *, external_id: str | None = None) -> None:
        super().__init__(detail, external_id=external_id)
        self.external_id = external_id


class Unknown(Outcome):
    """nobody knows whether it was posted: {detail}"""

    name = "unknown"


class CannotLook(Outcome):
    """could not look it up: {detail}

    ``shown`` are the platform's ids of all posts that it had shown by then, where it charges for them. ``refused``: it
    was the credentials that the platform did not take.
    """

    name = "cannot-look"
    refused: bool = False

    def __init__(self, detail: str, *, permanent: bool = False) -> None:
        super().__init__(detail, permanent=permanent)
        self.permanent = permanent
        self.shown: frozenset[str] = frozenset()


class Declined(CampaignError):
    """the local platform declines with HTTP {status}"""

    def __init__(
        self, *, status: int, body: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status=status, body=body, headers=headers)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})
