"""A partner's quiet periods follow its region, on every database; the other partners' stay as they are."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builders import add_account
from conftest import MovedClock
from sqlmodel import Session

from campaign.models import Database, bounds, partners
from campaign.models.partners import Partner
from campaign.models.users import User
from campaign.register.partners import change
from campaign.review.rules import QuietPeriods

INSIDE = datetime(2030, 12, 5, 9, tzinfo=UTC)
TIMETABLE = """[days]
launch = 2030-12-02

[[quiet]]
name = "hush"
from = 2030-12-05
until = 2030-12-06
partners = { region = ["London"] }
"""
ADAM = User(name="adam", role="admin", added_at=INSIDE - timedelta(days=99))


@dataclass(frozen=True)
class Files:
    timetable: Path
    timezone: str = "Europe/London"


def test_a_region_that_changes_brings_its_silence_or_takes_it_away(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(TIMETABLE)
    quiet = QuietPeriods(Files(file))

    def settle(session: Session, partner: Partner, region: str) -> None:
        change(session, partner, {"region": region}, quiet=quiet, by=ADAM, now=clock.now())

    def silent() -> list[bool]:
        with database.read() as session:
            return [bounds.quiet_at(session, one.ident, INSIDE) is not None for one in partners.partners(session)]

    with database.write() as session:
        for _ in range(2):
            add_account(session, clock.now())
        for one in partners.partners(session):
            settle(session, one, "London")
    assert silent() == [True, True]
    with database.write() as session:
        settle(session, partners.partners(session)[0], "Leeds")
    assert silent() == [False, True]
