"""Who is told what: a partner's officers who want it and its contact address, else the reviewers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from builders import unsent
from conftest import MovedClock
from pages_room import Room
from reviewing import Office, opened_office

from campaign import tell
from campaign.health.endings import stage
from campaign.models import listing, partners, users
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.users import Mail, User
from campaign.notices.kinds import Kind
from campaign.review import rules
from campaign.review.digest import Digest, next_after

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def person(name: str, mail: Mail = Mail.ALL) -> User:
    return User(name=name, role="officer", email=f"{name}@oak.org", mail=mail, added_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("officers", "contact", "asks", "told"),
    [
        ([person("ann"), person("bob")], "office@oak.org", True, {"ann@oak.org", "bob@oak.org", "office@oak.org"}),
        ([person("ann", Mail.NEEDS_ME), person("bob")], "", False, {"bob@oak.org"}),
        ([person("ann", Mail.NEEDS_ME)], "", True, {"ann@oak.org"}),
        ([person("ann", Mail.NONE)], "Ann@oak.org", True, set()),
        ([person("ann", Mail.NONE)], "office@oak.org", True, {"office@oak.org"}),
        ([], "office@oak.org", True, {"office@oak.org"}),
        ([], "", True, set()),
    ],
)
def test_a_partners_mail_goes_to_who_wants_it(officers: list[User], contact: str, asks: bool, told: set[str]) -> None:  # noqa: FBT001 - a case
    oak = Partner(key="oak", name="Oak", details={"contact_email": contact}, joined_at=datetime.now(UTC))
    assert tell.addressees(officers, oak, asks=asks) == told


def told(office: Office) -> list[tuple[str, str]]:
    with office.database.read() as session:
        return [(notice.to.partition("@")[0], notice.subject.partition(": ")[2]) for notice in unsent(session)]


def test_a_missed_post_is_told_in_local_time_and_to_the_reviewers_where_no_officer_is(office: Office) -> None:
    office.reach("rita", "rita@example.org", Mail.ALL)
    office.reach("rolf", "rolf@example.org", Mail.NONE)
    office.reach("otto", "otto@example.org", Mail.ALL)
    for partner in ("oak", "elm"):
        post_id = office.post(partner, status=Status.MISSED, changes={"slot": "launch"})
        with office.database.write() as session:
            tell.missed(session, session.get_one(Post, post_id), "later than the grace", office.clock.now())
    assert told(office) == [("otto", "a post was missed"), ("rita", "a post was missed")]
    with office.database.read() as session:
        body = unsent(session)[0].body
    assert " on X, Tuesday 2 December, 11am, launch: not published, later than the grace.\n" in body


def test_an_event_that_moved_is_told_once_to_each_partner_whose_posts_are_held(office: Office) -> None:
    office.reach("olga", "olga@example.org", Mail.ALL)
    office.reach("otto", "otto@example.org", Mail.NEEDS_ME)
    office.reach("ella", "ella@example.org", Mail.ALL)
    for partner, status in (("oak", Status.APPROVED), ("oak", Status.IN_REVIEW), ("elm", Status.PUBLISHED)):
        office.post(partner, status=status, changes={"event": "early", "slot": status.value})
    for _ in range(2):
        with office.database.write() as session:
            rules.hold_events(session, {"early": "the event early has moved"}, office.clock.now())
    assert told(office) == [("olga", "the event early has moved")], "it asks nothing of otto"
    with office.database.read() as session:
        assert "2 posts of yours are on hold" in unsent(session)[0].body


@pytest.mark.parametrize(
    ("left", "found"),
    [
        (timedelta(days=15), ""),
        (timedelta(days=14), "14d"),
        (timedelta(days=3), "3d"),
        (timedelta(minutes=1), "3d"),
        (timedelta(), "0d"),
        (timedelta(days=-9), "0d"),
    ],
)
def test_the_end_of_an_access_has_three_stages(left: timedelta, found: str) -> None:
    assert stage(left) == found


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2025, 12, 1), (2025, 12, 2, 8, 30)),
        (date(2025, 12, 24), (2025, 12, 29, 8, 30)),
        (date(2026, 3, 28), (2026, 3, 30, 7, 30)),
    ],
)
def test_the_digest_comes_on_working_days_at_the_local_hour(day: date, following: tuple[int, ...]) -> None:
    year, month, of_month, hour, minute = following
    assert next_after(day, time(8, 30), LONDON) == datetime(year, month, of_month, hour, minute, tzinfo=UTC)


def test_reviewers_hear_each_morning_what_awaits_them_and_nothing_where_nothing_does(
    office: Office, clock: MovedClock
) -> None:
    office.reach("rita", "rita@example.org", Mail.NEEDS_ME)
    office.reach("rolf", "rolf@example.org", Mail.NONE)
    office.reach("adam", "adam@example.org", Mail.ALL)
    office.reach("olga", "olga@example.org", Mail.ALL)
    workers = [Digest(office.database, time(9, 30), "Europe/London") for _ in range(2)]
    assert workers[0].chore(clock.now()) == clock.now() + HOUR / 2
    clock.move(HOUR)
    for worker in workers:
        worker.chore(clock.now())
    assert told(office) == []
    for partner in ("oak", "oak", "elm"):
        office.post(partner, after=30 * HOUR)
    clock.move(24 * HOUR)
    for worker in (*workers, Digest(office.database, time(9, 30), "Europe/London")):
        worker.chore(clock.now())
    with office.database.read() as session:
        [notice] = unsent(session)
        names = {partner.key: partner.name for partner in partners.partners(session)}
    assert (notice.to, notice.kind, notice.subject) == ("rita@example.org", Kind.DIGEST, "3 posts to review")
    assert f"Wednesday 3 December: 3 posts\n  {names['oak']} 2, {names['elm']} 1\n" in notice.body


def test_what_awaits_review_is_counted_by_the_database_and_keeps_nobody_from_writing(
    office: Office, clock: MovedClock
) -> None:
    digest = Digest(office.database, time(9, 30), "Europe/London")
    clock.move(25 * HOUR)
    with office.database.write():
        digest.chore(clock.now())
    for number in range(6):
        office.post("oak", after=30 * HOUR, changes={"slot": f"slot {number}"})
    with office.database.read() as session:
        [(hour, _, posts)] = listing.awaiting_review(session)
    assert (hour, posts) == (clock.now() + 30 * HOUR, 6)


def test_a_person_chooses_on_their_account_which_mail_they_get(room: Room) -> None:
    browser = room.browser("olga")
    assert "so you get no mail" in browser.get("/account").text
    room.office.reach("olga", "olga@example.org")
    assert browser.send("/account/mail", mail="some").status_code == 422
    assert browser.send("/account/mail", mail="needs_me").status_code == 303
    with room.office.database.read() as session:
        olga = users.user(session, "olga")
    assert olga is not None
    assert (olga.wants(asks=True), olga.wants(asks=False)) == (True, False)
