"""The weekly report and the outcomes beside it: counted by channel and local week, never added up over channels."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from builders import add_account, add_post
from conftest import MovedClock
from reviewing import Office, opened_office

from campaign.errors import BadInput, NotAllowed
from campaign.intake.outcomes import read_outcomes
from campaign.models import Database, outcomes, readings, users
from campaign.models.partners import Account
from campaign.models.snapshots import Snapshot
from campaign.models.status import Status
from campaign.register import outcomes as register
from campaign.reports import weekly
from campaign.reports.export import write_csv
from campaign.reports.outcomes import COLUMNS, outcome_row
from campaign.reports.weekly import Week, monday

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)  # in summer, so that the local week begins an hour before the UTC one
FILE = 'day,name,number,source\n01/06/2026,Views submitted,"1,250",form\n2026-06-02,Views submitted,40,form\n'


def publish(database: Database, account: Account, at: datetime, **figures: int) -> int:
    with database.write() as session:
        facts = {"published_at": at, "slot": f"{at:%d %H}"}
        post = add_post(session, account, at, status=Status.PUBLISHED, changes=facts)
        reading = {
            "post_id": post.ident,
            "partner_id": post.partner_id,
            "reading": "1h",
            "due_at": at + timedelta(hours=1),
            "taken_at": at,
        }
        readings.store(session, post, [Snapshot.model_validate(reading | figures)])
        return post.ident


def report(database: Database, day: date = date(2026, 6, 3), partner: str | None = None) -> Week:
    with database.read() as session:
        return weekly.weekly(session, day, LONDON, partner=partner, with_outcomes=True)


def test_a_week_is_told_by_channel_from_local_monday_to_sunday(database: Database) -> None:
    with database.write() as session:
        x, facebook = (add_account(session, MONDAY, channel=name) for name in ("x", "facebook"))
    for hours, seen in ((-2, 900), (-1, 10), (5, 30), (167, 900)):
        publish(database, x, MONDAY + timedelta(hours=hours), impressions=seen, reactions=1)
    publish(database, facebook, MONDAY + timedelta(days=3), reach=7)
    with database.write() as session:
        add_post(session, x, MONDAY, status=Status.MISSED)
        add_post(session, x, MONDAY, status=Status.FAILED)
        add_post(session, x, MONDAY + timedelta(days=7), status=Status.IN_REVIEW)
    week = report(database)
    assert (week.first, week.last) == (date(2026, 6, 1), date(2026, 6, 7))
    assert week.counts == {"facebook": {"published": 1}, "x": {"published": 2, "missed": 1, "failed": 1}}
    assert week.total("published") == 3
    figures = {total.channel: total.figures[:3] for total in week.figures}
    assert figures == {"facebook": (None, 7, None), "x": (40, None, 2)}, "never added up, and unknown is not 0"
    assert {name: (by, [one.value for one in posts]) for name, (by, posts) in week.best.items()} == {
        "facebook": ("reach", [7]),
        "x": ("impressions", [30, 10]),
    }
    assert week.waits == {"in_review": 1}
    rows = list(weekly.rows(week))
    assert {tuple(row) for row in rows} == {weekly.COLUMNS}
    assert {
        "week": "2026-06-01",
        "section": "posts",
        "channel": "x",
        "name": "missed",
        "value": 1,
        "note": None,
    } in rows


def test_who_has_an_account_and_said_nothing_is_silent(database: Database) -> None:
    with database.write() as session:
        loud, quiet, out = (add_account(session, MONDAY) for _ in range(3))
        out.disabled_why = "left"
        names = {one.ident: f"Partner {one.handle[2:]}" for one in (loud, quiet)}
    publish(database, loud, MONDAY + timedelta(hours=1))
    assert [one.name for one in report(database).silent] == [names[quiet.ident]]
    [row] = [row for row in weekly.rows(report(database)) if row["section"] == "silent"]
    assert (row["name"], row["note"]) == (names[quiet.ident], quiet.handle[1:])
    assert report(database, partner=loud.handle[1:]).silent == ()
    assert [one.name for one in report(database, date(2026, 6, 8)).silent] == sorted(names.values())


def test_every_day_of_a_week_names_the_same_week() -> None:
    assert {monday(date(2025, 12, 1) + timedelta(days=number)) for number in range(7)} == {date(2025, 12, 1)}


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def take(office: Office, text: str, name: str = "adam") -> tuple[int, int, int]:
    with office.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        rows = read_outcomes("outcomes.csv", text.encode(), date(2026, 6, 30))
        done = register.take(session, rows, by=person, now=office.clock.now())
        return done.added, done.changed, done.same


def kept(office: Office) -> str:
    file = io.StringIO()
    with office.database.read() as session:
        write_csv([outcome_row(one) for one in outcomes.between(session)], file, COLUMNS)
    return file.getvalue()


def test_what_a_source_says_of_a_day_replaces_what_it_said_before(office: Office) -> None:
    assert take(office, FILE + "2026-06-02,Registrations early,5,events\n2026-06-02,Typo,9,form\n") == (4, 0, 0)
    assert take(office, FILE.replace("40", "44")) == (0, 1, 1)
    found = list(csv.reader(io.StringIO(kept(office))))[1:]
    assert found == [
        ["2026-06-01", "Views submitted", "1250", "form"],
        ["2026-06-02", "Registrations early", "5", "events"],
        ["2026-06-02", "Views submitted", "44", "form"],
    ]
    assert take(office, kept(office)) == (0, 0, 3), "what goes out may come in again"
    assert [one.number for one in report(office.database).outcomes] == [1250, 5, 44]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("soon,Views,1,form", "day"),
        ("2026-06-01,Views,many,form", "number"),
        ("2026-06-01,Views,-1,form", "number"),
        ("2026-06-01,,1,form", "name"),
        ("2026-06-01,Views,1,", "source"),
        ("01/06/2026,views submitted,1,other", "name"),
    ],
)
def test_a_file_with_a_fault_brings_in_nothing(office: Office, row: str, column: str) -> None:
    with pytest.raises(BadInput) as refused:
        take(office, f"{FILE}{row}\n")
    assert [(finding.line, finding.field) for finding in refused.value.findings] == [(4, column)]
    assert kept(office).strip() == ",".join(COLUMNS)


@pytest.mark.parametrize("name", ["olga", "rita"])
def test_only_an_admin_brings_outcomes_in(office: Office, name: str) -> None:
    with pytest.raises(NotAllowed):
        take(office, FILE, name)


def test_outcomes_are_the_campaigns_and_no_partners(office: Office) -> None:
    take(office, FILE)
    assert [one.number for one in report(office.database).outcomes] == [1250, 40]
    assert report(office.database, partner="oak").outcomes == ()
