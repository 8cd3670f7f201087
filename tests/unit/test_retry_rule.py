"""The retry rule, line by line."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.dispatch.retry import History, Looks, Policy, absent_leads_to, decide, proves_absence
from campaign.errors import (
    AccountBlocked,
    CredentialDead,
    Duplicate,
    NeverSent,
    Outcome,
    Refused,
    Stopped,
    Stranger,
    Unknown,
    Wait,
    Worn,
)
from campaign.models.status import Move, Status

NOW = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLICY = Policy(
    grace=timedelta(minutes=30),
    lease=timedelta(minutes=2),
    call_timeout=30 * SECOND,
    retries=(5 * SECOND, 30 * SECOND),
    lookups=(5 * SECOND, 15 * SECOND),
    lookup_reads=3,
    lookup_spread=timedelta(minutes=2),
)
FIRST = History(1)


@pytest.mark.parametrize(
    ("outcome", "move"),
    [
        (Stopped("hold"), Move.DEFER),
        (Worn("half of the lease is gone"), Move.DEFER),
        (NeverSent("refused connection"), Move.DEFER),
        (Wait("429"), Move.DEFER),
        (CredentialDead("401"), Move.DEFER),
        (AccountBlocked("402"), Move.DEFER),
        (Refused("too long"), Move.REFUSE),
        (Duplicate("same words"), Move.REFUSE),
        (Unknown("timeout"), Move.LOSE),
        (Outcome("nobody foresaw this"), Move.LOSE),
    ],
)
def test_each_outcome_has_one_next_move(outcome: Outcome, move: Move) -> None:
    assert decide(outcome, FIRST, NOW, POLICY).move is move


def test_a_duplicate_after_an_unknown_attempt_is_looked_up() -> None:
    decision = decide(Duplicate("same words"), History(2, ("unknown",)), NOW, POLICY)
    assert decision.move is Move.LOSE
    assert decision.next_look_at == NOW + 5 * SECOND


def test_retries_grow_and_the_last_delay_repeats() -> None:
    delays = [decide(NeverSent("x"), History(n), NOW, POLICY).next_try_at for n in (1, 2, 3)]
    assert delays == [NOW + 5 * SECOND, NOW + 30 * SECOND, NOW + 30 * SECOND]


def test_what_wore_its_lease_out_is_tried_again_later_and_what_a_hold_stopped_at_once() -> None:
    delays = [decide(stopped, History(2), NOW, POLICY).next_try_at for stopped in (Worn("x"), Stopped("hold"))]
    assert delays == [NOW + 30 * SECOND, NOW]


def test_a_stated_wait_is_kept_and_holds_the_whole_lane() -> None:
    until = NOW + timedelta(minutes=15)
    decision = decide(Wait("429", until=until), FIRST, NOW, POLICY)
    assert (decision.next_try_at, decision.lane_ready_at) == (until, until)


def test_a_reset_time_that_is_past_still_waits_a_moment() -> None:
    decision = decide(Wait("429", until=NOW - SECOND), FIRST, NOW, POLICY)
    assert decision.next_try_at == NOW + 5 * SECOND


def test_only_the_second_refused_credential_stops_the_account() -> None:
    assert decide(CredentialDead("401"), FIRST, NOW, POLICY).stop_why is None
    assert decide(CredentialDead("401"), History(2, ("credential",)), NOW, POLICY).stop_why is not None


def test_somebody_elses_credentials_stop_the_account_at_once_and_are_not_renewed() -> None:
    decision = decide(Stranger("they are those of 2002", opened="m"), FIRST, NOW, POLICY)
    assert (decision.move, decision.renew, decision.opened) == (Move.DEFER, False, "m")
    assert "2002" in (decision.stop_why or "")


def test_absence_needs_reads_spread_and_an_ended_lease() -> None:
    spread = NOW + timedelta(minutes=2)
    assert proves_absence(Looks(3, NOW, NOW), spread, POLICY)
    assert not proves_absence(Looks(2, NOW, NOW), spread, POLICY)
    assert not proves_absence(Looks(3, NOW, NOW), spread - SECOND, POLICY)
    assert not proves_absence(Looks(3, NOW, spread - 29 * SECOND), spread, POLICY)
    assert not proves_absence(Looks(3, None, NOW), spread, POLICY)


def test_an_account_that_shows_no_post_at_all_takes_twice_the_patience() -> None:
    spread = 2 * POLICY.lookup_spread + POLICY.call_timeout
    assert proves_absence(Looks(6, NOW, NOW, blank=True), NOW + spread, POLICY)
    assert not proves_absence(Looks(5, NOW, NOW, blank=True), NOW + spread, POLICY)
    assert not proves_absence(Looks(6, NOW, NOW, blank=True), NOW + 2 * POLICY.lookup_spread - SECOND, POLICY)


def test_an_absent_post_goes_out_again_only_inside_the_grace() -> None:
    assert absent_leads_to(NOW, NOW + timedelta(minutes=30), POLICY) is Status.APPROVED
    assert absent_leads_to(NOW, NOW + timedelta(minutes=31), POLICY) is Status.MISSED
