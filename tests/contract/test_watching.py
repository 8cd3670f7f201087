"""What watching asks of the channels, over real HTTP and SMTP; and what dispatch counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import CONTENTS
from conftest import MovedClock
from dispatch_room import Room, claim_next, opened_room
from measuring import COOLING

from campaign.channels import load_channels
from campaign.dispatch import sweep
from campaign.health.doctor import Doctor
from campaign.health.finding import Rule
from campaign.models import Database
from campaign.sandbox.server import Sandbox

HOUR = timedelta(hours=1)
ADDRESSES = {"x": "api_url", "facebook": "graph_url", "linkedin": "api_url", "email": "smtp_url"}


@pytest.fixture
def doctor(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Doctor]]:
    database = Database(f"sqlite:///{tmp_path}/c.db", connections=2)
    database.upgrade()

    def build(clock: MovedClock, **elsewhere: str) -> Doctor:
        urls = {**sandbox.urls, "email": sandbox.smtp_url, **elsewhere}
        kinds = load_channels()
        settings = {name: {"connect": "2s", ADDRESSES[name]: urls[name]} for name in kinds}
        channels = {
            name: kind.from_settings(kind.settings_type.model_validate(settings[name]), clock)
            for name, kind in kinds.items()
        }
        return Doctor(database, clock, channels, CONTENTS, tmp_path, tmp_path / "key", timedelta(), COOLING)

    yield build
    database.close()


def test_a_probe_of_platforms_that_answer_finds_nothing(doctor: Callable[..., Doctor]) -> None:
    assert doctor(MovedClock(datetime.now(UTC))).probe() == []


def test_a_probe_finds_a_clock_that_is_not_the_platforms(doctor: Callable[..., Doctor]) -> None:
    found = doctor(MovedClock(datetime.now(UTC) + HOUR)).probe()
    assert {(finding.rule, finding.subject) for finding in found} == {
        (Rule.CLOCK_OFFSET, name) for name in ("x", "facebook", "linkedin")
    }
    assert all("ahead of" in finding.what for finding in found)


@pytest.mark.parametrize("name", ["x", "facebook", "linkedin", "email"])
def test_a_probe_names_what_does_not_answer(doctor: Callable[..., Doctor], name: str) -> None:
    nobody = "smtp://127.0.0.1:9" if name == "email" else "http://127.0.0.1:9"
    [finding] = doctor(MovedClock(datetime.now(UTC)), **{name: nobody}).probe()
    assert (finding.rule, finding.subject) == (Rule.PLATFORM_AWAY, name)
    assert f"[channels.{name}]" in finding.mend


def test_a_probe_leaves_no_trace(doctor: Callable[..., Doctor], sandbox: Sandbox) -> None:
    doctor(MovedClock(datetime.now(UTC))).probe()
    assert sandbox.world.ledger() == []


# --- what dispatch counts ---------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """A meter that keeps what it was told."""

    told: list[tuple[str, str, timedelta, timedelta]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def settled(
        self, channel: str, outcome: str, *, due_at: datetime, started_at: datetime, ended_at: datetime
    ) -> None:
        self.told.append((channel, outcome, started_at - due_at, ended_at - started_at))

    def lost(self, channel: str) -> None:
        self.gone.append(channel)


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room("x", sandbox, tmp_path)


def test_every_attempt_is_counted_as_it_is_settled(room: Room) -> None:
    tally = Tally()
    room.means = replace(room.means, meter=tally)
    room.post("Come and talk to us")
    room.serve()
    room.goes_wrong("store-then-drop")
    room.post("Come and talk to us again")
    room.serve()
    room.goes_wrong("429")
    room.post("Come and talk to us once more")
    room.serve()
    assert [(channel, outcome) for channel, outcome, _, _ in tally.told] == [
        ("x", "posted"),
        ("x", "unknown"),
        ("x", "wait"),
    ]
    # The room serves a post a minute after it fell due.
    assert all(timedelta(minutes=1) <= late < timedelta(minutes=2) for _, _, late, _ in tally.told)
    assert all(timedelta() < took < timedelta(minutes=1) for _, _, _, took in tally.told)


def test_an_attempt_whose_process_died_is_counted_once_by_whoever_finds_it(room: Room) -> None:
    tally = Tally()
    means = replace(room.means, meter=tally, owner="here:2")
    room.post("Come and talk to us")
    assert claim_next(room.means, room.accounts["oak"]) is not None
    sweep.recover(means, means.clock.now())
    assert tally.gone == []
    room.later(room.means.policy.lease + timedelta(seconds=1))
    for _ in range(2):
        sweep.recover(means, means.clock.now())
    assert (tally.gone, tally.told) == (["x"], [])
