"""A dispatch room for tests: one real channel on its local platform, two accounts, a clock that can be moved."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from builders import unsent

from campaign.channels import ChannelComposer, load_channels
from campaign.clock import SystemClock
from campaign.dispatch import lane, reconcile, sweep
from campaign.dispatch.claimed import Claimed
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.identities import Identities
from campaign.identities import name as bound_to
from campaign.models import Database, lanes, listing, partners, upkeep
from campaign.models.notices import Notice
from campaign.models.partners import Account, Agreement, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.users import User
from campaign.plan.twins import text_key
from campaign.ports import Draft, Media
from campaign.review import decisions
from campaign.review.content import Contents, draft_to_json, media_key
from campaign.review.decisions import Desk
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox
from campaign.vault import Vault, create_key

ADDRESS = {"x": "api_url", "facebook": "graph_url", "linkedin": "api_url"}
SECOND = timedelta(seconds=1)
POLICY = Policy(
    grace=timedelta(minutes=30),
    lease=timedelta(minutes=2),
    call_timeout=30 * SECOND,
    retries=(5 * SECOND, 30 * SECOND),
    lookups=(5 * SECOND, 45 * SECOND),
    lookup_reads=3,
    lookup_spread=timedelta(minutes=2),
)


class ShiftedClock(SystemClock):
    """The machine's clock, moved ahead by hand, so that a test need not wait for look-ups and retries."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + type(self).ahead

    def monotonic(self) -> float:
        return super().monotonic() + type(self).ahead.total_seconds()

    def wait(self, event: Event, seconds: float) -> bool:
        return event.wait(min(seconds, 0.1))


@dataclass
class Room:
    """A dispatch room over one channel: two partners, oak and elm, with an account each."""

    means: Means
    box: Sandbox
    vault: Vault
    channel: str
    accounts: Mapping[str, int]

    def later(self, by: timedelta) -> None:
        ShiftedClock.ahead += by

    def post(self, words: str, *, partner: str = "oak", slot: str | None = None, **more: Any) -> int:
        """Store an approved post that is due now; ``more`` are parts of its draft."""
        now = self.means.clock.now()
        with self.means.database.write() as session:
            account = session.get_one(Account, self.accounts[partner])
            number = len(listing.posts(session, listing.PostFilter())) + 1
            draft = Draft(words=words, **more)
            message = self.means.contents.composer.compose(self.channel, draft, f"tok{number:05}")
            post = Post(
                account_id=account.ident,
                partner_id=account.partner_id,
                channel=self.channel,
                slot=slot or f"slot {number}",
                occurrence="once",
                template="t",
                template_version="1",
                token=f"tok{number:05}",
                due_at=now,
                window_from=now,
                window_until=now,
                status=Status.APPROVED,
                draft=draft_to_json(draft),
                content_hash="",
                text_key=text_key(message),
                media_key=media_key(message),
                queued_by="olga",
                next_try_at=now,
                created_at=now,
            )
            post.content_hash = post.approved_hash = self.means.contents.digest(post, account)
            session.add(post)
            session.flush()
            return post.ident

    def keep_images(self, images: tuple[Media, ...]) -> tuple[Media, ...]:
        """Put images where the program keeps them."""
        folder = self.means.contents.media_folder
        folder.mkdir()
        return tuple(replace(image, path=image.path.rename(folder / image.path.name)) for image in images)

    def serve(self, partner: str = "oak", *, after: timedelta = timedelta(minutes=1)) -> None:
        """Serve the lane as a wake-up does; what the pace keeps back goes later."""
        self.later(after)
        serve(self.means, self.accounts[partner])

    def look(self, post_id: int, times: int = 1) -> None:
        """Look the post up as often, whenever the next look is due."""
        for _ in range(times):
            wait = (self.seen(post_id).next_look_at or self.means.clock.now()) - self.means.clock.now()
            self.later(max(wait, timedelta()))
            with self.means.database.read() as session:
                assert upkeep.to_look_up(session, self.means.clock.now()) == [(post_id, self.channel)]
            reconcile.look_up(self.means, post_id)

    def come_to_rest(self, most: int = 120) -> None:
        """Do what the dispatcher does, one thing after the other, and move the clock on, until nothing is ahead."""
        for _ in range(most):
            now = self.means.clock.now()
            sweep.recover(self.means, now)
            sweep.expire(self.means, now)
            with self.means.database.read() as session:
                due, lost = (
                    lanes.due_accounts(session, now, self.means.policy.grace, limit=9),
                    upkeep.to_look_up(session, now),
                )
                wake_at = upkeep.next_wake(session, now, self.means.policy.grace)
                ahead = upkeep.still_to_come(session, now)
            for account_id, _ in due:
                serve(self.means, account_id)
            for post_id, _ in lost:
                reconcile.look_up(self.means, post_id)
            if not due and not lost:
                if not ahead or wake_at is None:
                    return
                self.later(max(wake_at - now, timedelta(milliseconds=20)))
        msg = "dispatch does not come to rest"
        raise AssertionError(msg)

    def seen(self, post_id: int) -> Post:
        with self.means.database.read() as session:
            return session.get_one(Post, post_id)

    def attempts(self, post_id: int) -> list[str | None]:
        with self.means.database.read() as session:
            return [attempt.outcome for attempt in lanes.attempts(session, post_id)]

    def shown(self) -> list[str]:
        return [str(entry["id"]) for entry in self.box.world.ledger()]

    def notices(self) -> list[Notice]:
        with self.means.database.read() as session:
            return unsent(session)

    def credentials(self, number: str) -> dict[str, str]:
        return credentials(self.box, self.channel, number)

    def goes_wrong(self, kind: str, endpoint: str = "create", **more: Any) -> None:
        self.box.world.faults.replace([Fault(kind, self.channel, endpoint, **more)])

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        person = User(name="rita", role="admin", added_at=self.means.clock.now())
        with self.means.database.write() as session:
            yield Desk(session, self.means.contents, person, self.means.clock.now())

    def order_retraction(self, post_id: int) -> None:
        with self.desk() as desk:
            row = listing.post(desk.session, post_id)
            assert row is not None
            decisions.take_down(desk, row, "asked by DfE")


