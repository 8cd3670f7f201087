"""Posts on X that cost money, claimed and settled by hand, for tests of budgets."""

from dataclasses import replace
from datetime import timedelta

from builders import CONTENTS, add_account, add_post
from conftest import MovedClock
from dispatch_room import POLICY, claim_next

from campaign.channels._x_wire import Settings
from campaign.channels.linkedin import LinkedIn
from campaign.channels.x import X
from campaign.dispatch import settle
from campaign.dispatch.claimed import Claimed, Done
from campaign.dispatch.means import Means
from campaign.errors import Outcome
from campaign.models import Database, bookings
from campaign.models.partners import Account
from campaign.models.users import User

CENT = 10_000
POST = 15_000


def means_of(database: Database, clock: MovedClock, owner: str = "here:1", **settings: object) -> Means:
    x = X(Settings.model_validate(settings), clock)
    return Means(
        database=database,
        clock=clock,
        channels={"x": x, "linkedin": LinkedIn(LinkedIn.settings_type(), clock)},
        contents=CONTENTS,
        identify=nobody,
        bulk={},
        policy=replace(POLICY, grace=timedelta(days=60)),
        owner=owner,
    )


def nobody(_account: Account, _partner: object) -> object:
    raise AssertionError("nothing is sent here")


def seed(database: Database, clock: MovedClock, count: int, *, channel: str = "x", posts: int = 1) -> list[int]:
    with database.write() as session:
        session.add(User(name="rita", role="reviewer", email="rita@dfe.example.org", added_at=clock.now()))
        accounts = [add_account(session, clock.now(), channel=channel) for _ in range(count)]
        for account in accounts:
            for _ in range(posts):
                add_post(session, account, clock.now())
        return [account.ident for account in accounts]


def claim(means: Means, account_id: int) -> Claimed | None:
    return claim_next(means, account_id)


def ended(means: Means, claimed: Claimed, outcome: Outcome) -> None:
    settle.ended(means, Done(claimed, outcome, means.clock.now(), means.clock.now()))


def spent(database: Database, clock: MovedClock, account_id: int | None = None) -> int:
    with database.read() as session:
        return bookings.spent(session, "x", bookings.month_of(clock.now()), account_id)
