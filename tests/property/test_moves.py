"""Whatever people and machines try, a post only ever moves as the table says, and each move leaves an event."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from builders import add_account, add_post
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import MoveRefused
from campaign.models import Database, listing
from campaign.models.moves import move
from campaign.models.posts import Post
from campaign.models.status import TAKEN, TRANSITIONS, Move, Status, moves_from, target

NOW = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)


@given(tries=st.lists(st.tuples(st.sampled_from(Move), st.sampled_from([None, *Status])), max_size=25))
@settings(max_examples=30)
def test_a_post_walks_only_along_the_table(tries: list[tuple[Move, Status | None]]) -> None:
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder)}/t.db", connections=1)
        database.upgrade()
        with database.write() as session:
            post = add_post(session, add_account(session, NOW), NOW, status=Status.DRAFT)
            ident, walked = post.ident, 0
        for name, wanted in tries:
            with database.write() as session:
                stored = session.get_one(Post, ident)
                expected = target(Status(stored.status), name, wanted)
                try:
                    move(session, stored, name, who="someone", at=NOW, to=wanted)
                except MoveRefused:
                    assert expected is None
                else:
                    walked += 1
                    assert stored.status == expected
        with database.read() as session:
            events = listing.events(session, ident)
        assert len(events) == walked
        assert all(late.from_status == early.to_status for early, late in pairwise(events))
        database.close()


def test_no_way_leads_from_published_back_to_publishing() -> None:
    reached, frontier = set[Status](), {Status.PUBLISHED}
    while frontier:
        status = frontier.pop()
        reached.add(status)
        ends = {end for name in moves_from(status) for end in TRANSITIONS[status, name]}
        frontier |= ends - reached
    assert Status.PUBLISHING not in reached


def test_what_is_taken_cannot_be_edited_or_withdrawn_by_a_plan() -> None:
    for status in TAKEN - {Status.BY_HAND}:
        assert target(status, Move.EDIT) is None
        assert target(status, Move.WITHDRAW) is None
