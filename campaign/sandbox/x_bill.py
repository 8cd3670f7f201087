"""What X charges for reading, as its emulator sees it: each post that an answer shows, once for an app and UTC day.

Source: X developer platform, Pay-per-use pricing (2026-04-20): post read $0.005; a resource that is asked for again
within the same UTC day is not charged again.
"""

from collections.abc import Iterable
from datetime import UTC, date
from decimal import Decimal

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.world import Post, World

READ = Decimal("0.005")


def app_of(account: SandboxAccount) -> str:
    """Return the app in whose name an account calls; an account without one is an app of its own."""
    keys = account.credentials
    return keys.get("consumer_key") or keys.get("client_id") or account.external_id


def charge(world: World, account: SandboxAccount, posts: Iterable[Post]) -> None:
    """Put what an answer shows on the app's bill."""
    today = world.clock.now().astimezone(UTC).date()
    world.reads.update((app_of(account), post.id, today) for post in posts)


def owed(world: World, day: date | None = None) -> Decimal:
    """Return what readings cost, of one day or altogether, in US dollars."""
    return READ * sum(day in {None, read_on} for _, _, read_on in world.reads)
