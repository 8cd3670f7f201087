# ruff: noqa: N802, ARG002 - the handlers have aiosmtpd's names and arguments
"""A bench for newsletters: an issue, its list, and a real SMTP server that does what a test's script says."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from builders import add_account, add_post

from campaign import ports
from campaign.channels.email import EmailChannel
from campaign.clock import Clock
from campaign.errors import Stopped
from campaign.models import Database, deliveries, mailing
from campaign.models.deliveries import Delivery
from campaign.models.mailing import MailingList, Subscriber
from campaign.newsletter.merge import Mail
from campaign.newsletter.replies import Reply
from campaign.newsletter.sending import Issues, Policy
from campaign.newsletter.wire import Transport
from campaign.ports import Draft, Identity, Message, Progress

Script = Callable[[str, int], str | None]
"""Asked with the recipient and how often it was tried; says a reply, "drop", "drop-after", or None for yes."""


ENVELOPE = ports.Envelope("News <news@dfe.example>", "Partner", "https://campaign.example")
QUICK = Policy(connections=3, batch=4, relay_pause=timedelta(seconds=1), beat=timedelta(milliseconds=50))


@dataclass
class Server:
    """A mail server that does what its scripts say, and remembers what it took."""

    rcpt: Script = lambda _to, _times: None
    data: Script = lambda _to, _times: None
    mail: Callable[[], str | None] = lambda: None
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    pause: float = 0.0
    signs_in: bool | None = None
    port: int = 0

    def received(self) -> Counter[str]:
        return Counter(to for to, _ in self.taken)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.signs_in is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return self.mail() or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried[address] += 1
        said = self.rcpt(address, self.tried[address])
        if said == "drop":
            return self._cut(server)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        to = envelope.rcpt_tos[0]
        await asyncio.sleep(self.pause)
        said = self.data(to, self.tried[to])
        if said == "drop":
            return self._cut(server)
        if said in {None, "drop-after"}:
            assert isinstance(envelope.content, bytes)
            self.taken.append((to, envelope.content))
        return self._cut(server) if said == "drop-after" else said or "250 2.0.0 Taken"

    @staticmethod
    def _cut(server: SMTP) -> str:
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()
        return "421 4.3.2 Closing"

    def protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="localhost",
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=bool(self.signs_in), handled=False),
            loop=asyncio.get_running_loop(),
        )


@contextmanager
def listening() -> Iterator[Server]:
    """A scripted server that listens on a free port of this machine."""
    made, loop = Server(), asyncio.new_event_loop()
    door = loop.run_until_complete(loop.create_server(made.protocol, "127.0.0.1", 0))
    made.port = door.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield made

    async def end() -> None:
        door.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


class Open:
    """A gate that lets everything through until it is closed."""

    def __init__(self, closes_after: int | None = None) -> None:
        self.left = closes_after
        self.asked: list[float] = []

    def check(self) -> None:
        self.asked.append(time.monotonic())
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Stopped(detail="hold on everything: test")

    def keep(self, media_ids: object) -> None:
        """Keep nothing: mail uploads nothing."""


class Frozen:
    """A connection whose process is stopped right before the data, while ``meanwhile`` happens."""

    def __init__(self, wire: Transport, meanwhile: Callable[[], None]) -> None:
        self._wire, self._meanwhile = wire, meanwhile

    def deliver(self, mail: Mail, before_data: Callable[[], None]) -> Reply:
        def resumed() -> None:
            self._meanwhile()
            before_data()

        return self._wire.deliver(mail, resumed)

    def close(self) -> None:
        self._wire.close()


@dataclass
class Bench:
    """An issue to a list of people, and what sends it."""

    database: Database
    clock: Clock
    server: Server
    folder: Path
    post_id: int
    list_id: int
    policy: Policy
    credentials: dict[str, str] = field(default_factory=dict)

    def issues(self, **changes: object) -> Issues:
        url = f"smtp://127.0.0.1:{self.server.port}"
        channel = EmailChannel(EmailChannel.settings_type.model_validate({"smtp_url": url, "final": "5s"}))
        return Issues(
            self.database,
            self.clock,
            channel.open_transport,
            self.folder,
            "salt",
            replace(self.policy, **changes),  # type: ignore[arg-type]
        )

    def send(self, gate: Open | None = None, **changes: object) -> Progress:
        return self.issues(**changes).send_issue(self.post_id, self.who(), self.message(), gate or Open())[0]

    def to_the_end(self, **changes: object) -> Progress:
        for _ in range(20):
            progress = self.send(None, **changes)
            if progress is not Progress.WAITING:
                return progress
            self.clock.wait(threading.Event(), 3600 * 5)
        pytest.fail("it still waits")

    def who(self) -> Identity:
        return Identity(
            account_id=1,
            partner="p",
            name="Partner",
            channel="email",
            handle="news",
            external_id="parents",
            credentials=self.credentials,
        )

    @staticmethod
    def message() -> Message:
        draft = Draft("Dear ⟦name|reader⟧", subject="Join in", audience="parents", envelope=ENVELOPE)
        return EmailChannel(EmailChannel.settings_type()).compose(draft, "t")

    def subscribe(self, *emails: str) -> None:
        with self.database.write() as session:
            session.add_all(
                Subscriber(
                    list_id=self.list_id,
                    email=email,
                    name=f"Name of {email}",
                    consent_source="form",
                    consent_at=self.clock.now(),
                    token=f"tok-{email}",
                )
                for email in emails
            )

    def deliveries(self) -> list[Delivery]:
        with self.database.read() as session:
            return deliveries.of_issue(session, self.post_id)

    def statuses(self) -> dict[str, str]:
        return {row.email: row.status for row in self.deliveries()}

    def suppressed(self, email: str) -> bool:
        with self.database.read() as session:
            return session.get(mailing.Suppression, mailing.address_digest(email)) is not None


def people(count: int) -> list[str]:
    return [f"p{number:03}@example.org" for number in range(count)]


def yes(_to: str = "", _times: int = 0) -> None:
    """Say yes to everybody."""


def on(*who: str, say: str, times: int = 99) -> Script:
    """Say this to these people, up to so many times, and yes to everybody else."""
    return lambda to, seen: say if to in who and seen <= times else None


@contextmanager
def benched(database: Database, clock: Clock, folder: Path, policy: Policy = QUICK) -> Iterator[Bench]:
    """Set an issue to an empty list up, with a server for it."""
    with database.write() as session:
        post = add_post(session, add_account(session, clock.now(), channel="email"), clock.now())
        parents = MailingList(key="parents")
        session.add(parents)
        session.flush()
        post_id, list_id = post.ident, parents.ident
    with listening() as server:
        yield Bench(database, clock, server, folder, post_id, list_id, policy)
