"""What is kept of an invitation that could not be mailed never holds its link."""

from email.message import EmailMessage

from conftest import MovedClock
from sqlmodel import select

from campaign.errors import Refused
from campaign.models import Database
from campaign.models.notices import Notice
from campaign.notices.inviting import Invitations
from campaign.notices.letter import Paper

LINK = "https://send.example.org/invitation/s3cret"


def test_a_server_that_quotes_what_it_refuses_gives_no_link_away(database: Database, clock: MovedClock) -> None:
    def refuse(message: EmailMessage) -> None:
        raise Refused(detail=f"550 not this one: {message.get_content().splitlines()[3]}")

    invitations = Invitations(database, clock, Paper("us@example.org", "SEND", "https://send.example.org"), refuse)
    told = invitations.send("ann@example.org", "Ann", LINK)
    with database.read() as session:
        (kept,) = session.exec(select(Notice))
    assert told == kept.why == "550 not this one: the link"
    assert LINK not in kept.model_dump_json()
