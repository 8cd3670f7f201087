"""Reasons of events that the pages read again, to say them in other words: written and read by what stands here."""

from collections.abc import Iterable

from campaign.errors import Withheld

_EDITED, _LATE = "edited", "later than the grace of "
_WITHHELD = str(Withheld(detail=""))


def attempt(number: int) -> str:
    """Return why a post is claimed: for its so many-th attempt, from 1 on."""
    return f"attempt {number}"


def edited(changes: Iterable[str]) -> str:
    """Return why words are others now. ``changes``: the names of fields, or names with their values, in an order."""
    return ": ".join(filter(None, (_EDITED, ", ".join(changes))))


def changes_of(why: str) -> str | None:
    """Return the changes that such a reason tells, empty where it tells none; None of another reason."""
    said, _, changes = why.partition(": ")
    return changes if said == _EDITED else None


def late(grace: str) -> str:
    """Return why a post was missed that nothing else kept back: it could not go out within the grace."""
    return f"{_LATE}{grace}"


def grace_of(why: str) -> str | None:
    """Return the grace that such a reason tells; None of another reason."""
    return why.removeprefix(_LATE) if why.startswith(_LATE) else None


def withheld(why: str) -> str | None:
    """Return why the program itself refused to send a post; None where the platform did, or of another reason."""
    return why.removeprefix(_WITHHELD) if why.startswith(_WITHHELD) else None
