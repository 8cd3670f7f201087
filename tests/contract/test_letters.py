"""Letters by a real mail server: what happens at once is one letter, an address that is none stops nobody's."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from builders import unsent
from conftest import MovedClock
from mail_bench import listening
from reviewing import opened_office

from campaign import tell
from campaign.channels.email import EmailChannel
from campaign.models import Database
from campaign.models.notices import Notice
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.notices.letter import AT_ONCE, Paper
from campaign.notices.sending import Notices
from campaign.review import decisions
from campaign.sandbox.server import Sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(data=tmp_path / "box") as running:
        yield running


@pytest.mark.parametrize(
    "bad", ["office@oak.org\nsecond line", "not an address", "a@b.org, c@d.org", "zoë@oak.org", ""]
)
def test_a_notice_that_cannot_go_lets_the_others_go(tmp_path: Path, clock: MovedClock, box: Sandbox, bad: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/notices.db", connections=2)
    database.upgrade()
    channel = EmailChannel.from_settings(
        EmailChannel.settings_type(smtp_url=box.smtp_url, sender="News <news@example.org>")
    )
    with database.write() as session:
        for to in (bad, "good@elm.example.org"):
            session.add(Notice(to=to, subject="s", body="b", created_at=clock.now(), next_try_at=clock.now()))
    work = Notices(database, clock, Paper(channel.sender, "SEND", "https://send.example.org"), channel.send, AT_ONCE)
    work.chore(clock.now())
    assert ("good@elm.example.org",) in {mail.recipients for mail in box.world.mails()}
    clock.move(timedelta(days=4))
    work.chore(clock.now())
    clock.move(timedelta(days=4))
    with database.read() as session:
        assert unsent(session) == []
    database.close()


@pytest.mark.parametrize("name", ["SEND (team)", "SEND: team", "Zoë, SEND", "SEND"])
def test_a_notice_comes_from_the_sender_as_it_is_set(tmp_path: Path, clock: MovedClock, name: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/notices.db", connections=2)
    database.upgrade()
    with listening() as server:
        channel = EmailChannel(
            EmailChannel.settings_type(smtp_url=f"smtp://127.0.0.1:{server.port}", sender=f"{name} <news@example.org>")
        )
        with database.write() as session:
            session.add(
                Notice(to="a@b.example", subject="s", body="b", created_at=clock.now(), next_try_at=clock.now())
            )
        paper = Paper(channel.sender, "SEND", "https://send.example.org")
        Notices(database, clock, paper, channel.send, AT_ONCE).chore(clock.now())
    database.close()
    ((_, raw),) = server.taken
    (shown,) = message_from_bytes(raw, policy=default)["From"].addresses
    assert (shown.display_name, shown.addr_spec) == (name, "news@example.org")


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("user@schöne.example", "To: user@xn--schne-lua.example"),
        ("zoë@oak.example", "To: <zoë@oak.example>"),
        ("o'neil@oak.example", "To: o'neil@oak.example"),
    ],
)
def test_a_mail_of_ours_names_its_reader_and_sender_as_its_envelope_does(to: str, said: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "SEND é <news@schöne.example>", to, "Zoë’s post"
    message.set_content("Good morning, Zoë.\n")
    with listening() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        EmailChannel(EmailChannel.settings_type(smtp_url=url)).send(message)
    ((recipient, raw),) = server.taken
    lines = raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    assert recipient in said
    assert lines.count(said.encode()) == 1
    assert sum(line.startswith(b"To:") for line in lines) == 1
    assert b"From: =?utf-8?q?SEND_=C3=A9?= <news@xn--schne-lua.example>" in lines
    parsed = message_from_bytes(raw, policy=default)
    assert (parsed["Subject"], parsed.get_content().strip()) == ("Zoë’s post", "Good morning, Zoë.")
    assert message["To"] == to, "what was handed in stays as it was"


def test_what_happens_at_once_arrives_as_one_letter_with_the_pages_that_settle_it(
    tmp_path: Path, clock: MovedClock, box: Sandbox
) -> None:
    for office in opened_office(tmp_path, clock):
        channel = EmailChannel.from_settings(EmailChannel.settings_type(smtp_url=box.smtp_url))
        office.reach("olga", "olga@oak.example.org")
        posts = [office.post("oak", status=Status.MISSED, changes={"slot": f"slot {number}"}) for number in range(12)]
        returned = office.post("oak", changes={"slot": "café"})
        with office.deciding("rita", returned) as (desk, row):
            decisions.send_back(desk, row, "Say where the course is: “Åsgard”")
        with office.database.write() as session:
            for post_id in posts:
                tell.missed(session, session.get_one(Post, post_id), "later than the grace", clock.now())
        paper = Paper(channel.sender, "SEND", "https://send.example.org")
        work = Notices(office.database, clock, paper, channel.send, AT_ONCE)
        clock.move(timedelta(minutes=1))
        for _ in range(2):
            work.chore(clock.now())
        [mail] = box.world.mails()
        assert mail.recipients == ("olga@oak.example.org",)
        parsed = message_from_bytes(mail.raw, policy=default)
        body = parsed.get_content().replace("\r\n", "\n")
        assert "12 posts were missed" in parsed["Subject"]
        assert "https://send.example.org/posts?status=missed\n" in body
        assert f"https://send.example.org/posts/{returned}\n" in body
        assert "Say where the course is: “Åsgard”" in body
