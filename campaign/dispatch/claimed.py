"""A post that is ours to send, and how its sending ended."""

from dataclasses import dataclass
from datetime import datetime

from campaign.dispatch.gate import SendGate
from campaign.errors import Outcome
from campaign.models.claims import Due
from campaign.ports import Message, Receipt


@dataclass(frozen=True, slots=True)
class Claimed:
    """A post that is ours to send now: as it was claimed, exactly what goes out, and the gate to ask."""

    due: Due
    number: int
    """The number of this attempt, from 1."""
    message: Message
    gate: SendGate


@dataclass(frozen=True, slots=True)
class Done:
    """How the sending of a claimed post ended, and when: a receipt, an outcome, or for an issue the time at which its
    remaining deliveries may go.
    """

    claimed: Claimed
    result: Receipt | Outcome | datetime
    at: datetime
