"""Alerts and the heartbeat over real HTTP: told once, signed, tried again, told when over, and by one process alone."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import MovedClock
from receiver import Receiver, receiving
from sqlmodel import col, select
from structlog.testing import capture_logs

from campaign.errors import NeverSent
from campaign.health.alerts import Alerts, Told
from campaign.health.duty import Duty
from campaign.health.finding import Finding, Rule, Severity
from campaign.health.heartbeat import Heartbeat
from campaign.health.webhook import Ping, Webhook
from campaign.models import Database, restoring, upkeep
from campaign.models.alerts import Alert
from campaign.models.alerts import Duty as DutyRow
from campaign.models.notices import Notice
from campaign.models.partners import Campaign
from campaign.models.users import User

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SECRET = "a-secret-of-the-webhook"
STOPPED = Finding(Rule.ACCOUNT_STOPPED, Severity.ERROR, "oak x", "oak x has stopped: 401", "Connect it.", "401")
SOON = Finding(Rule.TOKEN_ENDS, Severity.WARNING, "oak x", "ends soon", "Connect it.")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@dataclass
class Watch:
    """A process that watches; what there is to be found stands in ``found``."""

    database: Database
    clock: MovedClock
    receiver: Receiver
    found: list[Finding] = field(default_factory=list)
    mail: tuple[str, ...] = ("ops@example.org",)

    def process(self, owner: str = "here:1") -> Alerts:
        timeout = timedelta(seconds=0.5)
        webhook = Webhook(f"{self.receiver.url}/hook", SECRET, timeout)
        told = Told("SEND", self.mail, webhook, DAY, "https://wiki.example.org/runbook")
        duty = Duty(self.database, self.clock, owner, "alerts", MINUTE)
        return Alerts(self.database, self.clock, duty=duty, told=told, examine=lambda: list(self.found))

    def turn(self, process: Alerts, *, after: timedelta = MINUTE) -> list[tuple[str, str]]:
        """Let time pass and the chore run; returns what the webhook was told: event and rule."""
        self.clock.move(after)
        before = len(self.receiver.calls)
        process.chore(self.clock.now())
        calls = self.receiver.calls[before:]
        return [(alert["event"], alert["rule"]) for call in calls for alert in call.document["alerts"]]

    def mails(self) -> list[Notice]:
        with self.database.read() as session:
            return list(session.exec(select(Notice).order_by(col(Notice.id))))


@pytest.fixture
def watch(database: Database, clock: MovedClock, receiver: Receiver) -> Watch:
    return Watch(database, clock, receiver)


def test_an_error_is_told_once_and_a_warning_never(watch: Watch) -> None:
    process = watch.process()
    watch.found = [STOPPED, SOON]
    assert watch.turn(process) == [("raised", "account-stopped")]
    assert watch.turn(process) == []
    [mail] = watch.mails()
    assert mail.to == "ops@example.org"
    assert mail.subject == "SEND: raised: oak x has stopped: 401"
    assert "Connect it." in mail.body
    assert "https://wiki.example.org/runbook#account-stopped" in mail.body


def test_a_change_is_told_and_a_moving_figure_is_not(watch: Watch) -> None:
    process = watch.process()
    for what, sign, told in (
        ("3 posts are late", "2", ["raised"]),
        ("2 posts are late", "2", []),
        ("5 posts are late", "3", ["changed"]),
        ("3 posts are late", "2", []),
    ):
        watch.found = [Finding(Rule.POSTS_OVERDUE, Severity.ERROR, "posts", what, "m", sign)]
        assert [event for event, _ in watch.turn(process)] == told
    watch.found = [STOPPED]
    watch.turn(process)
    watch.found = [Finding(Rule.ACCOUNT_STOPPED, Severity.ERROR, "oak x", "403", "m", "403")]
    assert ("changed", "account-stopped") in watch.turn(process)


def test_what_lasts_is_told_again_after_a_day(watch: Watch) -> None:
    process = watch.process()
    watch.found = [STOPPED]
    watch.turn(process)
    assert watch.turn(process, after=DAY - MINUTE) == []
    assert watch.turn(process) == [("reminded", "account-stopped")]
    assert watch.turn(process) == []


def test_the_end_is_told_and_what_comes_and_goes_is_told_once(watch: Watch) -> None:
    process = watch.process()
    watch.found = [STOPPED]
    watch.turn(process)
    watch.found = []
    assert watch.turn(process) == []
    watch.found = [STOPPED]
    assert watch.turn(process) == []
    watch.found = []
    assert [watch.turn(process) for _ in range(3)] == [[], [], [("over", "account-stopped")]]
    assert watch.turn(process) == []
    assert watch.mails()[-1].subject.startswith("SEND: over: ")
    watch.found = [STOPPED]
    assert watch.turn(process) == [("raised", "account-stopped")]


def test_many_findings_at_once_are_one_mail_and_one_call(watch: Watch) -> None:
    process = watch.process()
    watch.found = [
        Finding(Rule.ACCOUNT_STOPPED, Severity.ERROR, f"p{number} x", "stopped", "m") for number in range(30)
    ]
    assert len(watch.turn(process)) == 30
    assert len(watch.receiver.calls) == 1
    assert [mail.subject for mail in watch.mails()] == ["SEND: raised: stopped and 29 more"]


def test_a_call_is_signed_over_its_time_and_its_bytes(watch: Watch) -> None:
    watch.found = [STOPPED]
    watch.turn(watch.process())
    [call] = watch.receiver.calls
    stamp, _, digest = call.headers["Campaign-Signature"].partition(",v1=")
    seconds = stamp.removeprefix("t=")
    assert int(seconds) == int(watch.clock.now().timestamp())
    assert digest == hmac.new(SECRET.encode(), seconds.encode() + b"." + call.body, hashlib.sha256).hexdigest()
    assert SECRET.encode() not in call.body
    assert call.document["alerts"][0] | {"id": ""} == {
        "id": "",
        "turn": 1,
        "event": "raised",
        "rule": "account-stopped",
        "subject": "oak x",
        "what": "oak x has stopped: 401",
        "mend": "Connect it.",
        "runbook": "https://wiki.example.org/runbook#account-stopped",
        "opened_at": call.document["sent_at"],
        "closed_at": None,
    }


def test_an_alert_after_a_restore_is_none_that_was_told_before_it(watch: Watch) -> None:
    process = watch.process()
    with watch.database.write() as session:
        session.add(Campaign(name="SEND", timezone="Europe/London", salt="first", created_at=watch.clock.now()))
    watch.found = [STOPPED]
    watch.turn(process)
    with watch.database.write() as session:
        session.execute(sa.delete(Alert))
        restoring.set_salt(session, "second")
    watch.turn(process)
    first, second = (call.document["alerts"][0] for call in watch.receiver.calls)
    assert first["turn"] == second["turn"]
    assert first["id"] != second["id"]
    assert "first" not in first["id"]


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 404}, {"status": 302}, {"seconds": 3.0}])
def test_a_call_that_is_not_taken_is_made_again_until_it_is(watch: Watch, trouble: dict[str, Any]) -> None:
    process = watch.process()
    watch.found = [STOPPED]
    for name, value in trouble.items():
        setattr(watch.receiver, name, value)
    assert len(watch.turn(process)) == 1
    watch.receiver.status, watch.receiver.seconds = 204, 0.0
    assert watch.turn(process) == [("raised", "account-stopped")]
    assert watch.turn(process) == []
    assert {call.path for call in watch.receiver.calls} == {"/hook"}


def test_calls_to_a_dead_webhook_come_ever_later_and_end_after_three_days(watch: Watch) -> None:
    process = watch.process()
    watch.found = [STOPPED]
    watch.receiver.status = 500
    made = [bool(watch.turn(process)) for _ in range(12)]
    assert made[:4] == [True, True, True, False]
    assert sum(made) == 5
    watch.found = []
    for _ in range(3):
        watch.turn(process)
    for _ in range(80):
        watch.turn(process, after=timedelta(hours=1))
    assert watch.turn(process, after=DAY) == []


def test_a_change_while_the_webhook_is_away_is_what_it_hears_of_when_it_is_back(watch: Watch) -> None:
    process = watch.process()
    watch.found = [STOPPED]
    watch.receiver.status = 500
    watch.turn(process)
    watch.found = []
    for _ in range(2):
        watch.turn(process)
    watch.receiver.status = 204
    assert watch.turn(process, after=10 * MINUTE) == [("over", "account-stopped")]


def test_of_two_processes_one_tells_and_the_other_takes_over_when_it_dies(watch: Watch) -> None:
    first, second = watch.process("here:1"), watch.process("there:2")
    watch.found = [STOPPED]
    watch.clock.move(MINUTE)
    for process in (first, second, first, second):
        process.chore(watch.clock.now())
    assert len(watch.receiver.calls) == 1
    assert len(watch.mails()) == 1
    end_duty(watch)
    watch.found = [STOPPED, Finding(Rule.KEY_FILE, Severity.ERROR, "key", "open to all", "chmod")]
    assert watch.turn(second) == [("raised", "key-file")]


def end_duty(watch: Watch) -> None:
    """Let the duty's time run out, by whatever clock it is measured."""
    long_ago = watch.clock.now() - 1000 * DAY
    with watch.database.write() as session:
        session.execute(sa.update(DutyRow).values(until=long_ago))


