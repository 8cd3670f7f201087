"""The figures for Prometheus: what they count, what they read, and that they are named as the conventions ask."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from conftest import MovedClock
from prometheus_client.parser import text_string_to_metric_families

from campaign.metrics import Metrics
from campaign.models import Database, lanes, upkeep
from campaign.models.database import lease_now
from campaign.models.holds import Hold
from campaign.models.partners import Lane
from campaign.models.posts import Attempt
from campaign.models.status import Status

SECOND = timedelta(seconds=1)


def figures(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def figure(metrics: Metrics, name: str, labels: Mapping[str, str] | None = None) -> float | None:
    return figures(metrics).get((name, frozenset((labels or {}).items())))


def test_an_attempt_is_counted_by_channel_and_outcome(database: Database, clock: MovedClock) -> None:
    metrics, now = Metrics(database, clock), clock.now()
    times = {"due_at": now, "started_at": now + SECOND / 5, "ended_at": now + SECOND}
    metrics.counts.settled("x", "posted", **times)
    metrics.counts.settled("x", "posted", **times)
    metrics.counts.settled("x", "unknown", **times)
    assert figure(metrics, "campaign_outcomes_total", {"channel": "x", "outcome": "posted"}) == 2
    assert figure(metrics, "campaign_outcomes_total", {"channel": "x", "outcome": "unknown"}) == 1
    assert figure(metrics, "campaign_call_duration_seconds_count", {"channel": "x"}) == 3
    assert figure(metrics, "campaign_call_duration_seconds_sum", {"channel": "x"}) == pytest.approx(2.4)


def test_an_attempt_that_was_lost_has_an_outcome_and_no_length(database: Database, clock: MovedClock) -> None:
    metrics = Metrics(database, clock)
    metrics.counts.lost("x")
    assert figure(metrics, "campaign_outcomes_total", {"channel": "x", "outcome": "unknown"}) == 1
    assert figure(metrics, "campaign_call_duration_seconds_count", {"channel": "x"}) is None


def test_lateness_runs_from_due_to_the_start_of_the_call_that_published(database: Database, clock: MovedClock) -> None:
    metrics, now = Metrics(database, clock), clock.now()
    metrics.counts.settled("x", "wait", due_at=now, started_at=now + SECOND, ended_at=now + SECOND)
    metrics.counts.settled("x", "posted", due_at=now, started_at=now + 7 * SECOND, ended_at=now + 9 * SECOND)
    assert figure(metrics, "campaign_lateness_seconds_count", {"channel": "x"}) == 1
    assert figure(metrics, "campaign_lateness_seconds_sum", {"channel": "x"}) == 7
    assert figure(metrics, "campaign_lateness_seconds_bucket", {"channel": "x", "le": "5.0"}) == 0
    assert figure(metrics, "campaign_lateness_seconds_bucket", {"channel": "x", "le": "10.0"}) == 1


def test_gauges_say_what_the_database_says(database: Database, clock: MovedClock) -> None:
    now = clock.now()
    with database.write() as session:
        first, second, third = (add_account(session, now) for _ in range(3))
        add_post(session, first, now + timedelta(days=1))
        add_post(session, first, now - timedelta(minutes=2))
        lost = add_post(session, second, now, status=Status.UNCONFIRMED, changes={"tries": 1})
        ask = {"tries": 1, "needs_person": "nobody can look"}
        asked = add_post(session, second, now, status=Status.UNCONFIRMED, changes=ask)
        for post, age in ((lost, 90), (asked, 300)):
            started = now - age * SECOND
            attempt = Attempt(post_id=post.ident, number=1, owner="o", content_hash="h", started_at=started,
                              lease_until=started)  # fmt: skip
            session.add(attempt)
        second.stopped_why = "the token has ended"
        session.add(second)
        lanes.pace_lane(session, third.ident, now + timedelta(hours=1), "told to wait")
        session.add(Hold(scope="post:1", reason="r", held_by="rita", held_at=now))
        upkeep.tick(session, "here:1", now - 7 * SECOND, None)
    metrics = Metrics(database, clock)
    assert figure(metrics, "campaign_posts", {"status": "approved"}) == 2
    assert figure(metrics, "campaign_posts", {"status": "unconfirmed"}) == 2
    assert figure(metrics, "campaign_posts", {"status": "failed"}) == 0
    assert figure(metrics, "campaign_lanes", {"state": "stopped"}) == 1
    assert figure(metrics, "campaign_lanes", {"state": "waiting"}) == 1
    assert figure(metrics, "campaign_lanes", {"state": "busy"}) == 0
    assert figure(metrics, "campaign_overdue_posts") == 1
    assert figure(metrics, "campaign_unconfirmed_posts") == 2
    assert figure(metrics, "campaign_unconfirmed_oldest_age_seconds") == 300
    assert figure(metrics, "campaign_person_posts") == 1
    assert figure(metrics, "campaign_holds") == 1
    assert figure(metrics, "campaign_beat_age_seconds") == 7
    assert figure(metrics, "campaign_database_up") == 1


def test_a_beat_that_lies_ahead_has_no_age(database: Database, clock: MovedClock) -> None:
    metrics = Metrics(database, clock)
    for owner, ahead in (("here:1", -7), ("dead:1", 3000)):
        with database.write() as session:
            upkeep.tick(session, owner, clock.now() + timedelta(seconds=ahead), None)
    assert figure(metrics, "campaign_beat_age_seconds") == 7


def test_a_lane_is_busy_while_its_lease_lives(database: Database, clock: MovedClock) -> None:
    metrics = Metrics(database, clock)
    for minutes, busy in ((2, 1), (-2, 0)):
        with database.write() as session:
            account = add_account(session, clock.now())
            lane = session.get_one(Lane, account.ident)
            lane.owner, lane.lease_until = "here:1", lease_now(session, clock.now()) + timedelta(minutes=minutes)
            session.add(lane)
        assert figure(metrics, "campaign_lanes", {"state": "busy"}) == busy
        with database.write() as session:
            session.execute(sa.update(Lane).values(owner=None, lease_until=None))


def test_what_is_held_or_stopped_or_told_to_wait_is_not_overdue(database: Database, clock: MovedClock) -> None:
    now, long_ago = clock.now(), clock.now() - timedelta(minutes=5)
    with database.write() as session:
        stopped, waiting, held = (add_account(session, now) for _ in range(3))
        for account in (stopped, waiting, held):
            add_post(session, account, long_ago)
        stopped.stopped_why = "dead"
        session.add(stopped)
        lanes.pace_lane(session, waiting.ident, now + SECOND, "told to wait")
        session.add(Hold(scope=f"account:{held.ident}", reason="r", held_by="rita", held_at=now))
    assert figure(Metrics(database, clock), "campaign_overdue_posts") == 0


def test_a_database_that_is_away_is_a_figure_and_no_failed_scrape(tmp_path: Path, clock: MovedClock) -> None:
    empty = Database(f"sqlite:///{tmp_path}/empty.db", connections=1)
    found = figures(Metrics(empty, clock))
    assert found["campaign_database_up", frozenset()] == 0
    assert ("campaign_holds", frozenset()) not in found
    empty.close()


def test_names_follow_the_conventions(database: Database, clock: MovedClock) -> None:
    metrics, now = Metrics(database, clock), clock.now()
    metrics.counts.settled("x", "posted", due_at=now, started_at=now, ended_at=now)
    ours = [
        family
        for family in text_string_to_metric_families(metrics.text().decode())
        if not family.name.startswith("process_")
    ]
    assert len(ours) > 10
    for family in ours:
        assert re.fullmatch(r"campaign_[a-z_]+", family.name)
        assert family.documentation
        assert not re.search(r"_(ms|milliseconds|minutes|hours|kb|percent)\b", family.name)
        if family.type == "counter":
            assert all(sample.name.endswith(("_total", "_created")) for sample in family.samples)
        if family.type == "gauge":
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))


def test_counting_all_posts_costs_a_hundredth_at_most(database: Database, clock: MovedClock) -> None:
    """A count that took a second is kept for a hundred: the clock of this test moves a second at each question."""

    class SlowClock(MovedClock):
        def monotonic(self) -> float:
            self.counter += 1
            return self.counter

    slow = SlowClock(clock.at)
    metrics = Metrics(database, slow)
    assert figure(metrics, "campaign_posts", {"status": "approved"}) == 0
    with database.write() as session:
        add_post(session, add_account(session, clock.now()), clock.now() + timedelta(days=1))
    assert figure(metrics, "campaign_posts", {"status": "approved"}) == 0
    slow.counter += 100
    assert figure(metrics, "campaign_posts", {"status": "approved"}) == 1
