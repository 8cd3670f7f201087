"""What becomes of posts whose account changed: their content hash covers who speaks, so review sees them anew, and
somebody else than who changed it.
"""

from collections.abc import Collection, Sequence

from campaign.intake import AccountRow
from campaign.models import listing
from campaign.models.listing import PostFilter
from campaign.models.status import PLANNABLE, Move
from campaign.register import Taken, accounts
from campaign.review.decisions import Desk, writers_with
from campaign.vault import Vault
from campaign.wording import counted


def take_accounts(desk: Desk, rows: Sequence[AccountRow], vault: Vault) -> tuple[Taken, int]:
    """Store the accounts of a file, and rebind their posts; returns how many of these are for another account now.

    Raises BadInput as ``register.accounts.take`` does.
    """
    taken = accounts.take(desk.session, rows, vault, by=desk.person, now=desk.now)
    return taken, rebind(desk, taken.touched)


def told(taken: Taken, anew: int) -> tuple[str, ...]:
    """Say what came of a file of accounts."""
    posts = f"For another account now: {counted(anew, 'post')}. Those that were approved are back in review."
    return (taken.said("account"), f"{posts} Somebody else approves them.") if anew else (taken.said("account"),)


def rebind(desk: Desk, account_ids: Collection[int]) -> int:
    """Give the posts of these accounts that have not gone out the content hash that they have now; an approval of the
    old one is void. The person changed what they send, so somebody else is to approve it. Returns how many that were.
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
        changes |= {"writers": writers_with(desk.person, row.post)}
        desk.move(row.post, Move.EDIT, why="its account changed", changes=changes)
        listing.void_approvals(desk.session, row.post.ident)
        count += 1
    return count