def test_between_two_turns_the_database_is_not_asked(watch: Watch) -> None:
    process = watch.process()
    asked: list[str] = []

    def count() -> list[Finding]:
        asked.append("")
        return []

    process._examine = count
    process.chore(watch.clock.now())
    assert asked == [], "a daemon that has just started has to catch up first"
    watch.clock.move(MINUTE)
    for _ in range(5):
        process.chore(watch.clock.now())
    assert len(asked) == 1
    watch.clock.move(MINUTE)
    assert process.chore(watch.clock.now()) == watch.clock.now() + MINUTE
    assert len(asked) == 2


def test_where_nobody_is_named_the_active_admins_are_told(watch: Watch) -> None:
    watch.mail, watch.found = (), [STOPPED]
    with watch.database.write() as session:
        for name, role, active in (("ann", "admin", True), ("bob", "admin", False), ("rita", "reviewer", True)):
            mail = f"{name}@example.org"
            session.add(User(name=name, role=role, active=active, email=mail, added_at=watch.clock.now()))
    watch.turn(watch.process())
    assert [mail.to for mail in watch.mails()] == ["ann@example.org"]


def test_an_alert_is_written_before_anything_is_sent(watch: Watch) -> None:
    process, seen = watch.process(), []

    class Dying(Exception):
        """The process ends in mid-call."""

    def die(*_arguments: object) -> None:
        with watch.database.read() as session:
            seen.extend(session.exec(select(Alert)))
        raise Dying

    watch.found = [STOPPED]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Webhook, "send", die)
        with pytest.raises(Dying):
            watch.turn(process)
    assert [alert.event for alert in seen] == ["raised"]
    assert watch.turn(process) == [("raised", "account-stopped")]
    assert len(watch.mails()) == 1


