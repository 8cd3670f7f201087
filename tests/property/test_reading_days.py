"""Whatever is read in whatever order: what is booked is a post and UTC day, each once, as X charges it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from builders import CONTENTS, add_account, add_post
from conftest import MovedClock
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.channels._x_wire import Settings
from campaign.channels.x import X
from campaign.engagement.purse import Purse
from campaign.errors import NeverSent, Outcome, Unknown
from campaign.models import Database, bookings
from campaign.models.status import Status
from campaign.ports import Figures

READ = 5_000
ENDS: tuple[Outcome | None, ...] = (None, Unknown("timeout"), NeverSent("no route"))
readings = st.tuples(st.sets(st.integers(0, 3), min_size=1), st.integers(0, 20 * 3600), st.sampled_from(ENDS))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path_factory.mktemp('read')}/t.db", connections=2)
    opened.upgrade()
    yield opened
    opened.close()


@settings(max_examples=20)
@given(st.lists(readings, max_size=12))
def test_each_post_is_paid_for_once_a_utc_day_on_which_it_was_or_may_have_been_shown(
    store: Database, steps: list[tuple[set[int], int, Outcome | None]]
) -> None:
    clock, shown = MovedClock(datetime(2025, 12, 1, 18, tzinfo=UTC)), set[tuple[int, date]]()
    channel, purse = X(Settings()), Purse(store, clock, CONTENTS.message)
    with store.write() as session:
        account = add_account(session, clock.now())
        posts = [add_post(session, account, clock.now(), status=Status.PUBLISHED).ident for _ in range(4)]
        account_id = account.ident
    for numbers, seconds, end in steps:
        clock.move(timedelta(seconds=seconds))
        wanted = {str(number): posts[number] for number in sorted(numbers)}
        payment = purse.pay(channel, account_id, wanted)
        purse.give_back(channel, payment, list(wanted), end or dict.fromkeys(wanted, Figures()))
        if not isinstance(end, NeverSent):
            shown |= {(number, clock.now().date()) for number in numbers}
    with store.read() as session:
        booked = sum(row.micros for row in bookings.spending(session) if row.account_id == account_id)
    assert booked == READ * len(shown)
