"""Turns: every machine sees the same look-ups that are due, and one of them makes each."""

from campaign.dispatch.means import Means
from campaign.models import upkeep


def taken(means: Means, post_id: int) -> bool:
    """Take the turn to look up a post or to take it down; False when another machine has it.

    The turn of a machine that died is free again when two of the longest calls would have ended.
    """
    now = means.clock.now()
    with means.database.write() as session:
        return upkeep.claim_look(session, post_id, now, now + 2 * means.policy.call_timeout)
