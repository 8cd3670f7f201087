"""What becomes of posts whose account changed: their content hash covers who speaks, so review sees them anew."""

from collections.abc import Collection

from campaign.models import listing
from campaign.models.listing import PostFilter
from campaign.models.status import PLANNABLE, Move
from campaign.review.decisions import Desk


def rebind(desk: Desk, account_ids: Collection[int]) -> int:
    """Give the posts of these accounts that have not gone out the content hash that they have now; an approval of the
    old one is void. Returns how many that were.
    """
    statuses = tuple(sorted(status.value for status in PLANNABLE))
    rows = [
        row
        for account_id in account_ids
        for row in listing.posts(desk.session, PostFilter(account_id=account_id, statuses=statuses))
    ]
    count = 0
    for row in rows:
        digest = desk.contents.digest(row.post, row.account)
        if digest == row.post.content_hash:
            continue
        changes: dict[str, object] = {"content_hash": digest, "approved_hash": None, "version": row.post.version + 1}
        desk.move(row.post, Move.EDIT, why="its account changed", changes=changes)
        listing.void_approvals(desk.session, row.post.ident)
        count += 1
    return count
