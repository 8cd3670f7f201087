"""Who changed a post since it was last approved is known after the upgrade too."""

from collections.abc import Callable

from older_rows import adder

from campaign.models import Database
from campaign.models.posts import Post
from campaign.models.status import Status


def test_who_changed_an_account_may_not_approve_its_posts_after_the_upgrade(older: Callable[[str], Database]) -> None:
    database, swap = older("0040"), ("adam", "edit", "its account changed")
    story = {
        1: (Status.IN_REVIEW, ["rita"], [swap, ("eva", "edit", "its account changed")]),
        2: (Status.IN_REVIEW, ["adam"], [swap]),
        3: (Status.APPROVED, [], [swap, ("rita", "approve", "")]),
        4: (Status.IN_REVIEW, [], [swap, ("rita", "approve", ""), ("rolf", "edit", "edited")]),
    }
    with database.write() as session:
        add = adder(session.connection(), "partner", "account", "post", "event")
        add("partner", id=1)
        add("account", id=1)
        for ident, (status, writers, moves) in story.items():
            add("post", id=ident, status=status.value, token=str(ident), occurrence=str(ident), writers=writers)
            for who, move, why in moves:
                add("event", post_id=ident, who=who, move=move, why=why)
    database.upgrade()
    with database.read() as session:
        found = {ident: session.get_one(Post, ident).writers for ident in story}
    assert found == {1: ["adam", "eva", "rita"], 2: ["adam"], 3: [], 4: []}


def test_writers_of_old_may_not_approve_after_the_upgrade(older: Callable[[str], Database]) -> None:
    database = older("0034")
    story = {
        1: (
            Status.IN_REVIEW,
            [("olga", "edit", "edited"), ("rita", "approve", ""), ("rita", "edit", "edited: line=a")],
        ),
        2: (Status.MISSED, [("rita", "edit", "edited"), ("rolf", "edit", "a new time"), ("rita", "edit", "edited")]),
        3: (Status.IN_REVIEW, [("adam", "edit", "its account changed"), ("rita", "submit", "")]),
        4: (Status.APPROVED, [("olga", "edit", "edited"), ("rita", "approve", "")]),
    }
    with database.write() as session:
        add = adder(session.connection(), "partner", "account", "post", "event")
        add("partner", id=1)
        add("account", id=1)
        for ident, (status, moves) in story.items():
            add("post", id=ident, status=status.value, token=str(ident), occurrence=str(ident))
            for who, move, why in moves:
                add("event", post_id=ident, who=who, move=move, why=why)
    database.upgrade()
    with database.read() as session:
        found = {ident: sorted(session.get_one(Post, ident).writers) for ident in story}
    assert found == {1: ["rita"], 2: ["rita", "rolf"], 3: ["adam"], 4: []}
