"""A person's word on what the program could not see: a post is published or not, taken down or not."""

from collections.abc import Mapping

from campaign.dispatch import reconcile
from campaign.dispatch.means import Means
from campaign.models.listing import PostRow
from campaign.models.status import Status
from campaign.people import Right
from campaign.ports import Channel, Receipt
from campaign.review import decisions
from campaign.review.addressed import check_address, id_at, stranger
from campaign.review.decisions import Desk


def doubt(row: PostRow, channels: Mapping[str, Channel], published: str) -> str | None:
    """Return why the address does not look like a post's of this account, though it may be; None where it does."""
    return stranger(channels[row.post.channel], row, published)


def settle(desk: Desk, row: PostRow, published: str | None, *, channels: Mapping[str, Channel], means: Means) -> bool:
    """Take a person's word: the post stands at the address ``published``, or, where that is None, it is not there.
    Returns whether the platform's API knows the post by its address.

    Raises:
        NotAllowed: the person may not settle this post.
        WrongUse: the address is no post's of this account.
        MoveRefused: there is nothing to settle any more.

    """
    desk.demand(Right.SETTLE, row)
    if published is not None:
        check_address(published)
    who, known = desk.person.name, True
    if row.post.status == Status.RETRACTING:
        decisions.settle_retraction(desk, row, gone=published is None)
    elif published is not None:
        # An id on the page that the account was would be looked for on the present one, as its control.
        elsewhere = reconcile.is_another(desk.session, means, row.post, row.account)
        found = None if elsewhere else id_at(desk.session, channels[row.post.channel], row, published)
        receipt, known = Receipt(external_id=found or "", url=published), found is not None
        reconcile.adopt(desk.session, means, row.post, receipt, who=who, now=desk.now)
    else:
        why = f"{who} looked: it is not there"
        reconcile.declare_absent(desk.session, means, row.post, who=who, now=desk.now, why=why)
    desk.record("settle", row.post, {"published": published})
    return known
