"""An issue that was begun and does not go on: it is tried with growing pauses, and the doctor says so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
from builders import CONTENTS
from conftest import MovedClock
from dispatch_room import claim_next, deliver
from reviewing import GRACE, Office, opened_office
from sqlmodel import col

from campaign.channels.email import EmailChannel
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.errors import CredentialDead
from campaign.health import posts
from campaign.health.beat import health
from campaign.health.finding import Finding, Rule, Severity
from campaign.models import lanes
from campaign.models.bounds import QuietSpan
from campaign.models.deliveries import Delivery
from campaign.models.holds import Hold
from campaign.models.partners import Account
from campaign.models.posts import Attempt, Post
from campaign.models.status import Status
from campaign.newsletter.wire import Relay, Wire
from campaign.ports import Bulk, Gate, Identity, Message, Progress, Receipt

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RETRIES = (5 * SECOND, 30 * SECOND, 10 * MINUTE)


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def begun(office: Office, *, ago: timedelta = 12 * HOUR, settled: timedelta = 12 * HOUR) -> int:
    """Store an issue that was due so long ago: one has it since ``settled``, two copies wait."""
    office.join("news", channel="email")
    now = office.clock.now()
    soon = {"started_at": now - ago, "next_try_at": now + 3 * SECOND}
    post_id = office.post("news", status=Status.APPROVED, after=-ago, changes=soon)
    with office.database.write() as session:
        for number, status in enumerate(["sent", "waiting", "deferred"]):
            row = Delivery(post_id=post_id, email=f"r{number}@example.org", token=f"t{number}", status=status)
            row.next_try_at, row.settled_at = now - ago, now - settled if status == "sent" else None
            session.add(row)
    return post_id


def found(office: Office) -> list[Finding]:
    with office.database.read() as session:
        return [one for one in posts.examine(session, office.clock.now()) if one.rule is Rule.ISSUE_STUCK]


def test_an_issue_that_takes_nobody_on_for_hours_is_an_error_between_two_tries_too(office: Office) -> None:
    post_id = begun(office)
    with office.database.write() as session:
        values = {"owner": "here:1", "content_hash": "h", "outcome": "unknown", "detail": "OSError in the channel"}
        now = office.clock.now()
        session.add(Attempt(post_id=post_id, number=1, started_at=now, lease_until=now, closed_at=now, **values))
    (finding,) = found(office)
    assert (finding.severity, finding.subject) == (Severity.ERROR, f"post {post_id}")
    assert "2 copies wait" in finding.what
    assert "12 hours" in finding.what
    assert "OSError in the channel" in finding.what
    assert f"campaign posts show {post_id}" in finding.mend
    assert health(office.database, office.clock).warnings["issue-stuck"] == 1


def test_an_issue_that_has_lately_sent_a_copy_is_none(office: Office) -> None:
    begun(office, settled=5 * MINUTE)
    assert found(office) == []


def test_an_issue_whose_copies_wait_for_their_own_next_try_is_none(office: Office) -> None:
    post_id = begun(office)
    with office.database.write() as session:
        later = sa.update(Delivery).values(next_try_at=office.clock.now() + HOUR)
        session.execute(later.where(col(Delivery.post_id) == post_id))
    assert found(office) == []


@pytest.mark.parametrize("keeps", ["hold", "quiet", "stopped", "changed"])
def test_an_issue_that_something_keeps_back_is_none(office: Office, keeps: str) -> None:
    post_id, now = begun(office), office.clock.now()
    with office.database.write() as session:
        post, account = session.get_one(Post, post_id), session.get_one(Account, office.accounts["news"])
        if keeps == "hold":
            session.add(Hold(scope=f"post:{post_id}", reason="r", held_by="rita", held_at=now))
        elif keeps == "quiet":
            span = {"from_at": now - HOUR, "until_at": now + HOUR}
            session.add(QuietSpan(partner_id=post.partner_id, name="quiet", **span))
        elif keeps == "stopped":
            account.stopped_why = "its sign-in is refused"
        else:
            post.content_hash = "another"
        session.add_all([post, account])
    assert found(office) == []


@pytest.mark.parametrize(("since", "errors"), [(5 * MINUTE, 0), (20 * MINUTE, 1)])
def test_an_attempt_gets_its_time_before_it_counts(office: Office, since: timedelta, errors: int) -> None:
    post_id, now = begun(office), office.clock.now()
    with office.database.write() as session:
        post = session.get_one(Post, post_id)
        post.status, post.tries = Status.PUBLISHING, 1
        session.add(post)
        values = {"owner": "here:1", "content_hash": "h", "lease_until": now + HOUR}
        session.add(Attempt(post_id=post_id, number=1, started_at=now - since, **values))
    assert len(found(office)) == errors


class Broken:
    """What breaks at once, as with a disk that takes no journal."""

    works = False

    def send_issue(self, _post: int, _who: Identity, _said: Message, _gate: Gate) -> tuple[Progress, Receipt | None]:
        if self.works:
            return Progress.WAITING, None
        raise OSError(28, "No space left on device")


def test_the_pauses_between_tries_that_break_grow_and_begin_anew_after_a_good_one(office: Office) -> None:
    post_id, broken = begun(office), Broken()
    channel = EmailChannel(EmailChannel.settings_type())
    means = Means(
        database=office.database,
        clock=office.clock,
        channels={"email": channel},
        contents=CONTENTS,
        identify=lambda account, partner: cast("Identity", (account, partner)),
        bulk={"email": cast("Bulk", broken)},
        policy=Policy(GRACE, 2 * MINUTE, MINUTE, RETRIES, (5 * SECOND,), 3, 2 * MINUTE),
        owner="here:1",
    )

    def paused() -> timedelta:
        office.clock.move(max(office.seen(post_id).next_try_at - office.clock.now(), timedelta()))
        claimed = claim_next(means, office.accounts["news"])
        assert claimed is not None
        deliver(means, claimed)
        return office.seen(post_id).next_try_at - office.clock.now()

    assert [paused() for _ in range(5)] == [*RETRIES, RETRIES[-1], RETRIES[-1]]
    with office.database.read() as session:
        assert (
            lanes.attempts(session, post_id)[-1].detail == "nobody knows whether it was posted: OSError in the channel"
        )
    broken.works = True
    paused()
    broken.works = False
    assert paused() == RETRIES[0]


@pytest.mark.parametrize("secret", [{"username": "zoë", "password": "p"}, {"username": "u", "password": "pässword"}])
def test_a_sign_in_that_cannot_be_sent_is_a_dead_credential_and_is_not_shown(secret: dict[str, str]) -> None:
    with pytest.raises(CredentialDead, match="beyond ASCII") as refused:
        Wire.open(replace(Relay("127.0.0.1", 9), **secret))
    assert "pässword" not in str(refused.value)
