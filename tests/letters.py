"""Notices that wait for people, and where their letters arrive."""

from datetime import timedelta
from email.message import EmailMessage

from conftest import MovedClock

from campaign.models import Database, notices
from campaign.models.notices import Notice
from campaign.notices.kinds import WORDINGS, Kind
from campaign.notices.letter import Paper, Rhythm
from campaign.notices.sending import Notices

PAPER = Paper("us@example.org", "SEND", "https://send.example.org")
RHYTHM = Rhythm(timedelta(seconds=30), timedelta(minutes=10))
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def notice(to: str, clock: MovedClock, kind: Kind | None = None, number: int = 7, about: str = "Oak") -> Notice:
    """What is told of one post; without a kind it goes alone."""
    wording = WORDINGS[kind or Kind.MISSED]
    return Notice(
        to=to,
        kind=kind or "",
        subject=f"{about}: {wording.one}",
        body=f"{about} on X, post {number}: told.\nMore of {number}.\n",
        path=wording.page.format(post=number),
        created_at=clock.now(),
        next_try_at=clock.now(),
    )


def written(database: Database, *some: Notice) -> None:
    with database.write() as session:
        for one in some:
            notices.write(session, one)


class Post:
    """Where letters arrive."""

    def __init__(self, database: Database, clock: MovedClock) -> None:
        self.database, self.clock = database, clock
        self.mails = list[EmailMessage]()
        self.work = Notices(database, clock, PAPER, self.mails.append, RHYTHM)

    def after(self, by: timedelta) -> list[str]:
        """Let time pass and the chore run; returns the subjects of the letters that came."""
        self.clock.move(by)
        before = len(self.mails)
        self.work.chore(self.clock.now())
        return [mail["Subject"] for mail in self.mails[before:]]
