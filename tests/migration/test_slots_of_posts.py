"""Where a post's slot was is known after the upgrade too, so that no slot moves away unseen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from older_rows import adder

from campaign.models import Database
from campaign.models.posts import Post
from campaign.models.status import Status

SLOT_AT = datetime(2030, 12, 2, 9, tzinfo=UTC)


def test_a_post_that_nobody_moved_knows_its_slots_time(older: Callable[[str], Database]) -> None:
    database = older("0037")
    bounds = {"window_from": SLOT_AT - timedelta(minutes=45), "window_until": SLOT_AT + timedelta(minutes=45)}
    posts = {1: (Status.APPROVED, False), 2: (Status.APPROVED, True), 3: (Status.PUBLISHED, False)}
    with database.write() as session:
        add = adder(session.connection(), "partner", "account", "post")
        add("partner", id=1)
        add("account", id=1)
        for ident, (status, moved) in posts.items():
            add("post", id=ident, status=status.value, moved=moved, token=str(ident), occurrence=str(ident), **bounds)
    database.upgrade()
    with database.read() as session:
        assert {ident: session.get_one(Post, ident).slot_at for ident in posts} == {1: SLOT_AT, 2: None, 3: None}
