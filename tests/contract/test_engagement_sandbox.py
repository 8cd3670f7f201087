"""Readings through the real adapters against the local platforms: what the world counts is what the log says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from builders import CONTENTS, add_account, add_post
from conftest import MovedClock

from campaign.channels import facebook
from campaign.clock import SystemClock
from campaign.engagement.collect import Collector
from campaign.engagement.ending import NOTHING_SAID
from campaign.engagement.timetable import Cooling
from campaign.models import Database
from campaign.models.status import Status
from campaign.ports import Identity, Message
from campaign.reports.log import log_rows, totals

HOUR = timedelta(hours=1)
COOLING = Cooling((HOUR, 6 * HOUR), timedelta(0), timedelta(0))
GROWN = 1e9  # so fast that every figure has reached its end

Build = Callable[..., Any]


@dataclass
class Watched:
    """A channel's stage with a database in which its published posts are known."""

    play: Any
    database: Database
    clock: MovedClock
    ids: list[str]

    @cached_property
    def work(self) -> Collector:
        def identity(account_id: int) -> Identity:
            who: Identity = self.play.who
            return replace(who, account_id=account_id)

        channels = {self.play.channel.name: self.play.channel}
        return Collector(
            self.database,
            self.clock,
            channels=channels,
            identities=identity,
            cooling=COOLING,
            late=timedelta(minutes=30),
            message=CONTENTS.message,
        )

    def collect(self) -> int:
        return self.work.collect()

    def rows(self) -> list[dict[str, Any]]:
        with self.database.read() as session:
            return list(log_rows(session))


@pytest.fixture
def watched(stage: Build, watch: Any, tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    """Publishes two posts through a channel and stores them as published."""
    database = Database(f"sqlite:///{tmp_path}/t.db", connections=4)
    database.upgrade()

    def build(name: str) -> Watched:
        play = stage(name)
        play.box.world.speed = GROWN
        at = SystemClock().now()
        ids = [play.channel.publish(play.who, Message(name, f"Words {n}"), watch).external_id for n in range(2)]
        with database.write() as session:
            account = add_account(session, at, channel=name)
            for number in ids:
                facts = {"external_id": number, "published_at": at, "next_reading_at": at + HOUR}
                add_post(session, account, at, status=Status.PUBLISHED, changes=facts)
        return Watched(play, database, MovedClock(at + HOUR), ids)

    yield build
    database.close()


@pytest.mark.parametrize("name", ["x", "facebook", "linkedin"])
def test_the_log_says_what_the_platform_counted(watched: Callable[[str], Watched], name: str) -> None:
    scene = watched(name)
    assert scene.collect() == 2
    world = scene.play.box.world
    truth = {number: world.figures(world.post(name, number)) for number in scene.ids}
    rows = scene.rows()
    assert [row["external_id"] for row in rows] == scene.ids
    for row in rows:
        assert row["gap"] is None
        figures = truth[row["external_id"]]
        told = {key: row[key] for key in ("impressions", "reach", "reactions", "comments", "shares", "clicks")}
        assert (told["impressions"], told["clicks"]) != (None, None)
        assert all(value is None or value == getattr(figures, key) for key, value in told.items())
    with scene.database.read() as session:
        (total,) = totals(session)
    assert total["shares"] == sum(row["shares"] for row in rows)


def test_x_is_asked_for_both_posts_in_one_batch_and_says_no_reach(watched: Callable[[str], Watched]) -> None:
    scene = watched("x")
    scene.collect()
    assert [row["reach"] for row in scene.rows()] == [None, None]
    calls = scene.play.box.world.faults.report()["calls"]
    assert calls["x.measure"] == 2  # public figures, and what only the author is told, each for both posts


def test_a_post_that_is_gone_from_the_platform_is_a_gap_beside_its_neighbours_figures(
    watched: Callable[[str], Watched],
) -> None:
    scene = watched("x")
    scene.play.channel.retract(scene.play.who, scene.ids[0])
    assert scene.collect() == 2
    gone, there = scene.rows()
    assert (gone["gap"], gone["impressions"]) == (NOTHING_SAID, None)
    assert there["gap"] is None
    assert there["impressions"] > 0


@pytest.mark.parametrize("name", ["x", "facebook", "linkedin"])
@pytest.mark.parametrize(
    "kind",
    ["5xx-before-store", "drop-before-store", "429-no-reset", "truncated", "cut-body", "html-2xx", "empty-2xx"],
)
def test_a_reading_that_fails_or_cannot_be_read_is_taken_again_and_no_gap(
    watched: Callable[[str], Watched], name: str, kind: str
) -> None:
    scene = watched(name)
    scene.play.goes_wrong(kind, endpoint="*")
    assert (scene.collect(), scene.rows()) == (0, [])
    assert scene.play.applied()
    scene.play.box.world.faults.replace(())
    scene.clock.move(timedelta(minutes=20))
    assert scene.collect() == 2
    assert all(row["gap"] is None and row["impressions"] > 0 for row in scene.rows())


def test_a_post_whose_part_of_a_batch_times_out_is_read_again_beside_its_neighbours_figures(
    watched: Callable[[str], Watched],
) -> None:
    scene = watched("facebook")
    slow, there = scene.ids
    scene.play.box.world.switches["facebook.slow_parts"] = [slow]
    assert scene.collect() == 1
    assert [(row["external_id"], row["gap"]) for row in scene.rows()] == [(there, None)]
    scene.play.box.world.switches["facebook.slow_parts"] = []
    scene.clock.move(timedelta(minutes=20))
    assert scene.collect() == 1
    assert {row["external_id"]: row["gap"] for row in scene.rows()} == {there: None, slow: None}


def test_a_post_whose_part_always_times_out_is_a_gap_that_says_so(watched: Callable[[str], Watched]) -> None:
    scene = watched("facebook")
    scene.play.box.world.switches["facebook.slow_parts"] = [scene.ids[0]]
    for _ in range(8):
        scene.collect()
        scene.clock.move(timedelta(minutes=20))
    gaps = [row["gap"] for row in scene.rows() if row["external_id"] == scene.ids[0]]
    assert "timed out" in gaps[0]


def test_a_metric_that_times_out_when_it_is_tried_alone_is_not_taken_for_dead(
    watched: Callable[[str], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facebook, "METRICS", (*facebook.METRICS, "post_impressions"))
    scene = watched("facebook")
    scene.play.box.world.switches["facebook.slow_parts"] = ["metric=post_clicks'"]
    assert (scene.collect(), scene.rows()) == (0, [])
    scene.play.box.world.switches["facebook.slow_parts"] = []
    scene.clock.move(timedelta(minutes=20))
    assert scene.collect() == 2
    assert all(row["clicks"] is not None for row in scene.rows())


def test_a_dead_token_is_a_gap_with_its_reason_once_it_was_refused_twice(watched: Callable[[str], Watched]) -> None:
    scene = watched("x")
    scene.play.goes_wrong("dead-token", endpoint="*")
    assert scene.collect() == 0
    scene.clock.move(HOUR / 6)
    assert scene.collect() == 2
    assert {row["gap"].partition(":")[0] for row in scene.rows()} == {"the call failed"}
    assert "access has ended" in scene.rows()[0]["gap"]
    scene.play.box.world.faults.replace(())
    scene.clock.move(5 * HOUR)
    assert scene.collect() == 2
    assert [row["gap"] for row in scene.rows()][2:] == [None, None]
