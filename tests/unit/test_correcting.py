"""A correction goes to exactly those who got the issue, through review like any other."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MovedClock
from pages_room import opened_app
from reviewing import Office, opened_office
from sqlmodel import col, select

from campaign.app import App
from campaign.errors import NotAllowed, WrongUse
from campaign.models import corrections, deliveries, listing, mailing, users
from campaign.models.deliveries import Delivery
from campaign.models.mailing import MailingList, Subscriber
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.newsletter.ledger import Ledger
from campaign.review import correcting, decisions
from campaign.review.decisions import Desk

COPIES = ("sent", "sent", "sent", "bounced", "suppressed", "unknown", "waiting")
WORDS = {"mistake": "The day of the event.", "right": "It is on Tuesday."}
DAY = timedelta(days=1)


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    for office in opened_office(tmp_path, clock):
        office.join("ash", channel="email")
        yield office


@pytest.fixture
def app(tmp_path: Path, office: Office) -> App:
    return opened_app(tmp_path / "workspace", office.database, office.clock)


@pytest.fixture
def issue(office: Office) -> int:
    """An issue whose copies ended in every way; of the three that were taken one reader left, one is suppressed."""
    draft = {"words": "# News", "subject": "News of March", "audience": "parents", "media": []}
    post = office.post("ash", status=Status.PUBLISHED, changes={"draft": draft, "slot": "newsletter"})
    now = office.clock.now()
    with office.database.write() as session:
        session.add(found := MailingList(key="parents"))
        session.flush()
        for number, status in enumerate((*COPIES, "new since")):
            email = f"r{number}@example.org"
            facts = {"consent_source": "form", "consent_at": now, "token": f"t{number}"}
            reader = Subscriber.model_validate({"list_id": found.ident, "email": email, **facts})
            session.add(reader)
            session.flush()
            if status != "new since":
                copied = {"post_id": post, "subscriber_id": reader.id, "email": email, "token": reader.token}
                session.add(Delivery.model_validate({**copied, "status": status, "next_try_at": now}))
        mailing.unsubscribe(session, "t1", now)
        mailing.suppress(session, "r2@example.org", "complaint", now)
    return post


def queued(app: App, office: Office, issue: int, name: str = "rita", **fields: str) -> Post:
    with app.database.write() as session:
        person, row = users.user(session, name), listing.post(session, issue)
        assert person is not None
        assert row is not None
        desk = Desk(session, app.contents, person, office.clock.now())
        due_at = office.clock.now() + DAY
        return correcting.queue_correction(desk, app.source(placeholders=False), row, due_at, {**WORDS, **fields})


def to_whom(office: Office, post: Post) -> dict[str, str]:
    """Freeze the recipients as sending does; returns each with its unsubscribe token."""
    ledger = Ledger(office.database, office.clock, post.ident, retries=(), resend_unknown=False)
    ledger.freeze(str(post.draft["audience"]))
    ledger.freeze(str(post.draft["audience"]))
    with office.database.read() as session:
        rows = session.exec(select(Delivery).where(col(Delivery.post_id) == post.ident)).all()
        assert all(row.status == "waiting" for row in rows)
        return {row.email: row.token for row in rows if deliveries.withheld(session, row) is None}


def test_it_goes_to_those_who_got_the_issue_and_still_want_mail(app: App, office: Office, issue: int) -> None:
    assert to_whom(office, queued(app, office, issue)) == {"r0@example.org": "t0"}


def test_it_is_reviewed_and_bound_to_the_issue(app: App, office: Office, issue: int) -> None:
    post = queued(app, office, issue)
    assert (post.status, post.draft["subject"]) == ("in_review", "Correction: News of March")
    assert post.draft["audience"] == f"parents, those who got issue {issue}"
    assert "It is on Tuesday." in post.draft["words"]
    with office.deciding("rita", post.ident) as (desk, row), pytest.raises(NotAllowed):
        decisions.approve(desk, row, post.content_hash)
    assert corrections.issue_of(corrections.audience(str(post.draft["audience"]), post.ident)) == post.ident
    assert corrections.list_of(str(post.draft["audience"])) == "parents"


def test_other_words_keep_its_audience(app: App, office: Office, issue: int) -> None:
    from campaign.review.single import refill  # noqa: PLC0415 - the one test that edits

    post = queued(app, office, issue)
    with app.database.write() as session:
        person, row = users.user(session, "rita"), listing.post(session, post.ident)
        assert person is not None
        assert row is not None
        refill(Desk(session, app.contents, person, office.clock.now()), app.source(placeholders=False), row, WORDS)
        assert row.post.draft["audience"] == post.draft["audience"]


@pytest.mark.parametrize("status", [Status.APPROVED, Status.PUBLISHING, Status.IN_REVIEW])
def test_an_issue_that_still_goes_out_is_not_corrected(app: App, office: Office, issue: int, status: Status) -> None:
    with office.database.write() as session:
        session.get_one(Post, issue).status = status
    with pytest.raises(WrongUse):
        queued(app, office, issue)


def test_a_post_that_nobody_got_by_mail_is_not_corrected(app: App, office: Office) -> None:
    with pytest.raises(WrongUse):
        queued(app, office, office.post("oak", status=Status.PUBLISHED))


def test_nobody_corrects_another_partners_newsletter(app: App, office: Office, issue: int) -> None:
    with pytest.raises(NotAllowed):
        queued(app, office, issue, "olga")


def test_fields_that_a_correction_has_not_are_refused(app: App, office: Office, issue: int) -> None:
    with pytest.raises(WrongUse, match="no such field"):
        queued(app, office, issue, wrong="x")
