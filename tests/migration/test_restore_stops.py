"""What people stopped since a backup was made stays stopped when it is put back."""

from datetime import datetime, timedelta

import pytest
from backup_place import HOUR, Place
from sqlmodel import select

from campaign.backup.ruling import lines
from campaign.models import audit, holds, leaving, listing, partners
from campaign.models.holds import Hold
from campaign.models.moves import move
from campaign.models.partners import Account, Agreement, Partner
from campaign.models.posts import Post
from campaign.models.status import Move, Status

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAYS = timedelta(days=3)


def decide(place: Place, ident: int, *names: Move, who: str = "rita", **changes: object) -> None:
    with place.database.write() as session:
        post = session.get_one(Post, ident)
        for name in names:
            move(session, post, name, who=who, at=place.clock.now(), why="the minister asked", changes=changes)


def test_what_was_withdrawn_or_rejected_stays_so_and_is_not_looked_up(place: Place) -> None:
    withdrawn = {
        (status, due): place.add(status, due)
        for status in (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.FAILED, Status.BY_HAND)
        for due in (DAYS, timedelta(minutes=30))
    }
    rejected = {
        place.add(Status.IN_REVIEW, DAYS): (Move.REJECT,),
        place.add(Status.DRAFT, DAYS): (Move.SUBMIT, Move.REJECT),
        place.add(Status.APPROVED, DAYS): (Move.EDIT, Move.REJECT),
    }
    path = place.backup()
    place.clock.move(HOUR)
    for ident in withdrawn.values():
        decide(place, ident, Move.WITHDRAW, withdrawn_by_plan=True)
    for ident, names in rejected.items():
        decide(place, ident, *names)
    ruled = place.restore(path, force=True).ruled
    assert (ruled.to_look_up, ruled.to_ask) == (0, 0)
    assert "Stopped since, by the database that stood here before, and so still: 13 posts withdrawn or rejected." in (
        lines(ruled)
    )
    assert {place.status(ident) for ident in withdrawn.values()} == {"withdrawn"}
    assert [place.status(ident) for ident in rejected] == ["rejected", "withdrawn", "withdrawn"]
    with place.database.read() as session:
        assert audit.rows(session)[-1].facts["stayed"]["out"] == 13
        for (status, _), ident in withdrawn.items():
            (event,) = listing.events(session, ident)
            assert (event.who, event.move, event.from_status) == ("rita", "withdraw", status)
            assert event.why.startswith("the minister asked (")
            assert session.get_one(Post, ident).withdrawn_by_plan, "a plan may bring it back"


def test_what_was_taken_down_is_looked_up_whenever_it_is_due_and_taken_down(place: Place) -> None:
    published, gone = (Move.CLAIM, Move.SETTLE), (Move.RETRACT, Move.GONE)
    ways = {
        place.add(Status.APPROVED, DAYS): (*published, *gone),
        place.add(Status.APPROVED, DAYS): (*published, Move.RETRACT),
        place.add(Status.PUBLISHING, DAYS): (Move.SETTLE, *gone),
        place.add(Status.UNCONFIRMED, DAYS): (Move.FOUND, *gone),
        place.add(Status.MISSED, DAYS): (Move.DONE, *gone),
        place.add(Status.FAILED, DAYS): (Move.REVIVE, Move.APPROVE, *published, Move.RETRACT),
    }
    waits = place.add(Status.APPROVED, DAYS)
    path = place.backup()
    for ident, names in ways.items():
        decide(place, ident, *names)
    decide(place, waits, Move.CLAIM, Move.LOSE)
    with place.database.write() as session:
        leaving.order(session, waits, by="rita", why="the minister asked", at=place.clock.now())
    assert place.restore(path, force=True).ruled.to_look_up == 7
    with place.database.read() as session:
        for ident in (*ways, waits):
            order = leaving.ordered(session, ident)
            assert order is not None
            assert (order.ordered_by, order.why) == ("rita", "the minister asked")
            assert session.get_one(Post, ident).status == Status.UNCONFIRMED


