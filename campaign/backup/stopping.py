"""What people stopped since a backup was made stays stopped, as far as the database that stood there before tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlmodel import Session

from campaign.models import leaving, restoring
from campaign.models.leaving import UNSURE
from campaign.models.moves import move
from campaign.models.portions import some_at_a_time
from campaign.models.posts import Post
from campaign.models.replaced import StoppedPost, Stops
from campaign.models.status import OVER, Move, Status, target

_ENDS: Mapping[Status, tuple[Move, ...]] = MappingProxyType(
    {Status.WITHDRAWN: (Move.WITHDRAW,), Status.REJECTED: (Move.REJECT, Move.WITHDRAW)}
)
"""What leads there; what stood elsewhere at the backup than when it was rejected can only be withdrawn."""


@dataclass(frozen=True, slots=True)
class Stayed:
    """How much stays stopped that goes on by the backup."""

    out: int = 0
    """Posts withdrawn or rejected."""
    down: int = 0
    """Posts that are to be taken down, or were."""
    agreements: int = 0
    holds: int = 0
    accounts: int = 0


def stay_stopped(session: Session, stops: Stops, *, who: str, now: datetime) -> Stayed:
    """Stop in the copy what was stopped since it was made, in the names of those who did; ``who`` restores.

    What is to be taken down gets an order: whether and where it stands the copy does not know, so it is looked up.
    """
    out = down = 0
    for some in some_at_a_time(stops.posts):
        stopped = {one.token: one for one in some}
        for post in restoring.not_stopped(session, stopped):
            stop = stopped[post.token]
            if restoring.knows(session, post, stop.who, stop.at):
                continue
            if stop.status in OVER:
                out += _take_out(session, post, stop, who, now)
            else:
                down += 1
                _order_down(session, post, stop, who, now)
    agreements = sum(restoring.revoke(session, gone) for gone in stops.agreements)
    accounts = sum(restoring.disable(session, account, why) for account, why in stops.disabled)
    holds = sum(restoring.hold_on(session, held) for held in stops.holds)
    session.flush()
    return Stayed(out, down, agreements, holds, accounts)


def _take_out(session: Session, post: Post, stop: StoppedPost, who: str, now: datetime) -> bool:
    """Withdraw or reject a post; one that was on its way then is withdrawn once it is known not to be there."""
    if post.status in UNSURE:
        leaving.order(session, post.ident, by=stop.who or who, why=stop.why, at=stop.at or now)
        return True
    name = next((one for one in _ENDS[stop.status] if target(post.status, one)), None)
    if name is None:
        return False
    changes: dict[str, object] = {"withdrawn_by_plan": stop.by_plan}
    if stop.status is Status.REJECTED:
        changes["comment"] = stop.why
    move(session, post, name, who=stop.who or who, at=now, why=_since(stop), changes=changes)
    return True


def _order_down(session: Session, post: Post, stop: StoppedPost, who: str, now: datetime) -> None:
    by = stop.who or who
    if post.status in {Status.FAILED, Status.MISSED}:  # it got a new time since, or it could not have gone out
        move(session, post, Move.REVIVE, who=by, at=now, why=_since(stop))
    leaving.order(session, post.ident, by=by, why=stop.why, at=stop.at or now)


def _since(stop: StoppedPost) -> str:
    return f"{stop.why} (known from the database that stood here before the restore)".lstrip()