# --- the heartbeat ----------------------------------------------------------------------------------------------------


@pytest.fixture
def beating(database: Database, clock: MovedClock, receiver: Receiver) -> Callable[..., Heartbeat]:
    def build(owner: str = "here:1", method: Any = "get") -> Heartbeat:
        ping = Ping(f"{receiver.url}/a-secret-id", method, timedelta(seconds=0.5))
        return Heartbeat(database, clock, Duty(database, clock, owner, "heartbeat", MINUTE), ping)

    return build


def tick(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        upkeep.tick(session, "here:1", clock.now(), None)


def test_the_heartbeat_calls_once_a_minute_from_one_process_while_dispatch_ticks(
    database: Database, clock: MovedClock, receiver: Receiver, beating: Callable[..., Heartbeat]
) -> None:
    first, second = beating(), beating("there:2", "post")
    for _ in range(3):
        clock.move(MINUTE)
        tick(database, clock)
        for process in (first, second, first):
            process.chore(clock.now())
    assert [(call.method, call.path) for call in receiver.calls] == [("GET", "/a-secret-id")] * 3
    clock.move(2 * MINUTE)
    first.chore(clock.now())
    assert len(receiver.calls) == 3, "it called though dispatch had not ticked for two minutes"
    tick(database, clock)
    clock.move(MINUTE / 2)
    first.chore(clock.now())
    assert len(receiver.calls) == 3
    clock.move(MINUTE / 2)
    first.chore(clock.now())
    assert len(receiver.calls) == 4


def test_the_heartbeat_can_post(
    database: Database, clock: MovedClock, receiver: Receiver, beating: Callable[..., Heartbeat]
) -> None:
    heartbeat = beating(method="post")
    clock.move(MINUTE)
    tick(database, clock)
    heartbeat.chore(clock.now())
    assert [call.method for call in receiver.calls] == ["POST"]


@pytest.mark.parametrize("trouble", [{"status": 500}, {"seconds": 3.0}, {"url": "http://127.0.0.1:9"}])
def test_a_heartbeat_that_is_not_taken_is_logged_without_its_address(
    database: Database,
    clock: MovedClock,
    receiver: Receiver,
    beating: Callable[..., Heartbeat],
    trouble: dict[str, Any],
) -> None:
    for name, value in trouble.items():
        setattr(receiver, name, value)
    heartbeat = beating()
    clock.move(MINUTE)
    tick(database, clock)
    with capture_logs() as lines:
        heartbeat.chore(clock.now())
    assert [line["event"] for line in lines] == ["heartbeat not taken"]
    assert "a-secret-id" not in repr(lines)


def test_a_call_shows_no_address_in_its_words_and_causes() -> None:
    call = Ping("http://127.0.0.1:9/a-secret-id", "get", timedelta(seconds=0.5))
    with pytest.raises(NeverSent, match="ConnectionError") as raised:
        call.send()
    assert raised.value.__suppress_context__
    assert "a-secret-id" not in repr(call) + str(raised.value)
