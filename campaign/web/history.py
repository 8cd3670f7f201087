"""What has happened to a post, a plain sentence for each kind of event. What the program keeps of it for the log, ids,
digests, answers of platforms, are technical details.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

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
_FIRST, _EDITED, _LATE = "attempt 1", "edited: ", "later than the grace of "
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
    if event.move == Move.EDIT and f"{why}: ".startswith(_EDITED):
        return _edited(why)
    return _of_program(event.move, why, on) if by_program(event.who) else (why, "")


def _of_program(move: str, why: str, on: str) -> tuple[str, str]:
    if move == Move.EXPIRE:
        return _expired(why)
    if move not in _BY_PROGRAM:
        return why, ""
    where = "The mail server" if on == MAIL else channel(on)
    return _BY_PROGRAM[move].format(where=where), "" if why == _FIRST else why


def _edited(why: str) -> tuple[str, str]:
    """Return which fields are new. From the command line it tells their values too, which may be long."""
    said = why.removeprefix(_EDITED)
    if said == why or not _NAMES.fullmatch(said):
        return "", why.removeprefix(_EDITED.strip(": ")).removeprefix(": ")
    return f"New: {some_of(name.strip().replace('_', ' ') for name in said.split(','))}.", ""


def _expired(why: str) -> tuple[str, str]:
    """Return why it was missed; what kept it from the wire is for those who look after the machine."""
    said, _, details = why.partition("; ")
    late = said.removeprefix(_LATE)
    return (said if late == said else f"It could not go out within {late} of its time."), details
