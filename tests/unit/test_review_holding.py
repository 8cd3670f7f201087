"""Holds stop what falls under their scope; a release says what it will do, and does that."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import CONTENTS
from conftest import MovedClock
from reviewing import GRACE, Office, opened_office

from campaign.errors import NotAllowed, UnknownName, WrongUse
from campaign.models import lanes
from campaign.models.partners import change_account
from campaign.models.status import Status
from campaign.review import holding
from campaign.review.foresight import Terms, foresee

CHANNELS = frozenset({"x", "facebook"})
DUE = timedelta()


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def hold(office: Office, name: str, scope: str) -> str:
    with office.desk(name) as desk:
        scope = holding.check_scope(desk.session, scope, CHANNELS, own=desk.person.partner_key)
        holding.hold(desk.session, desk.person, scope, "a reason", desk.now)
        return scope


def release(office: Office, name: str, scope: str) -> int:
    with office.desk(name) as desk:
        return holding.release(desk.session, desk.person, scope, desk.now)


def foreseen(office: Office, scope: str) -> dict[int, str]:
    with office.desk("rita") as desk:
        told = foresee(desk.session, scope, Terms(desk.now, GRACE, CONTENTS, {"x": timedelta(seconds=1)}))
        return {item.row.post.ident: item.outcome for item in told}


def may_go(office: Office) -> bool:
    with office.database.read() as session:
        due = lanes.due_accounts(session, office.clock.now(), timedelta(hours=1), limit=9)
        return office.accounts["oak"] in {account_id for account_id, _ in due}


@pytest.mark.parametrize("scope", ["everything", "channel:x", "partner:oak", "account:{account}", "post:{post}"])
def test_every_scope_stops_and_lets_go(office: Office, scope: str) -> None:
    post_id = office.post("oak", status=Status.APPROVED, after=DUE)
    filled = scope.format(account=office.accounts["oak"], post=post_id)
    assert may_go(office)
    hold(office, "rita", filled)
    assert not may_go(office)
    assert foreseen(office, filled) == {post_id: "sent at once"}
    assert release(office, "rita", filled) == 1
    assert may_go(office)


@pytest.mark.parametrize(
    "scope", ["all", "post:", "post:x", "post:²", "post:9", "channel:fax", "partner:ash", "account:77"]
)
def test_a_scope_that_names_nothing_is_refused(office: Office, scope: str) -> None:
    with pytest.raises(WrongUse):
        hold(office, "rita", scope)


def test_an_id_has_one_spelling(office: Office) -> None:
    post_id = office.post("oak", status=Status.APPROVED, after=DUE)
    assert hold(office, "rita", f"post:00{post_id}") == f"post:{post_id}"
    assert not may_go(office)


def test_two_holds_on_one_scope_are_let_go_together(office: Office) -> None:
    hold(office, "rita", "everything")
    hold(office, "rolf", "everything")
    assert release(office, "rita", "everything") == 2
    with pytest.raises(UnknownName):
        release(office, "rita", "everything")


def test_a_release_foresees_what_is_too_late_and_what_another_hold_keeps(office: Office) -> None:
    late = office.post("oak", status=Status.APPROVED, after=-GRACE - timedelta(seconds=1))
    just = office.post("oak", status=Status.APPROVED, after=-GRACE)
    elm = office.post("elm", status=Status.APPROVED, after=DUE)
    office.post("oak", status=Status.APPROVED)  # still to come: nothing to say of it
    hold(office, "rita", "everything")
    hold(office, "rita", "partner:elm")
    assert foreseen(office, "everything") == {late: "missed", just: "sent at once", elm: "still held: partner:elm"}


def test_a_release_foresees_what_goes_by_hand_and_what_waits_for_its_account(office: Office) -> None:
    office.join("ash", mode="by-hand")
    by_hand = office.post("ash", status=Status.APPROVED, after=DUE)
    stopped = office.post("oak", status=Status.APPROVED, after=DUE)
    with office.database.write() as session:
        change_account(session, office.accounts["oak"], {"stopped_why": "its token has ended"})
    hold(office, "rita", "everything")
    told = foreseen(office, "everything")
    assert told[by_hand] == "handed over at once"
    assert "its token has ended" in told[stopped]


def test_an_officer_holds_what_is_its_own_and_nothing_else(office: Office) -> None:
    own, other = office.post("oak"), office.post("elm")
    for scope in ("partner:oak", f"account:{office.accounts['oak']}", f"post:{own}"):
        hold(office, "olga", scope)
        assert release(office, "otto", scope) == 1
    for scope in ("everything", "channel:x"):
        with pytest.raises(NotAllowed):
            hold(office, "olga", scope)
    for scope in ("partner:elm", f"account:{office.accounts['elm']}", f"post:{other}"):
        with pytest.raises(UnknownName):
            hold(office, "olga", scope)
        with pytest.raises(NotAllowed), office.desk("olga") as desk:
            holding.hold(desk.session, desk.person, scope, "a reason", desk.now)


def test_an_officer_does_not_let_go_what_a_reviewer_holds(office: Office) -> None:
    hold(office, "rita", "partner:oak")
    with pytest.raises(NotAllowed):
        release(office, "olga", "partner:oak")
    hold(office, "olga", "partner:oak")
    with pytest.raises(NotAllowed):
        release(office, "olga", "partner:oak")
    assert release(office, "rolf", "partner:oak") == 2
