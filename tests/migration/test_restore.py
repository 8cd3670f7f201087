"""What becomes of posts, issues and readers when a database is put back that time went on without."""

from datetime import timedelta

import pytest
from backup_place import HOUR, Place
from builders import CONTENTS, unsent
from sqlmodel import col, select

from campaign.backup.ruling import lines
from campaign.clock import iso
from campaign.hooks import managing
from campaign.models import audit, deliveries, holds, hooks, lanes, listing, mailing, sign_in, upkeep, users
from campaign.models.deliveries import Delivery
from campaign.models.hooks import Hook, HookCall
from campaign.models.mailing import MailingList, Subscriber, Suppression
from campaign.models.notices import Notice
from campaign.models.partners import Campaign, Lane
from campaign.models.posts import Attempt, Post
from campaign.models.sign_in import Passkey, Password
from campaign.models.status import Status
from campaign.models.users import User
from campaign.people import passkeys, passwords, roster, tickets
from campaign.people.passwords import Hashed
from campaign.people.tickets import Purpose
from campaign.review.decisions import Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_everything_is_held_and_the_reason_names_the_backup(place: Place) -> None:
    made_at = place.clock.now()
    place.stale()
    with place.database.read() as session:
        (hold,) = holds.active(session)
        last = audit.rows(session)[-1]
        assert list(audit.faults(session)) == []
    assert (hold.scope, hold.held_by) == ("everything", "operator")
    assert iso(made_at) in hold.reason
    assert (last.action, last.facts["backup"]) == ("restore", iso(made_at))


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.PUBLISHING])
def test_what_may_have_gone_out_since_is_looked_up_first(place: Place, status: Status) -> None:
    made_at = place.clock.now()
    ident = place.add(status, timedelta(minutes=30))
    if status is Status.PUBLISHING:
        with place.database.write() as session:
            session.add(
                Attempt(post_id=ident, number=1, owner="h:1", content_hash="c", started_at=made_at, lease_until=made_at)
            )
            session.get_one(Post, ident).tries = 1
    assert place.stale().ruled.to_look_up == 1
    with place.database.read() as session:
        post = session.get_one(Post, ident)
        (attempt,) = lanes.attempts(session, ident)
        assert upkeep.to_look_up(session, place.clock.now()) == [(ident, "x")]
        assert [event.move for event in listing.events(session, ident)] == ["restore"]
    assert (post.status, post.tries, post.needs_person) == (Status.UNCONFIRMED, 1, None)
    assert (attempt.outcome, attempt.started_at, attempt.media_ids) == ("unknown", made_at, [])
    assert attempt.closed_at == attempt.lease_until == place.clock.now()


def test_what_is_still_to_come_stays_and_so_does_what_is_settled(place: Place) -> None:
    later = place.add(Status.APPROVED, 2 * HOUR)
    settled = [place.add(status, -HOUR) for status in (Status.PUBLISHED, Status.MISSED, Status.WITHDRAWN)]
    assert place.stale().ruled.to_look_up == 0
    assert place.status(later) == "approved"
    assert [place.status(ident) for ident in settled] == ["published", "missed", "withdrawn"]


def test_a_post_that_may_have_been_moved_inside_its_window_is_looked_up(place: Place) -> None:
    opens = place.clock.now() + timedelta(minutes=30)
    ident = place.add(Status.APPROVED, 2 * HOUR, window_from=opens)
    place.stale()
    assert place.status(ident) == "unconfirmed"


def test_what_was_unconfirmed_already_is_looked_up_anew(place: Place) -> None:
    ident = place.add(Status.UNCONFIRMED, -HOUR, good_reads=2, looks=4, first_read_at=place.clock.now() - HOUR)
    assert place.stale().ruled.to_look_up == 1
    with place.database.read() as session:
        post = session.get_one(Post, ident)
    assert (post.good_reads, post.first_read_at, post.next_look_at) == (0, None, place.clock.now())


