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
from campaign.review.decisions import approve
from campaign.review.digest import Digest, next_after
from campaign.review.rearranging import reschedule

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
        [waiting] = listing.awaiting_review(session, "dfe")
    assert (waiting.hour, waiting.posts) == (clock.now() + 30 * HOUR, 6)


def test_a_partner_that_approves_hears_each_morning_what_awaits_its_own_yes(office: Office, clock: MovedClock) -> None:
    for name in ("rita", "olga", "ella"):
        office.reach(name, f"{name}@example.org", Mail.NEEDS_ME)
    office.join("ash", approver="partner")
    set_approver(office, oak="partner", elm="both")
    posts = [office.post(partner, after=30 * HOUR) for partner in ("oak", "oak", "elm", "elm", "ash")]
    say_yes(office, "ella", posts[2])
    clock.move(HOUR)
    for _ in range(2):
        Digest(office.database, time(9, 30), "Europe/London").chore(clock.now())
    with office.database.read() as session:
        notices = {(one.to.partition("@")[0], one.subject.rpartition(": ")[2]): one for one in unsent(session)}
    assert set(notices) == {
        ("olga", "2 posts to review"),
        ("ella", "1 post to review"),
        ("rita", "2 posts to review"),  # of elm, which DfE approves too
        ("rita", "1 post to review"),  # of ash, which has nobody who can be told
    }
    oak = office.partner()
    mine = notices["olga", "2 posts to review"]
    assert (mine.kind, mine.key) == (Kind.DIGEST, "digest:2025-12-02:oak:olga@example.org")
    assert mine.subject == f"{oak.name}: 2 posts to review"
    assert mine.body == f"{oak.name}: 2 posts wait for the partner's own yes.\n\nWednesday 3 December: 2 posts\n"


def test_reviewers_are_not_asked_again_for_what_dfe_has_approved(office: Office, clock: MovedClock) -> None:
    office.reach("rita", "rita@example.org")
    set_approver(office, oak="both")
    post = office.post("oak", after=60 * HOUR)
    say_yes(office, "rita", post)
    assert office.seen(post).status == Status.IN_REVIEW
    with office.database.read() as session:
        assert listing.awaiting_review(session, "dfe") == []
        [waiting] = listing.awaiting_review(session, "partner")
        assert (waiting.key, waiting.posts) == ("oak", 1)
    with office.deciding("otto", post) as (desk, row):
        reschedule(desk, row, clock.now() + 61 * HOUR)
    with office.database.read() as session:
        [waiting] = listing.awaiting_review(session, "dfe")
    assert (waiting.key, waiting.posts) == ("oak", 1), "another content is asked for anew"


def set_approver(office: Office, **approvers: str) -> None:
    with office.database.write() as session:
        for key, approver in approvers.items():
            partner = partners.partner_by_key(session, key)
            assert partner is not None
            partner.approver = approver
            session.add(partner)


def say_yes(office: Office, name: str, post: int) -> None:
    with office.deciding(name, post) as (desk, row):
        assert not approve(desk, row, row.post.content_hash)


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