def serve(means: Means, account_id: int) -> None:
    """Send what is due of one account, here and now, until nothing is or the lane must wait."""
    while (claimed := claim_next(means, account_id)) is not None:
        deliver(means, claimed)


def claim_next(means: Means, account_id: int) -> Claimed | None:
    """Claim the account's next due post, None when there is none."""
    return next(iter(lane.turn(means, (), [account_id])), None)


def deliver(means: Means, claimed: Claimed) -> None:
    """Send a claimed post and settle it."""
    lane.turn(means, [lane.send(means, claimed)], ())


def opened_room(
    name: str, sandbox: Sandbox, tmp_path: Path, *, url: str = "", address: str = "", **more: object
) -> Iterator[Room]:
    """A room over one channel, with ``more`` of its settings, and its local platform.

    ``url`` names its database instead of a SQLite file under ``tmp_path``, ``address`` what stands before the platform.
    """
    ShiftedClock.ahead = timedelta()
    create_key(tmp_path / "key")
    means = means_of(name, tmp_path, url or f"sqlite:///{tmp_path}/room.db", address or sandbox.urls[name], **more)
    means.database.upgrade()
    sandbox.world.clock, vault = means.clock, Vault(tmp_path / "key")
    yield Room(means, sandbox, vault, name, take_in(means.database, vault, sandbox, name, means.clock.now()))
    means.database.close()


def means_of(name: str, folder: Path, url: str, platform: str, **more: object) -> Means:
    """What dispatch works with in the room, in whichever process; the database must be there or be made."""
    clock, database = ShiftedClock(), Database(url, connections=4)
    kind = load_channels()[name]
    settings = {"connect": "2s", "read": "2s", ADDRESS[name]: platform, **more}
    if name == "linkedin":
        settings["auth_url"] = platform
    channels = {name: kind.from_settings(kind.settings_type.model_validate(settings), clock)}
    return Means(
        database=database,
        clock=clock,
        channels=channels,
        contents=Contents(ChannelComposer(channels), folder / "media"),
        identify=Identities(database, Vault(folder / "key"), clock, channels).of,
        bulk={},
        policy=POLICY,
        owner="here:1",
    )


def credentials(box: Sandbox, channel: str, number: str) -> dict[str, str]:
    account = box.world.account(channel, number)
    assert account is not None
    return dict(account.credentials)


def take_in(database: Database, vault: Vault, box: Sandbox, channel: str, now: datetime) -> dict[str, int]:
    found = {}
    with database.write() as session:
        session.add(User(name="olga", role="officer", partner_key="oak", email="olga@oak.example.org", added_at=now))
        session.add(User(name="rolf", role="reviewer", email="rolf@dfe.example.org", added_at=now))
        for key, number in (("oak", "1001"), ("elm", "2002")):
            partner = Partner(key=key, name=key.title(), joined_at=now)
            session.add(partner)
            session.flush()
            session.add(Agreement(partner_id=partner.ident, given_by=key, given_at=now))
            account = Account(partner_id=partner.ident, channel=channel, handle=f"@p{number}", external_id=number)
            if (channel, key) == ("x", "elm"):
                account.sealed = vault.seal({"access_token": "elm-access"}, bound_to(account))
            else:
                account.sealed = vault.seal(credentials(box, channel, number), bound_to(account))
            found[key] = partners.add_account(session, account).ident
    return found
