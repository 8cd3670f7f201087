"""A review office for tests: a database, a clock, people who decide, and posts of two partners."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from builders import CONTENTS, add_account, add_post
from conftest import MovedClock

from campaign.models import Database, listing, partners, users
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Campaign, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.users import Mail, User
from campaign.plan.addressing import Letterhead
from campaign.plan.entries import Timetable
from campaign.plan.gather import Copy, Source
from campaign.plan.media import MediaStore
from campaign.plan.template import Templates
from campaign.review.decisions import Desk

_NOTHING = Source(
    copy=Copy(Timetable("none.toml", ZoneInfo("Europe/London")), Templates(Path("none"), {}), ()),
    media=MediaStore(Path("media")),
    channels={},
    compose=CONTENTS.composer.compose,
    draft_of=CONTENTS.draft,
    digest_of=CONTENTS.digest,
    letterhead=Letterhead(),
)


def no_files() -> Source:
    """A campaign without files: no post can be filled anew."""
    return _NOTHING


AHEAD = timedelta(hours=2)
GRACE = timedelta(minutes=30)


@dataclass
class Office:
    """Holds ids, never rows: each step of a test is a transaction of its own, as each command is."""

    database: Database
    clock: MovedClock
    accounts: dict[str, int] = field(default_factory=dict)

    def hire(self, name: str, role: str, partner: str | None = None) -> None:
        with self.database.write() as session:
            session.add(User(name=name, role=role, partner_key=partner, added_at=self.clock.now()))

    def reach(self, name: str, email: str, mail: Mail = Mail.ALL) -> None:
        """Give a person an address, and what they want there."""
        with self.database.write() as session:
            person = users.user(session, name)
            assert person is not None
            person.email, person.mail = email, mail.value
            session.add(person)

    def join(
        self, key: str, *, channel: str = "x", mode: str = "api", approver: str = "dfe", agrees: bool = True
    ) -> None:
        """Take in a partner with one account."""
        with self.database.write() as session:
            account = add_account(session, self.clock.now(), channel=channel, mode=mode, agrees=agrees)
            partner = session.get_one(Partner, account.partner_id)
            partner.key, partner.approver = key, approver
            self.accounts[key] = account.ident

    def partner(self, key: str = "oak") -> Partner:
        with self.database.read() as session:
            found = partners.partner_by_key(session, key)
            assert found is not None
            return found

    def post(
        self,
        partner: str,
        *,
        status: Status = Status.IN_REVIEW,
        after: timedelta = AHEAD,
        window: timedelta = timedelta(),
        changes: Mapping[str, object] | None = None,
    ) -> int:
        """Store a post of the partner; ``window`` is the length of its slot's window from the due time on."""
        with self.database.write() as session:
            account = session.get_one(Account, self.accounts[partner])
            due_at = self.clock.now() + after
            more = {"window_until": due_at + window, **(changes or {})}
            if status not in {Status.APPROVED, Status.PUBLISHED}:
                more["approved_hash"] = None
            post = add_post(session, account, due_at, status=status, changes=more)
            digest = CONTENTS.digest(post, account)
            post.content_hash = digest
            post.approved_hash = digest if status == Status.APPROVED else None
            session.add(post)
            session.flush()
            return post.ident

    @contextmanager
    def desk(self, name: str) -> Iterator[Desk]:
        with self.database.write() as session:
            person = users.user(session, name)
            assert person is not None
            yield Desk(session, CONTENTS, person, self.clock.now())

    @contextmanager
    def deciding(self, name: str, post_id: int) -> Iterator[tuple[Desk, PostRow]]:
        with self.desk(name) as desk:
            row = listing.post(desk.session, post_id)
            assert row is not None
            yield desk, row

    def seen(self, post_id: int) -> Post:
        with self.database.read() as session:
            return session.get_one(Post, post_id)

    def raw(self) -> bytes:
        """Return all bytes of the database: its file, and the log with the rows that are not in the file yet."""
        main = Path(str(self.database.url.database))
        log = main.with_name(f"{main.name}-wal")
        return main.read_bytes() + (log.read_bytes() if log.exists() else b"")

    def moves(self, post_id: int) -> list[tuple[str, str]]:
        with self.database.read() as session:
            return [(event.who, event.move) for event in listing.events(session, post_id)]


def opened_office(folder: Path, clock: MovedClock, url: str = "") -> Iterator[Office]:
    """An office with the partners oak and elm, an officer of each, two reviewers and an admin."""
    database = Database(url or f"sqlite:///{folder}/office.db", connections=4)
    database.upgrade()
    with database.write() as session:
        session.add(Campaign(name="Test", timezone="Europe/London", salt="salt", created_at=clock.now()))
    office = Office(database, clock)
    office.join("oak")
    office.join("elm")
    for name, role, partner in (
        ("olga", "officer", "oak"),
        ("otto", "officer", "oak"),
        ("ella", "officer", "elm"),
        ("rita", "reviewer", None),
        ("rolf", "reviewer", None),
        ("adam", "admin", None),
    ):
        office.hire(name, role, partner)
    yield office
    database.close()
