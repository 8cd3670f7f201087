"""One letter out of all the notices that wait for a person: when it goes, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.models.notices import Heap, Notice
from campaign.notices.kinds import WORDINGS, Kind
from campaign.wording import some_of

_IN_FULL = 5
"""So many notices of a kind are told in full; of more, each has a line."""
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``gather``: what comes so soon after the first notice goes in the same letter. ``pause``: the least time between
    two letters to one address, unless something in it cannot wait.
    """

    gather: timedelta
    pause: timedelta

    def goes_at(self, heap: Heap, now: datetime) -> datetime:
        """Return when the letter goes; at once where the clock was set back, for what is written waits already."""
        if heap.since > now:
            return now
        at = heap.since + self.gather
        return at if heap.urgent or heap.last is None or heap.last > now else max(at, heap.last + self.pause)


AT_ONCE = Rhythm(timedelta(), timedelta())
"""For a program that is about to end: nobody sends what waits after it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on every letter: from whom, for which campaign, and the address under which people open the pages."""

    sender: str
    campaign: str
    public_url: str

    def subject(self, told: Sequence[Notice]) -> str:
        """Return the subject: what one notice says, or what there is of each kind."""
        if len(told) == 1:
            return told[0].subject
        parts = some_of((_counted(kind, len(some)) for kind, some in _sorted(told)), most=3)
        about = {notice.subject.rpartition(": ")[0] for notice in told}
        return f"{(about.pop() if len(about) == 1 else '') or self.campaign}: {parts}"

    def body(self, told: Sequence[Notice]) -> str:
        """Return the letter: kind by kind what has happened, and under each the one page that settles it."""
        if not told[0].kind:
            return told[0].body
        parts = [self._part(kind, some, alone=len(told) == 1) for kind, some in _sorted(told)]
        choose = f"Choose which of these mails you get, on your account page: {self.public_url}/account"
        return "\n\n".join(parts) + f"\n\n-- \n{self.campaign}\n{choose}\n"

    def _part(self, kind: Kind, some: Sequence[Notice], *, alone: bool) -> str:
        wording, paths = WORDINGS[kind], {notice.path for notice in some}
        lines = [] if alone else [_counted(kind, len(some)).upper()]
        if len(some) <= _IN_FULL:
            lines += [notice.body.strip() for notice in some]
        else:
            listed = [f"- {notice.body.strip().splitlines()[0]}" for notice in some[:_LISTED]]
            more = [f"- and {len(some) - _LISTED:,} more"] if len(some) > _LISTED else []
            lines.append("\n".join(listed + more))
        path = paths.pop() if len(paths) == 1 else wording.pages
        if path:
            lines.append(f"{wording.do}:\n{self.public_url}{path}")
        return "\n\n".join(lines)


def _sorted(told: Sequence[Notice]) -> list[tuple[Kind, list[Notice]]]:
    found = [(kind, [notice for notice in told if notice.kind == kind]) for kind in WORDINGS]
    return [(kind, some) for kind, some in found if some]


def _counted(kind: Kind, count: int) -> str:
    wording = WORDINGS[kind]
    return wording.one if count == 1 else f"{count:,} {wording.many}"
