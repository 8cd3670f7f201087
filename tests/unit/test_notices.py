"""Notices go out once, whichever machine sends them, and again where nobody knows."""

from datetime import timedelta
from email.message import EmailMessage

from conftest import MovedClock

from campaign.errors import NeverSent
from campaign.models import Database
from campaign.models.users import Notice
from campaign.notices import Notices


def written(database: Database, clock: MovedClock, *names: str) -> None:
    with database.write() as session:
        for name in names:
            session.add(
                Notice(to=name, subject="s", body="b", created_at=clock.now(), next_try_at=clock.now()),
            )


def test_of_two_machines_one_mails_a_notice(database: Database, clock: MovedClock) -> None:
    written(database, clock, "a@example.org", "b@example.org")
    sent = list[tuple[str, str]]()
    other = Notices(database, clock, "us@example.org", lambda mail: sent.append(("other", mail["To"])))

    def send(mail: EmailMessage) -> None:
        sent.append(("first", mail["To"]))
        other.chore(clock.now())

    Notices(database, clock, "us@example.org", send).chore(clock.now())
    assert sorted(sent) == [("first", "a@example.org"), ("other", "b@example.org")]
    clock.move(timedelta(days=1))
    other.chore(clock.now())
    assert len(sent) == 2


def test_a_notice_whose_sender_died_in_mid_send_goes_again(database: Database, clock: MovedClock) -> None:
    written(database, clock, "a@example.org")

    def die(_mail: EmailMessage) -> None:
        raise SystemExit

    try:
        Notices(database, clock, "us@example.org", die).chore(clock.now())
    except SystemExit:
        clock.move(timedelta(minutes=5))
    sent = list[str]()
    Notices(database, clock, "us@example.org", lambda mail: sent.append(mail["To"])).chore(clock.now())
    assert sent == ["a@example.org"]


def test_a_mail_server_that_is_away_is_asked_again_later(database: Database, clock: MovedClock) -> None:
    written(database, clock, "a@example.org", "b@example.org")
    asked = list[str]()

    def refuse(mail: EmailMessage) -> None:
        asked.append(mail["To"])
        raise NeverSent("nobody listens")

    work = Notices(database, clock, "us@example.org", refuse)
    work.chore(clock.now())
    assert asked == ["a@example.org"]
    clock.move(timedelta(minutes=6))
    work.chore(clock.now())
    assert asked == ["a@example.org", "a@example.org"]
