"""The retry rule: from how a call ended to what happens next. Pure: time and facts come in as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from campaign.errors import (
    AccountBlocked,
    CredentialDead,
    Duplicate,
    NeverSent,
    Outcome,
    Refused,
    Stopped,
    Stranger,
    Unknown,
    Wait,
    Worn,
)
from campaign.models.status import Move, Status


@dataclass(frozen=True, slots=True)
class Policy:
    """The times of dispatch. ``retries`` and ``lookups`` are delays by attempt, the last one repeats.

    A post is declared absent only after ``lookup_reads`` good reads that span ``lookup_spread``, and not before the
    lease has ended and a call of the longest ``call_timeout`` cannot still be under way. Where the account shows no
    post at all, so that none can serve as a control, it takes twice the reads over twice the time.
    """

    grace: timedelta
    lease: timedelta
    call_timeout: timedelta
    retries: tuple[timedelta, ...]
    lookups: tuple[timedelta, ...]
    lookup_reads: int
    lookup_spread: timedelta


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the post's earlier attempts: the outcome names, oldest first, and how many there were."""

    number: int
    outcomes: tuple[str, ...] = ()

    @property
    def was_unknown(self) -> bool:
        """Say whether an earlier attempt may have been posted."""
        return Unknown.name in self.outcomes

    @property
    def unknown_in_a_row(self) -> int:
        """Return how many of the last attempts ended so that nobody knows how."""
        return sum(1 for _ in takewhile(lambda name: name == Unknown.name, reversed(self.outcomes)))


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens next. ``lane_ready_at`` makes the whole account wait; ``stop_why`` stops it until a person acts
    (or ``stop_until``). ``renew``: the credentials were refused, and are renewed before they are used again.
    ``opened`` tells which ones they were: others that were brought in since neither stop nor need renewal.
    """

    move: Move
    why: str
    next_try_at: datetime | None = None
    next_look_at: datetime | None = None
    lane_ready_at: datetime | None = None
    stop_why: str | None = None
    stop_until: datetime | None = None
    renew: bool = False
    opened: str | None = None


def decide(outcome: Outcome, history: History, now: datetime, policy: Policy) -> Decision:
    """Return what follows from ``outcome``; whatever is not known to be otherwise is unknown."""
    detail = str(outcome)
    decision = Decision(Move.LOSE, detail, next_look_at=now + policy.lookups[0])
    match outcome:
        case Stopped() if not isinstance(outcome, Worn):
            decision = Decision(Move.DEFER, detail, next_try_at=now)
        case NeverSent():
            decision = Decision(Move.DEFER, detail, next_try_at=now + nth(policy.retries, history.number))
        case Wait():
            decision = _wait(outcome, history, now, policy)
        case CredentialDead():
            decision = _credential(outcome, history, now, policy)
        case AccountBlocked():
            until = None if outcome.after is None else now + outcome.after
            decision = Decision(Move.DEFER, detail, next_try_at=now, stop_why=detail, stop_until=until)
        case Refused():
            decision = Decision(Move.REFUSE, detail)
        case Duplicate() if not history.was_unknown:
            decision = Decision(Move.REFUSE, detail)
    return decision


def _wait(outcome: Wait, history: History, now: datetime, policy: Policy) -> Decision:
    told = outcome.until or (now + outcome.after if outcome.after and outcome.stated else now)
    # A time that the platform stated is kept to the second; where it gave none that helps, the pauses grow.
    later = told if told > now else now + max(outcome.after or timedelta(), nth(policy.retries, history.number))
    return Decision(Move.DEFER, str(outcome), next_try_at=later, lane_ready_at=later)


def _credential(outcome: CredentialDead, history: History, now: datetime, policy: Policy) -> Decision:
    # X answered 401 to good tokens for a while on 2026-06-30, LinkedIn does so to fresh ones: only a second refusal,
    # some time after the first, stops the account. Somebody else's credentials stay so, renewed too.
    detail, opened = str(outcome), outcome.opened
    if isinstance(outcome, Stranger) or (history.outcomes and history.outcomes[-1] == CredentialDead.name):
        return Decision(Move.DEFER, detail, next_try_at=now, stop_why=detail, opened=opened)
    later = now + policy.retries[0]
    return Decision(Move.DEFER, detail, next_try_at=later, lane_ready_at=later, renew=True, opened=opened)


def nth(delays: Sequence[timedelta], number: int) -> timedelta:
    """Return the delay after the ``number``-th try (counted from 1); the last one repeats."""
    return delays[min(max(number, 1), len(delays)) - 1]


@dataclass(frozen=True, slots=True)
class Looks:
    """What the look-ups of an unconfirmed post have shown so far; ``blank``: the account showed no post at all."""

    good_reads: int
    first_read_at: datetime | None
    lease_until: datetime
    blank: bool = False


def proves_absence(looks: Looks, now: datetime, policy: Policy) -> bool:
    """Say whether enough good reads, spread over enough time, have shown that the post is not there."""
    patience = 2 if looks.blank else 1
    if looks.first_read_at is None or looks.good_reads < patience * policy.lookup_reads:
        return False
    spread = now - looks.first_read_at
    return spread >= patience * policy.lookup_spread and now >= looks.lease_until + policy.call_timeout


def absent_leads_to(due_at: datetime, now: datetime, policy: Policy) -> Status:
    """Say where an absent post goes: out again inside the grace, else to a person as missed."""
    return Status.APPROVED if now <= due_at + policy.grace else Status.MISSED
