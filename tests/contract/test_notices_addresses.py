"""One address that is none keeps nobody else from getting their notice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MovedClock

from campaign.channels.email import EmailChannel
from campaign.models import Database, users
from campaign.models.users import Notice
from campaign.notices import Notices
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
    work = Notices(database, clock, channel.sender, channel.send)
    work.chore(clock.now())
    assert ("good@elm.example.org",) in {mail.recipients for mail in box.world.mails()}
    clock.move(timedelta(days=4))
    work.chore(clock.now())
    clock.move(timedelta(days=4))
    with database.read() as session:
        assert users.unsent(session, clock.now()) == []
    database.close()
