"""Orders to take down what was on its way or in doubt, carried out once it is known what became of it."""

from datetime import datetime

from sqlmodel import Session

from campaign.models import leaving
from campaign.models.moves import move
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.ports import MAIL

TAKE_DOWN_NOW: dict[str, object] = {"next_look_at": None, "looks": 0, "needs_person": None}
"""The columns of a post that is to be taken down."""


def carry_out(session: Session, post: Post, now: datetime) -> bool:
    """Carry the order for a post out; say whether there was one.

    What is published is taken down, what would go out again is withdrawn, both in the name of who ordered it. Of what
    ended in any other way there is nothing to take down, and mail that was sent cannot be taken back.
    """
    order = leaving.ordered(session, post.ident)
    if order is None:
        return False
    if post.status == Status.PUBLISHED and post.channel != MAIL:
        move(session, post, Move.RETRACT, who=order.ordered_by, at=now, why=order.why, changes=TAKE_DOWN_NOW)
    elif post.status in {Status.APPROVED, Status.MISSED}:
        move(session, post, Move.WITHDRAW, who=order.ordered_by, at=now, why=f"it is not there; {order.why}")
    leaving.end(session, post.ident)
    return True
