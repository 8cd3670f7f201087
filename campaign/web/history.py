"""What has happened to a post, a plain sentence for each kind of event. What the program keeps of it for the log, ids,
digests, answers of platforms, are technical details.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from campaign.models import reasons
from campaign.models.posts import Event
from campaign.models.status import Move
from campaign.ports import MAIL
from campaign.web.words import by_program
from campaign.wording import channel, some_of

_BY_PROGRAM: Mapping[str, str] = MappingProxyType(
    {
        Move.CLAIM: "",
        Move.SETTLE: "",
        Move.GONE: "",
        Move.DEFER: "It was not sent. It is tried again when that is possible.",
        Move.REFUSE: "{where} did not take it.",
        Move.LOSE: "We sent it and got no clear answer, so it may or may not be there.",
        Move.FOUND: "We looked on {where} and it is there.",
        Move.ABSENT: "We looked on {where} more than once and it is not there.",
        Move.HAND_OVER: "It is due, and a person publishes on this account.",
    }
)
_NAMES = re.compile(r"[\w, ]+")


def sentence_of(event: Event, on: str) -> tuple[str, str]:
    """Return what to say of an event and its technical details, each empty where there is nothing to say. ``on`` is the
    channel of the post.
    """
    why = event.why or ""
    if event.move == "queue":
        return "", ""  # it says the slot, which is the title of the page
    if event.move in {Move.APPROVE, Move.DONE}:
        return "", why
    if event.move == Move.EDIT and (changes := reasons.changes_of(why)) is not None:
        return _edited(changes)
    return _of_program(event.move, why, on) if by_program(event.who) else (why, "")


def _of_program(move: str, why: str, on: str) -> tuple[str, str]:
    if move == Move.EXPIRE:
        return _expired(why)
    if move == Move.REFUSE and (ours := reasons.withheld(why)) is not None:
        return f"It was not sent: {ours}.", ""
    if move not in _BY_PROGRAM:
        return why, ""
    where = "The mail server" if on == MAIL else channel(on)
    return _BY_PROGRAM[move].format(where=where), "" if why == reasons.attempt(1) else why


def _edited(changes: str) -> tuple[str, str]:
    """Return which fields are new. From the command line it tells their values too, which may be long."""
    if not _NAMES.fullmatch(changes):
        return "", changes
    return f"New: {some_of(name.strip().replace('_', ' ') for name in changes.split(','))}.", ""


def _expired(why: str) -> tuple[str, str]:
    """Return why it was missed; what kept it from the wire is for those who look after the machine."""
    said, _, details = why.partition("; ")
    grace = reasons.grace_of(said)
    return (said if grace is None else f"It could not go out within {grace} of its time."), details