def test_posts_by_hand_and_issues_wait_for_a_person(place: Place) -> None:
    by_hand = place.add(Status.APPROVED, timedelta(minutes=30), mode="by-hand")
    handed = place.add(Status.BY_HAND, -HOUR, mode="by-hand")
    issue = place.add(Status.APPROVED, timedelta(minutes=30), channel="email")
    ruled = place.stale().ruled
    assert (ruled.to_look_up, ruled.to_ask) == (0, 3)
    with place.database.read() as session:
        assert upkeep.to_look_up(session, place.clock.now()) == []
        assert {row.post.ident for row in listing.waiting_for_person(session)} == {by_hand, handed, issue}


def test_copies_of_a_begun_issue_that_may_have_gone_out_are_not_sent_again(place: Place) -> None:
    now = place.clock.now()
    issue = place.add(Status.APPROVED, timedelta(days=-1), channel="email", started_at=now - HOUR)
    with place.database.write() as session:
        for number, status in enumerate(("sent", "waiting", "deferred", "sending", "bounced")):
            email, token = f"{number}@example.org", str(number)
            session.add(Delivery(post_id=issue, email=email, token=token, status=status, next_try_at=now))
    assert place.stale().ruled.copies_in_doubt == 3
    with place.database.read() as session:
        found = [row.status for row in deliveries.of_issue(session, issue)]
        assert deliveries.next_try_at(session, issue) is None
    assert found == ["sent", "unknown", "unknown", "unknown", "bounced"]
    assert place.status(issue) == "unconfirmed"


def test_lanes_are_free_and_old_mails_to_people_do_not_go_twice(place: Place) -> None:
    place.add(Status.APPROVED, 2 * HOUR)
    now = place.clock.now()
    with place.database.write() as session:
        (lane,) = session.exec(select(Lane))
        lane.owner, lane.lease_until = "host:1", now + HOUR
        session.add(Notice(to="olga@example.org", subject="publish this", body="", created_at=now, next_try_at=now))
    place.stale()
    with place.database.read() as session:
        assert [lane.owner for lane in session.exec(select(Lane))] == [None]
        assert [notice.to for notice in unsent(session)] == ["op@example.org"]


def test_webhooks_are_off_and_tell_nothing_of_before_the_restore_when_switched_on(place: Place) -> None:
    now = place.clock.now()
    ident = place.add(Status.APPROVED, timedelta(minutes=30))
    with place.database.write() as session:
        for key, off_at in (("on", None), ("off", now)):
            hook = Hook(
                key=key, place="h", kinds=["failed"], sealed=b"", made_by="o", made_at=now, seen_event=0, off_at=off_at
            )
            session.add(hook)
            session.flush()
            for message, again_at in (("waits", now), ("given up", None)):
                call = {"message": f"{key} {message}", "kind": "failed", "body": "", "made_at": now}
                session.add(HookCall.model_validate({"hook_id": hook.ident, "next_try_at": again_at, **call}))
    ruled = place.stale().ruled
    assert ruled.webhooks_off == 2
    assert any("2 webhooks are switched off" in line for line in lines(ruled))
    with place.database.write() as session:
        last = listing.events(session, ident)[-1].id
        found = hooks.hooks(session)
        assert [(one.off_by, one.off_why) for one in found] == [("operator", "restored from a backup")] * 2
        assert [one.seen_event for one in found] == [last] * 2
        person = users.user(session, "operator")
        assert person is not None
        desk = Desk(session, CONTENTS, person, place.clock.now())
        assert [managing.switch_on(desk, one) for one in found] == [0, 0]


def test_who_left_since_gets_no_mail_though_the_backup_knows_nothing_of_it(place: Place) -> None:
    now = place.clock.now()
    with place.database.write() as session:
        readers = MailingList(key="readers")
        session.add(readers)
        session.flush()
        for token in ("stays", "leaves"):
            session.add(
                Subscriber(
                    list_id=readers.ident,
                    email=f"{token}@example.org",
                    token=token,
                    consent_source="form",
                    consent_at=now,
                )
            )
    path = place.backup()
    place.clock.move(HOUR)
    left_at = place.clock.now()
    with place.database.write() as session:
        mailing.unsubscribe(session, "leaves", left_at)
        mailing.suppress(session, "dead@example.org", "bounced", left_at)
    assert place.restore(path, force=True).ruled.opt_outs_kept == 2
    with place.database.read() as session:
        assert {row.token: row.unsubscribed_at for row in session.exec(select(Subscriber))} == {
            "stays": None,
            "leaves": left_at,
        }
        (row,) = session.exec(select(Suppression).where(col(Suppression.reason) == "bounced"))
        assert row.at == left_at


