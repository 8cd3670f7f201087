"""What dispatch does when the wall clock was set while it ran, or since it ran last."""

from datetime import datetime, timedelta

import structlog

from campaign.clock import StepWatch
from campaign.dispatch.means import Means
from campaign.models import stepping

log = structlog.get_logger(__name__)


_APART = timedelta(seconds=2)


class Steps:
    """Watches the wall clock from look to look. What a step needs is owed until the database has taken it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._watch = StepWatch(means.clock)
        self._owed = timedelta()
        self._first = True

    def mend(self, now: datetime) -> None:
        """Put right what a step since the last look has left; at the first look one since any process ran."""
        self._owed += self._watch.step()
        if self._first:
            self._owed = min(self._owed, _since_last_run(self._means, now))
        if self._owed:
            _mend(self._means, self._owed, now)
        self._owed, self._first = timedelta(), False


def _since_last_run(means: Means, now: datetime) -> timedelta:
    """Return how far back, at least, the clock was set since a process ticked last: a beat that lies ahead tells."""
    with means.database.read() as session:
        back = stepping.since_last_beat(session, means.owner, now)
    return back if back < -_APART else timedelta()


def _mend(means: Means, step: timedelta, now: datetime) -> None:
    """Put right what the step has left in the tables. A step on needs less: nothing it makes come early does harm.

    The start of an attempt is moved back only: whichever of the two clocks was the wrong one, looking for a post
    from too early an instant finds it, and from too late an instant hides it, so that it would be sent again.
    """
    log.warning("the clock was set", by=str(step))
    with means.database.write() as session:
        stepping.prove_anew(session, now)
        stepping.clamp_leases(session, now, means.policy.lease)
        if step < timedelta():
            stepping.set_back(session, now, -step)
