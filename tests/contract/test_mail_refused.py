"""A mail to a person that the mail server does not take shows on *Health* at the first try, and to who invites."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from api_room import program
from conftest import MovedClock
from mail_bench import Server, listening, on
from pages_room import Room, opened_room
from sqlmodel import select
from terminal import CONFIG, Terminal, opened_terminal

from campaign.channels.email import EmailChannel
from campaign.health import machine
from campaign.health.finding import Finding, Rule, Severity
from campaign.models import Database, holds, notices
from campaign.models.notices import Notice
from campaign.notices.letter import AT_ONCE, Paper
from campaign.notices.sending import Notices

NOBODY, FULL = "550 5.1.1 No such person here", "452 4.2.2 Mailbox full"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LINK = re.compile(r"http://\S+/invitation/[\w-]+")


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as made:
        yield made


def channel_to(port: int) -> EmailChannel:
    return EmailChannel(EmailChannel.settings_type.model_validate({"smtp_url": f"smtp://127.0.0.1:{port}"}))


class Office:
    """Mails to people through a server, and what the doctor finds."""

    def __init__(self, database: Database, clock: MovedClock, port: int) -> None:
        self.database, self.clock = database, clock
        channel = channel_to(port)
        paper = Paper(channel.sender, "SEND", "https://send.example.org")
        self.work = Notices(database, clock, paper, channel.send, AT_ONCE)

    def write(self, *to: str, kind: str = "missed") -> None:
        now = self.clock.now()
        with self.database.write() as session:
            for one in to:
                facts = {"subject": "SEND: a post was missed", "body": "b", "created_at": now, "next_try_at": now}
                notices.write(session, Notice(to=one, kind=kind, **facts))

    def after(self, by: timedelta) -> list[Finding]:
        self.clock.move(by)
        self.work.chore(self.clock.now())
        with self.database.read() as session:
            found = machine.messages(session, self.clock.now(), timedelta())
            return [one for one in found if one.rule in {Rule.MAIL_REFUSED, Rule.MAIL_UNSENT}]


def test_a_refused_address_shows_at_once_until_a_mail_reaches_it(
    database: Database, clock: MovedClock, server: Server
) -> None:
    server.rcpt = on("zoe@example.org", say=NOBODY, times=1)
    office = Office(database, clock, server.port)
    office.write("zoe@example.org", "good@example.org")
    (found,) = office.after(MINUTE)
    assert found.severity is Severity.WARNING
    assert found.rule is Rule.MAIL_REFUSED
    assert "The mail to zoe@example.org is not sent yet" in found.what
    assert NOBODY in found.what
    assert f"{clock.now():%Y-%m-%dT%H:%M:%S}Z" in found.what
    assert "Admin, People" in found.mend
    assert office.after(6 * MINUTE) == []
    assert server.received() == {"zoe@example.org": 1, "good@example.org": 1}


def test_since_when_it_fails_is_the_first_try(database: Database, clock: MovedClock, server: Server) -> None:
    server.rcpt = on("zoe@example.org", say=FULL)
    office = Office(database, clock, server.port)
    office.write("zoe@example.org")
    office.after(MINUTE)
    first = clock.now()
    (found,) = office.after(30 * MINUTE)
    assert f"{first:%Y-%m-%dT%H:%M:%S}Z" in found.what
    assert FULL in found.what


def test_what_was_given_up_is_shown_for_a_week_or_until_another_mail_arrives(
    database: Database, clock: MovedClock, server: Server
) -> None:
    server.rcpt = on("zoe@example.org", "max@example.org", say=NOBODY, times=2)
    office = Office(database, clock, server.port)
    office.write("zoe@example.org", "max@example.org")
    office.after(MINUTE)
    (found,) = office.after(4 * DAY)
    assert "2 mails, one of them to max@example.org, are given up" in found.what
    assert "not tried again" in found.mend
    office.write("zoe@example.org")
    (found,) = office.after(MINUTE)
    assert "The mail to max@example.org is given up" in found.what
    assert office.after(8 * DAY) == []


def test_a_server_that_is_away_is_named_with_its_mend(database: Database, clock: MovedClock) -> None:
    with listening() as gone:
        port = gone.port
    office = Office(database, clock, port)
    office.write("zoe@example.org")
    (found,) = office.after(MINUTE)
    assert found.rule is Rule.MAIL_UNSENT
    assert f"127.0.0.1:{port} cannot be reached" in found.what
    assert "campaign doctor --probe" in found.mend


def test_a_sign_in_that_is_refused_is_named_with_its_mend(
    database: Database, clock: MovedClock, server: Server
) -> None:
    server.mail = lambda: "530 5.7.0 Authentication required"
    office = Office(database, clock, server.port)
    office.write("zoe@example.org", kind="")
    (found,) = office.after(MINUTE)
    assert "530 5.7.0 Authentication required" in found.what
    assert "username and password" in found.mend


@pytest.fixture
def room(tmp_path: Path, clock: MovedClock, server: Server) -> Iterator[Room]:
    wanted = {"CAMPAIGN__CHANNELS__EMAIL__SMTP_URL": f"smtp://127.0.0.1:{server.port}"}
    with opened_room(tmp_path, clock, wanted) as room:
        yield room


def invited(room: Room) -> str:
    """Let adam add a person with an address; returns the page that he sees."""
    answer = room.browser("adam").send("/admin/people/new", name="zoe", role="reviewer", email="zoe@example.org")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_who_invites_is_told_that_the_mail_went_and_it_carries_the_link(room: Room, server: Server) -> None:
    page = invited(room)
    assert "Mailed to zoe@example.org" in page
    ((to, mail),) = server.taken
    assert to == "zoe@example.org"
    (shown,) = LINK.findall(page)
    assert shown in mail.decode().replace("=\r\n", "")


def test_who_invites_is_told_at_once_why_the_mail_did_not_go(room: Room, server: Server) -> None:
    server.rcpt = on("zoe@example.org", say=NOBODY, times=1)
    page = invited(room)
    assert "The invitation was not mailed to zoe@example.org." in page
    assert NOBODY in page
    assert LINK.search(page), "the admin sends it another way"
    health = room.browser("adam").get("/admin").text
    assert "The mail to zoe@example.org is given up" in health
    assert NOBODY in health
    with room.office.database.read() as session:
        (kept,) = session.exec(select(Notice)).all()
        assert "/invitation/" not in str(kept.model_dump()), "the link is a secret"
    zoe = re.search(r"/admin/people/(\d+)/invite", page)
    assert zoe
    assert "Mailed to zoe@example.org" in room.browser("adam").send(f"/admin/people/{zoe[1]}/invite").text
    assert "zoe@example.org" not in room.browser("adam").get("/admin").text


def test_a_program_is_told_whether_its_invitation_was_mailed(room: Room, server: Server) -> None:
    room.office.reach("olga", "olga@example.org")
    adam = program(room, "adam")
    path = next(f"/people/{one['id']}/invite" for one in adam.get("/people")["items"] if one["name"] == "olga")
    quiet = adam.call("POST", path).json()
    assert (quiet["mailed"], quiet["unsent"], server.taken) == (None, None, [])
    sent = adam.call("POST", path, {"mail": True}, **{"Idempotency-Key": "m"}).json()
    assert (sent["mailed"], sent["unsent"]) == (True, None)
    ((to, mail),) = server.taken
    assert to == "olga@example.org"
    assert sent["link"] in mail.decode().replace("=\r\n", "")
    again = adam.call("POST", path, {"mail": True}, **{"Idempotency-Key": "m"}).json()
    assert (again["link"], again["mailed"]) == (None, None)
    assert len(server.taken) == 1, "the same order mails once"
    server.rcpt = on("olga@example.org", say=NOBODY)
    refused = adam.call("POST", path, {"mail": True})
    assert refused.status_code == 200
    assert (refused.json()["mailed"], NOBODY in refused.json()["unsent"]) == (False, True)
    link = refused.json()["link"]
    assert room.browser().get(link[link.index("/invitation/") :]).status_code == 200, "the invitation stands"


@pytest.fixture
def terminal(tmp_path: Path, server: Server) -> Terminal:
    return opened_terminal(tmp_path, f'{CONFIG}[channels.email]\nsmtp_url = "smtp://127.0.0.1:{server.port}"\n')


def test_an_invitation_is_mailed_from_the_command_line_and_printed_all_the_same(
    terminal: Terminal, server: Server
) -> None:
    quiet = terminal.run("users", "invite", "rita")
    assert quiet.startswith("Send this to rita@dfe.example.org; it serves once, within seven days:")
    assert server.taken == []
    said = terminal.run("users", "invite", "rita", "--mail")
    assert said.startswith("Mailed to rita@dfe.example.org; it serves once, within seven days:")
    ((_, mail),) = server.taken
    assert LINK.findall(said)[0] in mail.decode().replace("=\r\n", "")


def test_an_invitation_that_is_not_mailed_stands_and_the_command_says_so_in_one_line(
    terminal: Terminal, server: Server
) -> None:
    server.rcpt = on("rita@dfe.example.org", say=NOBODY, times=1)
    out, err = terminal.both("users", "invite", "rita", "--mail", code=1)
    assert LINK.search(out)
    assert len(err.strip().splitlines()) == 1
    assert "was not mailed to rita@dfe.example.org" in err
    assert NOBODY in err
    assert "The invitation stands" in err
    assert terminal.json("audit")[-1]["action"] == "invite"
    assert "/invitation/" not in terminal.json("doctor", code=1).__repr__()


def test_no_transaction_is_open_while_the_mail_server_thinks(room: Room, server: Server) -> None:
    office = room.office

    def write_meanwhile(_to: str, _times: int) -> None:
        with office.database.write() as session:
            session.add(holds.Hold(scope="channel:x", reason="r", held_by="rita", held_at=office.clock.now()))

    server.rcpt = write_meanwhile
    assert "Mailed to zoe@example.org" in invited(room)
    with office.database.read() as session:
        assert holds.active(session)
