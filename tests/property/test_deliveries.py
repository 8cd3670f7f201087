"""Whatever senders and restores try, a delivery only ever goes the ways that are drawn."""

import re
from datetime import UTC, datetime
from tempfile import TemporaryDirectory

from builders import add_account, add_post
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from campaign.models import Database, deliveries
from campaign.models.deliveries import WAYS, Delivery, DeliveryStatus

NOW = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
DRAWN = """
waiting --> sending    waiting --> unknown     deferred --> sending   deferred --> unknown   sending --> sent
sending --> deferred   sending --> bounced     sending --> suppressed sending --> unknown    sending --> waiting
"""
"""The ways as they were decided, written by hand: what the code says is held against it, not against itself."""
DRAWN_WAYS = {(DeliveryStatus(start), DeliveryStatus(end)) for start, end in re.findall(r"(\w+) --> (\w+)", DRAWN)}
TRIES = st.sampled_from([*DeliveryStatus, "claim", "doubt"])


def test_the_table_is_what_was_drawn() -> None:
    assert {(start, end) for start, ends in WAYS.items() for end in ends} == DRAWN_WAYS


@given(starts=st.lists(st.sampled_from(DeliveryStatus), min_size=1, max_size=4), tries=st.lists(TRIES, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_delivery_goes_only_the_ways_that_are_drawn(starts: list[DeliveryStatus], tries: list[str]) -> None:
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/campaign.db", connections=1)
        database.upgrade()
        with database.write() as session:
            issue = add_post(session, add_account(session, NOW, channel="email"), NOW).ident
            for number, start in enumerate(starts):
                named = {"email": f"p{number}@example.org", "token": f"t{number}"}
                session.add(Delivery(post_id=issue, status=start, next_try_at=NOW, reply="a claim", **named))
            session.flush()
            for tried in tries:
                before = standing(session, issue)
                attempt(session, issue, tried)
                after = standing(session, issue)
                assert {(before[key], after[key]) for key in before if before[key] != after[key]} <= DRAWN_WAYS
        database.close()


def attempt(session: Session, issue: int, tried: str) -> None:
    if tried == "claim":
        taken = deliveries.claim(session, issue, NOW, "another claim", limit=2)
        assert all(one.status == DeliveryStatus.SENDING for one in taken)
    elif tried == "doubt":
        deliveries.doubt(session, issue, "perhaps", NOW)
    else:
        for one in deliveries.of_issue(session, issue):
            session.expunge(one)
            one.reply = "a claim"
            deliveries.settle(session, one, DeliveryStatus(tried), settled_at=NOW)


def standing(session: Session, issue: int) -> dict[int, DeliveryStatus]:
    session.expire_all()
    return {one.ident: DeliveryStatus(one.status) for one in deliveries.of_issue(session, issue)}
