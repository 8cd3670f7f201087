"""Whatever people and machines try, a post only ever moves as the table says, and each move leaves an event."""

import re
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
DRAWN = """
draft --submit--> in_review       draft --edit--> draft                  draft --withdraw--> withdrawn
draft --restore--> unconfirmed    in_review --approve--> approved        in_review --edit--> in_review
in_review --return--> draft       in_review --reject--> rejected         in_review --withdraw--> withdrawn
in_review --expire--> missed      in_review --restore--> unconfirmed     approved --edit--> in_review
approved --withdraw--> withdrawn  approved --expire--> missed            approved --claim--> publishing
approved --hand over--> by_hand   approved --found--> published          approved --restore--> unconfirmed
publishing --settle--> published  publishing --defer--> approved         publishing --refuse--> failed
publishing --lose--> unconfirmed  publishing --restore--> unconfirmed    unconfirmed --found--> published
unconfirmed --absent--> approved  unconfirmed --absent--> missed         failed --revive--> in_review
failed --withdraw--> withdrawn    missed --revive--> in_review           missed --rearrange--> approved
missed --found--> published       missed --withdraw--> withdrawn         by_hand --done--> published
by_hand --expire--> missed        by_hand --withdraw--> withdrawn        published --retract--> retracting
retracting --gone--> retracted    retracting --refuse--> published         failed --rearrange--> approved
missed --done--> published          by_hand --restore--> unconfirmed
"""
"""The states as they were decided, written by hand: what the code says is held against it, not against itself."""
WAYS = re.findall(r"(\w+) --([\w ]+)--> (\w+)", DRAWN)


def end_of(status: str, name: str, wanted: str | None) -> str | None:
    """Where the drawing lets a move lead; one of several ends must be named, one that is named must be drawn."""
    ends = [end for start, way, end in WAYS if (start, way) == (status, name)]
    if wanted is not None:
        return wanted if wanted in ends else None
    return ends[0] if len(ends) == 1 else None


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
                expected = end_of(stored.status, name, wanted)
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


def test_the_table_knows_each_way_that_is_drawn_and_no_other() -> None:
    known = [(start, name, end) for (start, name), ends in TRANSITIONS.items() for end in ends]
    assert len(WAYS) == 41
    assert sorted(known) == sorted(WAYS)


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
