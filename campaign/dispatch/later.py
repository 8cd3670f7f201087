"""A post that breaks before anything is sent waits a while: the next posts of its account go first."""

from datetime import timedelta

from campaign.dispatch.means import Means
from campaign.models import upkeep

_PAUSE = timedelta(minutes=1)


def put_off(means: Means, post_id: int) -> None:
    """Look at a due post again in a minute. Inside the grace another machine, or a mended one, may send it yet."""
    with means.database.write() as session:
        upkeep.put_off(session, post_id, means.clock.now() + _PAUSE)
