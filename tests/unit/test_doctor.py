"""The doctor: every rule finds what it is for, names a mend, and is silent where all is well."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from builders import add_account, add_post
from conftest import MovedClock
from examining import RENEWABLE, RunningClock, connected, found, one, opened

from campaign.health import machine
from campaign.health.doctor import Doctor
from campaign.health.finding import Rule, Severity
from campaign.models import Database, upkeep
from campaign.models.alerts import Alert
from campaign.models.bounds import QuietSpan
from campaign.models.holds import Hold
from campaign.models.mailing import MailingList
from campaign.models.notices import Notice
from campaign.models.partners import Account, Lane
from campaign.models.posts import Attempt
from campaign.models.status import Status
from campaign.ports import Draft, Media
from campaign.review.content import draft_to_json

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def doctor(database: Database, clock: RunningClock, tmp_path: Path) -> Doctor:
    """A doctor of a workspace in which all is well. A clock that stood would soon be behind that of the database."""
    if not database.is_sqlite:
        clock.go()
    return opened(database, clock, tmp_path)


@pytest.fixture
def sqlite_doctor(clock: MovedClock, tmp_path: Path) -> Iterator[Doctor]:
    """The same for rules that ask nothing of the database that differs."""
    database = Database(f"sqlite:///{tmp_path}/campaign.db", connections=2)
    database.upgrade()
    yield opened(database, clock, tmp_path)
    database.close()


def test_readings_that_come_to_no_end_are_found_however_often_they_are_claimed(sqlite_doctor: Doctor) -> None:
    now = sqlite_doctor.clock.now()
    claimed, later = now + 4 * MINUTE, now + 20 * MINUTE
    with sqlite_doctor.database.write() as session:
        account = add_account(session, now)
        for ago, next_at in ((150, later), (149, claimed), (151, claimed), (200, now - MINUTE), (240, None)):
            facts = {"published_at": now - ago * MINUTE, "next_reading_at": next_at, "status": Status.PUBLISHED}
            add_post(session, account, now, changes=facts)
    finding = one(sqlite_doctor, Rule.READINGS_OVERDUE)
    assert finding.severity is Severity.WARNING
    assert "2 posts" in finding.what
    assert "due 2 hours ago" in finding.what


def test_while_no_daemon_runs_nobody_takes_readings(sqlite_doctor: Doctor, clock: MovedClock) -> None:
    with sqlite_doctor.database.write() as session:
        facts = {"published_at": clock.now(), "next_reading_at": clock.now(), "status": Status.PUBLISHED}
        add_post(session, add_account(session, clock.now()), clock.now(), changes=facts)
    clock.move(9 * DAY)
    assert found(sqlite_doctor, Rule.DAEMON_SILENT)
    assert found(sqlite_doctor, Rule.READINGS_OVERDUE) == []


def test_where_all_is_well_nothing_is_found(doctor: Doctor) -> None:
    with doctor.database.write() as session:
        account = add_account(session, doctor.clock.now())
        add_post(session, account, doctor.clock.now() + DAY)
        add_post(session, account, doctor.clock.now())
    assert doctor.examine() == []


def test_a_daemon_that_does_not_tick_is_found(doctor: Doctor, clock: MovedClock) -> None:
    clock.move(61 * SECOND)
    assert found(doctor, Rule.DAEMON_SILENT)[0].severity is Severity.ERROR


def test_a_dead_daemon_whose_clock_was_ahead_is_found(sqlite_doctor: Doctor, clock: MovedClock) -> None:
    clock.move(-3000 * SECOND)
    assert "ahead of this machine's clock" in one(sqlite_doctor, Rule.DAEMON_SILENT).what
    assert one(sqlite_doctor, Rule.CLOCK_OFFSET).subject == "here:1"


def test_posts_that_could_have_gone_are_counted_with_the_oldest(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        for minutes in (2, 5):
            add_post(session, add_account(session, now), now - minutes * MINUTE)
    finding = one(doctor, Rule.POSTS_OVERDUE)
    assert "2 posts" in finding.what
    assert "5 minutes" in finding.what


@pytest.mark.parametrize("keeps", ["quiet", "no agreement", "stale", "changed", "equal to one in doubt"])
def test_a_post_that_no_claim_would_take_is_not_overdue(doctor: Doctor, keeps: str) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        account = add_account(session, now, agrees=keeps != "no agreement")
        post = add_post(session, account, now - 5 * MINUTE)
        if keeps == "quiet":
            span = {"from_at": now - DAY, "until_at": now + DAY}
            session.add(QuietSpan(partner_id=post.partner_id, name="pre-election period", **span))
        elif keeps == "stale":
            post.stale_at = now - MINUTE
        elif keeps == "changed":
            post.content_hash = "another"
        elif keeps == "equal to one in doubt":
            add_post(session, account, now, status=Status.UNCONFIRMED, words=str(post.draft["words"]))
        session.add(post)
    assert found(doctor, Rule.POSTS_OVERDUE) == []


def test_a_post_is_overdue_beside_another_one_in_doubt(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        account = add_account(session, now)
        add_post(session, account, now - 5 * MINUTE)
        add_post(session, account, now, status=Status.UNCONFIRMED)
    assert "1 post " in one(doctor, Rule.POSTS_OVERDUE).what


def test_a_due_post_that_cannot_be_composed_is_named(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        account = add_account(session, now)
        whole = add_post(session, account, now - MINUTE, changes={"next_try_at": now + MINUTE})
        newer = {**whole.draft, "from_a_newer_worker": 1}
        broken = add_post(session, account, now - MINUTE, changes={"next_try_at": now + MINUTE, "draft": newer})
        add_post(session, account, now + DAY, changes={"draft": newer})
        subject = str(broken.ident)
    finding = one(doctor, Rule.POST_BROKEN)
    assert (finding.subject, finding.severity) == (subject, Severity.ERROR)
    assert f"Post {subject}" in finding.what


@pytest.mark.parametrize(("minutes", "severities"), [(5, []), (7, [Severity.WARNING]), (31, [Severity.ERROR])])
def test_a_post_in_doubt_is_named_once_its_look_ups_should_have_ended(
    doctor: Doctor, minutes: int, severities: Sequence[Severity]
) -> None:
    unconfirmed(doctor, doctor.clock.now() - minutes * MINUTE)
    assert [finding.severity for finding in found(doctor, Rule.POST_UNCONFIRMED)] == severities


def unconfirmed(doctor: Doctor, started: datetime, **changes: object) -> int:
    with doctor.database.write() as session:
        account = add_account(session, doctor.clock.now())
        more = {"tries": 1, **changes}
        status = Status(str(more.pop("status", Status.UNCONFIRMED)))
        post = add_post(session, account, started, status=status, changes=more)
        session.add(attempt(post.ident, started, started))
        return post.ident


def attempt(post_id: int, started: datetime, lease_until: datetime) -> Attempt:
    return Attempt(
        post_id=post_id, number=1, owner="dead:7", content_hash="h", started_at=started, lease_until=lease_until
    )


def test_a_post_for_a_person_comes_with_the_command_that_settles_it(doctor: Doctor) -> None:
    lost = unconfirmed(doctor, doctor.clock.now(), needs_person="LinkedIn does not let us look")
    gone = unconfirmed(doctor, doctor.clock.now(), needs_person="delete it by hand", status=Status.RETRACTING)
    first, second = sorted(found(doctor, Rule.POST_NEEDS_PERSON), key=lambda finding: int(finding.subject))
    assert f"campaign settle {lost} --published URL" in first.mend
    assert "LinkedIn does not let us look" in first.what
    assert f"campaign settle {gone} --not-published" in second.mend
    assert {first.severity, second.severity} == {Severity.ERROR}


def test_posts_that_ended_badly_lately_are_counted(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        account = add_account(session, now)
        for status, age in ((Status.MISSED, 1), (Status.MISSED, 8), (Status.FAILED, 2)):
            add_post(session, account, now - age * DAY, status=status)
    assert "1 post " in one(doctor, Rule.POSTS_MISSED).what
    assert "1 post " in one(doctor, Rule.POSTS_FAILED).what


def test_a_lease_that_nobody_took_over_is_found(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        account = add_account(session, now)
        post = add_post(session, account, now - DAY, status=Status.PUBLISHING, changes={"tries": 1})
        session.add(attempt(post.ident, now - 5 * MINUTE, now - 2 * MINUTE))
        lane = session.get_one(Lane, account.ident)
        lane.owner, lane.lease_until = "dead:7", now - 2 * MINUTE
        session.add(lane)
    findings = found(doctor, Rule.LEASE_STALE)
    assert [finding.severity for finding in findings] == [Severity.ERROR, Severity.WARNING]
    assert all("dead:7" in finding.what for finding in findings)


def test_a_lease_that_lives_or_ended_just_now_is_no_finding(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        for until in (now + MINUTE, now - 20 * SECOND):
            account = add_account(session, now)
            post = add_post(session, account, now, status=Status.PUBLISHING, changes={"tries": 1})
            session.add(attempt(post.ident, now, until))
    assert found(doctor, Rule.LEASE_STALE) == []


def test_a_key_that_others_can_read_is_found_with_the_command_that_mends_it(sqlite_doctor: Doctor) -> None:
    sqlite_doctor.key_file.chmod(0o644)
    assert "chmod 600" in one(sqlite_doctor, Rule.KEY_FILE).mend
    sqlite_doctor.key_file.unlink()
    assert "cannot be read" in one(sqlite_doctor, Rule.KEY_FILE).what


def test_an_image_of_the_next_days_posts_that_is_not_here_is_named_once(
    sqlite_doctor: Doctor, clock: MovedClock, tmp_path: Path
) -> None:
    drafts = {
        name: draft_to_json(Draft("Look", media=(Media(name[0], "image/png", "A class", Path(name)),)))
        for name in ("here.png", "gone.png", "later.png")
    }
    with sqlite_doctor.database.write() as session:
        for name, days in (("here.png", 0.5), ("gone.png", 0.5), ("gone.png", 0.9), ("later.png", 1.1)):
            changes = {"draft": drafts[name], "media_key": name}
            add_post(session, add_account(session, clock.now()), clock.now() + days * DAY, changes=changes)
    sqlite_doctor.contents.media_folder.mkdir()
    (sqlite_doctor.contents.media_folder / "here.png").touch()
    finding = one(sqlite_doctor, Rule.IMAGE_MISSING)
    assert (finding.subject, finding.severity) == ("gone.png", Severity.ERROR)
    assert "2 posts" in finding.what


def test_a_disk_is_named_once_and_graver_when_it_is_nearly_full(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    folders = [tmp_path, tmp_path / "below"]
    low, full = 1 << 62, 1 << 61
    assert list(machine.disks(folders, warning=1, error=0)) == []
    assert [finding.severity for finding in machine.disks(folders, warning=low, error=0)] == [Severity.WARNING]
    assert [finding.severity for finding in machine.disks(folders, warning=low, error=full)] == [Severity.ERROR]


def test_a_clock_that_disagrees_with_the_database_or_another_process_is_found(
    doctor: Doctor, clock: MovedClock
) -> None:
    with doctor.database.write() as session:
        upkeep.tick(session, "ahead:2", clock.now() + 10 * SECOND, None)
    finding = one(doctor, Rule.CLOCK_OFFSET)
    assert "behind that of the process ahead:2" in finding.what
    clock.move(-DAY)
    subjects = {finding.subject for finding in found(doctor, Rule.CLOCK_OFFSET)}
    assert subjects == {"ahead:2", "here:1"} | (set() if doctor.database.is_sqlite else {"database"})


def test_a_hold_that_stands_for_more_than_a_day_is_recalled(doctor: Doctor) -> None:
    with doctor.database.write() as session:
        for scope, age in (("channel:x", 25), ("channel:facebook", 23)):
            held_at = doctor.clock.now() - timedelta(hours=age)
            session.add(Hold(scope=scope, reason="a wrong figure", held_by="rita", held_at=held_at))
    finding = one(doctor, Rule.HOLD_OLD)
    assert finding.subject == "channel:x"
    assert "campaign release channel:x" in finding.mend


def test_an_import_of_readers_that_broke_off_is_named_before_its_issues_are_missed(
    doctor: Doctor, clock: MovedClock
) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        session.add(MailingList(key="parents", importing_at=now, importing_file="readers.csv"))
        session.add(MailingList(key="staff"))
    assert found(doctor, Rule.IMPORT_BROKEN) == [], "it may be under way"
    clock.move(6 * MINUTE)
    assert one(doctor, Rule.IMPORT_BROKEN).severity is Severity.WARNING
    assert "readers.csv" in one(doctor, Rule.IMPORT_BROKEN).mend
    with doctor.database.write() as session:
        for key, due_at in (("parents", now + DAY), ("parents", now + 2 * DAY), ("staff", now + DAY)):
            issue = add_post(session, add_account(session, now, channel="email"), due_at)
            issue.draft = {**issue.draft, "audience": key}
    assert one(doctor, Rule.IMPORT_BROKEN).severity is Severity.ERROR
    assert "1 is due within a day" in one(doctor, Rule.IMPORT_BROKEN).what


def test_mail_and_webhook_that_do_not_get_out_are_found(doctor: Doctor) -> None:
    then = doctor.clock.now() - 16 * MINUTE
    with doctor.database.write() as session:
        for tries in (0, 1):
            facts = {"to": "a@example.org", "subject": "s", "body": "b", "created_at": then, "next_try_at": then}
            session.add(Notice(**facts, kind="missed", tries=tries))
        session.add(raised(then))
    assert one(doctor, Rule.MAIL_STUCK).severity is Severity.ERROR
    assert "1 mails" in one(doctor, Rule.MAIL_STUCK).what, "the pause between two letters is no trouble"
    assert one(doctor, Rule.WEBHOOK_STUCK).severity is Severity.ERROR


def test_mail_that_nobody_tries_is_found_once_no_pause_keeps_it_back(sqlite_doctor: Doctor, clock: MovedClock) -> None:
    at = clock.now()
    with sqlite_doctor.database.write() as session:
        facts = {"to": "a@example.org", "subject": "s", "body": "b", "created_at": at, "next_try_at": at}
        session.add(Notice(**facts, kind="of_a_newer_version"))
    clock.move(25 * MINUTE)
    assert found(sqlite_doctor, Rule.MAIL_STUCK) == []
    clock.move(SECOND)
    assert one(sqlite_doctor, Rule.MAIL_STUCK).severity is Severity.ERROR


def raised(at: datetime) -> Alert:
    return Alert(rule="r", subject="s", sign="", what="w", mend="m", opened_at=at, told_at=at, call_at=at, calls=3)


def test_the_gravest_come_first(doctor: Doctor, clock: MovedClock) -> None:
    with doctor.database.write() as session:
        add_post(session, add_account(session, clock.now()), clock.now() - DAY, status=Status.MISSED)
    clock.move(2 * MINUTE)
    severities = [finding.severity for finding in doctor.examine()]
    assert severities == sorted(severities)
    assert set(severities) == set(Severity)


def test_the_examination_writes_nothing(doctor: Doctor, database: Database) -> None:
    connected(doctor, "x", {**RENEWABLE, "expires_at": doctor.clock.now().isoformat()})
    with database.read() as session:
        before = session.get_one(Account, 1).model_dump()
    doctor.examine()
    with database.read() as session:
        assert session.get_one(Account, 1).model_dump() == before
