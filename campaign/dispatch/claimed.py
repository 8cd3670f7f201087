"""A post that is ours to send, and how its sending ended."""

from dataclasses import dataclass
from datetime import datetime

from campaign.dispatch.gate import SendGate
from campaign.errors import Outcome
from campaign.models.claims import Due
from campaign.ports import Message, Receipt


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed post on its way to a sender process, which makes its gate anew: a gate is bound to its process."""

    due: Due
    message: Message
    owner: str
    claimed_at: float
    dated_at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A post that is ours to send now: as it was claimed, exactly what goes out, and the gate to ask."""

    due: Due
    number: int
    """The number of this attempt, from 1."""
    message: Message
    gate: SendGate

    @property
    def parcel(self) -> Parcel:
        """Return it as a sender process gets it."""
        return Parcel(self.due, self.message, self.gate.owner, self.gate.claimed_at, self.gate.dated_at)


@dataclass(frozen=True, slots=True)
class Done:
    """How the sending of a claimed post ended, and when: a receipt, an outcome, or for an issue the time at which its
    remaining deliveries may go. ``started_at`` is when its call began.
    """

    claimed: Claimed
    result: Receipt | Outcome | datetime
    at: datetime
    started_at: datetime
