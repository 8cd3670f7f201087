"""Images that nothing speaks of are removed after a week; whatever shows one, in whatever state, keeps it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from builders import add_account, add_post
from conftest import MovedClock
from pages_room import Room
from PIL import Image
from structlog.testing import capture_logs

from campaign.clock import SystemClock
from campaign.config import Settings, lay_out, load_settings
from campaign.engine.apart import Apart
from campaign.models import Database
from campaign.models.partners import Partner
from campaign.models.status import Status
from campaign.plan.media import MediaStore
from campaign.plan.unused import KEPT, Unused

WEEK_AND_A_DAY = KEPT + timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    lay_out(tmp_path / "workspace")
    return load_settings(tmp_path / "workspace", {})


@pytest.fixture
def unused(database: Database, settings: Settings) -> Unused:
    return Unused(database, settings)


def image(settings: Settings, shade: int, age: timedelta = WEEK_AND_A_DAY) -> Path:
    """Store an image of a colour of its own, as an upload does, and let it grow old; returns its file."""
    source = settings.workspace / f"{shade}.png"
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(source)
    path = MediaStore(settings.media.folder).take_in(source.read_bytes(), "A shade").path
    for one in (path, note_of(settings, shade)):
        grow_old(one, age)
    return path


def note_of(settings: Settings, shade: int) -> Path:
    source = (settings.workspace / f"{shade}.png").read_bytes()
    return settings.media.folder / f"from-{sha256(source).hexdigest()}"


def grow_old(path: Path, age: timedelta) -> None:
    os.utime(path, (moment := (SystemClock().now() - age).timestamp(), moment))


def left(unused: Unused, now: datetime, images: Sequence[Path]) -> list[bool]:
    unused.sweep(now)
    return [path.is_file() for path in images]


def add_shown(database: Database, now: datetime, path: Path, status: Status) -> None:
    with database.write() as session:
        shown = {"digest": path.stem, "mime": "image/png", "alt": "A shade", "file": path.name, "until": None}
        post = add_post(session, add_account(session, now), now, status=status)
        post.draft = post.draft | {"media": [shown]}


def test_what_nothing_speaks_of_goes_after_a_week_and_it_is_said_how_many(
    unused: Unused, settings: Settings, clock: MovedClock
) -> None:
    old, young = image(settings, 1), image(settings, 2, timedelta(days=6))
    other = settings.media.folder / "logo.png"
    part = settings.media.folder / f".{'0' * 64}.png.12.34"
    for path in (other, part):
        path.touch()
        grow_old(path, WEEK_AND_A_DAY)
    with capture_logs() as logs:
        assert left(unused, clock.now(), [old, young, other, part]) == [False, True, True, False]
    assert [(line["event"], line["count"]) for line in logs] == [("unused images removed", 2)]
    assert not note_of(settings, 1).exists()
    assert note_of(settings, 2).exists()


def test_a_post_in_any_state_keeps_what_it_shows(unused: Unused, settings: Settings, clock: MovedClock) -> None:
    shown = [image(settings, shade) for shade, _ in enumerate(Status)]
    for path, status in zip(shown, Status, strict=True):
        add_shown(unused.database, clock.now(), path, status)
    assert left(unused, clock.now(), [*shown, image(settings, 200)]) == [*(True for _ in Status), False]


def test_the_daemon_looks_for_them(room: Room) -> None:
    path, now = image(room.app.settings, 1), room.office.clock.now()
    (chore,) = [one for one in room.app.chores() if isinstance(one, Apart) and one.name == "images"]
    chore(now)
    assert chore.join(30)
    assert not path.exists()


def by_a_field(unused: Unused, path: Path, now: datetime) -> None:
    with unused.database.write() as session:
        add_post(session, add_account(session, now), now, changes={"fields": {"image": path.stem}})


def by_details(unused: Unused, path: Path, now: datetime) -> None:
    with unused.database.write() as session:
        session.add(Partner(key="oak", name="Oak", details={"image": path.stem}, joined_at=now))


def by_a_file_name(unused: Unused, path: Path, now: datetime) -> None:
    with unused.database.write() as session:
        session.add(Partner(key="oak", name="Oak", details={"image": f"media/{path.name}"}, joined_at=now))


def by_a_template(unused: Unused, path: Path, _now: datetime) -> None:
    (unused.settings.campaign.templates / "own.md").write_text(f"image: {path.stem}")


def by_the_timetable(unused: Unused, path: Path, _now: datetime) -> None:
    with unused.settings.campaign.timetable.open("a") as file:
        file.write(f'# "{path.stem}"\n')


def by_an_upload_of_the_same(unused: Unused, path: Path, _now: datetime) -> None:
    source = (unused.settings.workspace / "1.png").read_bytes()
    assert MediaStore(path.parent).take_in(source, "A shade").path == path


@pytest.mark.parametrize(
    "keep", [by_a_field, by_details, by_a_file_name, by_a_template, by_the_timetable, by_an_upload_of_the_same]
)
def test_what_is_spoken_of_stays(
    unused: Unused, settings: Settings, clock: MovedClock, keep: Callable[[Unused, Path, datetime], None]
) -> None:
    kept, alone = image(settings, 1), image(settings, 2)
    keep(unused, kept, clock.now())
    assert left(unused, clock.now(), [kept, alone]) == [True, False]


def test_what_was_spoken_of_yesterday_stays_for_a_week(unused: Unused, settings: Settings, clock: MovedClock) -> None:
    path = image(settings, 1)
    by_details(unused, path, clock.now())
    unused.sweep(clock.now())
    with unused.database.write() as session:
        session.get_one(Partner, 1).details = {}
    assert left(unused, clock.now(), [path]) == [True]
    grow_old(path, WEEK_AND_A_DAY)
    assert left(unused, clock.now(), [path]) == [False]


def test_who_is_told_to_stop_removes_nothing(unused: Unused, settings: Settings, clock: MovedClock) -> None:
    path, stopping = image(settings, 1), replace(unused)
    stopping.stopping.set()
    assert left(stopping, clock.now(), [path]) == [True]


def test_without_a_folder_there_is_nothing_to_do(unused: Unused, clock: MovedClock) -> None:
    unused.sweep(clock.now())