def test_what_was_published_already_is_taken_down_unless_the_backup_knows_that_it_stays(place: Place) -> None:
    leaves, stays = place.add(Status.PUBLISHED, -HOUR), place.add(Status.PUBLISHED, -HOUR)
    decide(place, stays, Move.RETRACT)
    older = place.backup("older")
    decide(place, stays, Move.REFUSE)
    newer = place.backup("newer")
    place.restore(older, force=True)
    place.clock.move(HOUR)
    decide(place, leaves, Move.RETRACT)
    place.restore(newer, force=True)
    with place.database.read() as session:
        assert {post.ident for post in leaving.to_carry_out(session)} == {leaves}


def of_partner(place: Place, ident: int) -> tuple[int, str]:
    with place.database.read() as session:
        post = session.get_one(Post, ident)
        return post.partner_id, session.get_one(Partner, post.partner_id).key


def test_agreements_taken_back_stay_so_and_those_given_meanwhile_are_none(place: Place) -> None:
    partner_id, key = of_partner(place, place.add(Status.APPROVED, DAYS))
    path = place.backup()
    place.clock.move(HOUR)
    now = place.clock.now()
    with place.database.write() as session:
        session.add(Agreement(partner_id=partner_id, given_by=key, given_at=now))
        session.flush()
        for one in session.exec(select(Agreement)):
            one.revoked_by, one.revoked_at = key, now
            session.add(one)
    ruled = place.restore(path, force=True).ruled
    assert ruled.stayed is not None
    assert ruled.stayed.agreements == 2
    with place.database.read() as session:
        assert partners.agreements(session, partner_id) == []
        assert partners.last_revoked_at(session, partner_id) == now, "a file must not give it anew"


def hold(place: Place, scope: str, at: datetime | None = None) -> None:
    with place.database.write() as session:
        now = at or place.clock.now()
        session.add(Hold(scope=scope, reason="police inquiry", held_by="rita", held_at=now))


def on(place: Place) -> set[str]:
    with place.database.read() as session:
        return {row.scope for row in holds.active(session) if row.reason == "police inquiry"}


def test_holds_stay_on_and_accounts_disabled_but_for_what_is_not_there(place: Place) -> None:
    ident = place.add(Status.APPROVED, DAYS)
    path = place.backup()
    since = place.add(Status.APPROVED, DAYS)
    scopes = {"everything", "channel:x", "event:launch", f"post:{ident}", "account:1", "partner:oak"}
    for scope in (*scopes, f"post:{since}", "account:2"):
        hold(place, scope)
    with place.database.write() as session:
        session.get_one(Account, 1).disabled_why = "it was hacked"
    ruled = place.restore(path, force=True).ruled
    assert on(place) == scopes
    with place.database.read() as session:
        assert session.get_one(Account, 1).disabled_why == "it was hacked"
    assert any("6 holds, 1 accounts disabled" in line for line in lines(ruled))


def test_a_hold_that_the_backup_knows_to_be_released_is_not_on_again(place: Place) -> None:
    place.add(Status.APPROVED, DAYS)
    hold(place, "channel:x")
    older = place.backup("older")
    with place.database.write() as session:
        for row in holds.active(session):
            row.released_at = place.clock.now()
            session.add(row)
    newer = place.backup("newer")
    place.restore(older, force=True)
    place.restore(newer, force=True)
    assert on(place) == set()


@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
def test_where_no_database_tells_a_line_names_what_is_to_be_stopped_anew(place: Place, elsewhere: Place) -> None:
    place.add(Status.APPROVED, DAYS)
    said = lines(elsewhere.restore(place.backup()).ruled)
    [line] = [line for line in said if line.startswith("Gone is also what people stopped since")]
    assert "holds" in line
    assert "before you release" in line
