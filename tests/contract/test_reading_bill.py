"""What we book for reading X against what X's emulator puts on the bill, over days and faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest
from dispatch_room import Room, opened_room
from sqlmodel import col, select

from campaign.config.money import micros
from campaign.engagement.collect import Collector
from campaign.engagement.timetable import Cooling
from campaign.identities import Identities
from campaign.models.bookings import Booking
from campaign.models.status import Status
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox
from campaign.sandbox.x_bill import owed

HOUR = timedelta(hours=1)
COOLING = Cooling((HOUR, 6 * HOUR, 24 * HOUR), timedelta(days=4), timedelta(0))


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    """A room over X at noon (UTC), whose posts are read by the timetable above."""
    with contextmanager(opened_room)("x", sandbox, tmp_path) as found:
        found.means = replace(found.means, first_reading=COOLING.first_age)
        now = found.means.clock.now()
        found.later(now.replace(hour=12, minute=0, second=0) + timedelta(days=1) - now)
        yield found


def collect(room: Room) -> int:
    means = room.means
    identities = Identities(means.database, room.vault, means.clock, means.channels)
    work = Collector(
        means.database,
        means.clock,
        channels=means.channels,
        identities=identities.by_id,
        cooling=COOLING,
        late=HOUR,
        message=means.contents.message,
    )
    return work.collect()


def booked(room: Room) -> dict[date, int]:
    """What is booked for reading, by day of the booking."""
    sums: dict[date, int] = {}
    paid = select(Booking).where(col(Booking.read_of).is_not(None), col(Booking.released_at).is_(None))
    with room.means.database.read() as session:
        for row in session.exec(paid):
            day = row.booked_at.astimezone(UTC).date()
            sums[day] = sums.get(day, 0) + row.micros
    return sums


def billed(room: Room) -> dict[date, int]:
    """What the emulator charges for reading, by day."""
    return {day: micros(owed(room.box.world, day)) for day in {day for _, _, day in room.box.world.reads}}


def test_what_is_booked_for_reading_is_what_x_bills_over_days_faults_and_look_ups(room: Room) -> None:
    for words, partner in (("One", "oak"), ("Two", "oak"), ("Three", "elm")):
        room.post(words, partner=partner)
        room.serve(partner)
    room.goes_wrong("store-then-drop", times=1)
    lost = room.post("Four")
    room.serve()
    room.look(lost)
    assert room.seen(lost).status == Status.PUBLISHED
    assert sum(booked(room).values()) == sum(billed(room).values()) == 2 * 5_000, "it shows what came since oak's last"
    room.goes_wrong("drop-before-store", times=1)
    never = room.post("Five")
    room.serve()
    room.look(never, 2)
    assert booked(room) == billed(room), "looking again on the same day is free"

    room.box.world.faults.replace([Fault(kind, "x", "measure", times=1) for kind in ("429", "truncated")])
    room.later(HOUR)
    for _ in range(8):  # eight hours: the first two readings of a day, with an answer refused and one cut off
        collect(room)
        room.later(timedelta(minutes=25))
        collect(room)
        room.later(timedelta(minutes=35))
    assert booked(room) == billed(room)
    assert sum(billed(room).values()) == 4 * 5_000
    room.box.world.delete_post("x", room.seen(lost).external_id or "")
    for _ in range(4):
        room.later(timedelta(days=1))
        assert collect(room) >= 4
        assert booked(room) == billed(room)
    assert len(billed(room)) == 5
    assert sum(billed(room).values()) == (4 + 4 * 3) * 5_000, "what is gone is not shown, and not charged for"


def test_a_look_up_that_breaks_off_pays_for_what_it_was_shown(room: Room) -> None:
    room.post("One")
    room.serve()
    world = room.box.world
    (first,) = world.stored("x")
    for number in range(1, 121):  # what a person posts by hand: more than one page
        world.add_post(replace(first, id=str(int(first.id) + number)))
    room.goes_wrong("store-then-drop", times=1)
    lost = room.post("Two")
    room.serve()
    room.goes_wrong("5xx-before-store", "list", nth=(2,))
    room.look(lost)
    assert room.seen(lost).status == Status.UNCONFIRMED
    assert sum(billed(room).values()) == 100 * 5_000, "the first page"
    assert booked(room) == billed(room)
    room.look(lost)
    assert room.seen(lost).status == Status.PUBLISHED
    assert sum(billed(room).values()) == 122 * 5_000
    assert booked(room) == billed(room)