def test_numbers_that_come_again_make_no_message_id_that_went_out_before(place: Place) -> None:
    place.stale()
    with place.database.read() as session:
        assert session.exec(select(Campaign)).one().salt != "first"


def person(place: Place, name: str, role: str, **values: object) -> None:
    with place.database.write() as session:
        known = {"email": f"{name}@example.org", "added_at": place.clock.now()}
        found = users.user(session, name) or User(name=name, role=role, **known)
        for column, value in ({"role": role} | values).items():
            setattr(found, column, value)
        session.add(found)


def test_who_was_sent_away_or_lost_a_role_since_stays_so_and_hears_nothing(place: Place) -> None:
    for name, role in (("mallory", "reviewer"), ("ada", "admin"), ("rita", "reviewer"), ("oscar", "officer")):
        person(place, name, role)
    path = place.backup()
    place.clock.move(HOUR)
    person(place, "mallory", "reviewer", active=False)
    person(place, "ada", "officer", partner_key="p")
    person(place, "rita", "admin")
    person(place, "oscar", "officer", partner_key="q")
    person(place, "operator", "reviewer")
    ruled = place.restore(path, force=True).ruled
    assert ruled.kept_out == ("ada", "mallory", "oscar")
    assert ruled.fallen_back == (
        "operator (admin where they were reviewer)",
        "rita (reviewer where they were admin)",
    ), "whoever restores must be able to"
    with place.database.read() as session:
        found = {one.name: (one.role, one.partner_key, one.active) for one in users.users(session)}
        assert {notice.to for notice in unsent(session)} == {"op@example.org", "rita@example.org"}
        assert audit.rows(session)[-1].facts["kept_out"] == ["ada", "mallory", "oscar"]
    assert (found["mallory"], found["ada"]) == (("reviewer", None, False), ("officer", "p", True))
    assert found["oscar"] == ("officer", "q", True)
    assert any(
        "Sent away or with less to do since, and so still: ada, mallory, oscar." in line for line in lines(ruled)
    )


def test_no_invitation_opens_a_second_time(place: Place) -> None:
    now = place.clock.now()
    person(place, "ivy", "reviewer")
    with place.database.write() as session:
        secret = tickets.issue(session, roster.anybody(session, "ivy"), Purpose.INVITATION, by="operator", now=now)
    path = place.backup()
    with place.database.write() as session:
        assert tickets.use(session, secret, Purpose.INVITATION, now) is not None
    place.restore(path, force=True)
    with place.database.read() as session:
        assert tickets.look(session, secret, Purpose.INVITATION, now) is None


def test_a_line_names_whose_ways_in_are_those_of_the_backup_again(place: Place) -> None:
    now = place.clock.now()
    for name in ("ivy", "rita", "rolf"):
        person(place, name, "reviewer")
        with place.database.write() as session:
            found = roster.anybody(session, name)
            codes = passkeys.new_codes(session, found, now)
            session.add(Passkey(user_id=found.ident, credential_id=name, public_key=b"", name="p", added_at=now))
            session.add(Password(user_id=found.ident, hash="of then", changed_at=now))
    path = place.backup()
    with place.database.write() as session:
        sign_in.drop_passkey(session, roster.anybody(session, "ivy").ident, 1)
        rolf = roster.anybody(session, "rolf")
        assert passkeys.use_code(session, rolf, codes[0], now)
        passwords.set_password(session, rolf, Hashed("newer"), now=now)
    ruled = place.restore(path, force=True).ruled
    assert ruled.fallen_back == ("ivy (passkey)", "rolf (password, recovery code)")
    [line] = [line for line in lines(ruled) if line.startswith("Roles, passwords")]
    assert line.endswith(
        "open invitations are void. Changed since, and fallen back: ivy (passkey), rolf (password, recovery code). "
        "Change them or invite anew."
    )
