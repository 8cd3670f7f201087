"""Reading a post back that was just published: a platform may have cut it without a word.

It is there and stays there, whatever the reading shows or breaks on: a fault is told to people, who may take it down.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime
from functools import cache

import structlog

from campaign import tell
from campaign.dispatch.claimed import Done
from campaign.dispatch.means import Means
from campaign.dispatch.retry import nth
from campaign.errors import CredentialDead, Forbidden, Outcome, Stopped
from campaign.models import holds, partners
from campaign.models.claims import Due
from campaign.models.moves import note
from campaign.models.posts import Post
from campaign.notices.kinds import Kind
from campaign.ports import Proofreads, Receipt

log = structlog.get_logger(__name__)

_READS = 4
"""Over a little more than a minute, with the pauses that ship."""


def worth_reading(means: Means, done: Sequence[Done]) -> list[Due]:
    """Return the published posts that their platforms may have changed."""
    return [one.claimed.due for one in done if isinstance(one.result, Receipt) and _at_risk(means, one)]


def _at_risk(means: Means, done: Done) -> bool:
    channel = means.channel(done.claimed.due.channel)
    return _proofreads(channel.__class__) and isinstance(channel, Proofreads) and channel.at_risk(done.claimed.message)


@cache
def _proofreads(kind: Hashable) -> bool:
    """Say whether a kind of channel has the power; asking an object for a protocol takes longer than storing a row."""
    return isinstance(kind, type) and issubclass(kind, Proofreads)


def read_back(means: Means, post_id: int) -> None:
    """Read the post back where the account may; write down and tell what it does not show.

    What a platform took may be readable only a while later, so a read that fails is made again, as often as ``_READS``
    and after the pauses of a look-up, but once alone where the credentials were refused; none is made under a hold. It
    ends when this process is to end.
    """
    refused = False
    for number in range(1, _READS + 1):
        try:
            fault = _fault(means, post_id)
        except Outcome as outcome:
            dead = isinstance(outcome, CredentialDead)
            final = number == _READS or isinstance(outcome, Forbidden) or (dead and refused)
            refused = refused or dead
            log.info("not read back", post=post_id, detail=str(outcome), again=not final)
            if final or means.clock.wait(means.stopping, nth(means.policy.lookups, number).total_seconds()):
                return
        except Exception:
            log.exception("reading back broke", post=post_id)
            return
        else:
            if fault is not None:
                _tell(means, post_id, fault, means.clock.now())
            return


def _fault(means: Means, post_id: int) -> str | None:
    with means.database.read() as session:
        post = session.get_one(Post, post_id)
        account, partner = partners.account_with_partner(session, post.account_id)
    channel = means.channel(post.channel)
    if account.can_find is False or post.external_id is None or not isinstance(channel, Proofreads):
        return None
    scopes = holds.scopes_of(post_id, post.channel, partner.key, post.account_id, post.event)
    if held := scopes & holds.reasons(means.database, post_id, post.tries).keys():
        raise Stopped(f"hold on {min(held)}")
    who = means.identify(account, partner)
    try:
        return channel.proofread(who, means.contents.message(post), post.external_id)
    except CredentialDead:
        means.refused(who)
        raise


def _tell(means: Means, post_id: int, fault: str, now: datetime) -> None:
    log.warning("published, but not whole", post=post_id, detail=fault)
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        note(session, post, "read back", who=means.owner, at=now, why=fault)
        said = f"published, but not whole, {fault}"
        tell.of_post(session, post, Kind.CUT, said, now, more=f"It stands at {post.url}\n")
