"""The composition root: alone knows concrete channels and engines, and binds every port to what is real."""

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from threading import Event

from campaign.channels import ChannelComposer, ChannelKind, in_time, load_channels
from campaign.channels.email import EmailChannel
from campaign.clock import Clock, SystemClock
from campaign.config import CONFIG_NAME, Settings, load_settings, validated
from campaign.config.faults import Origin
from campaign.dispatch import budget
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.dispatch.senders import Senders
from campaign.engagement.collect import Collector
from campaign.engagement.timetable import Cooling
from campaign.engine import require_cluster
from campaign.engine.apart import Apart
from campaign.engine.chores import DAY, Chore, Every
from campaign.engine.local import LocalEngine
from campaign.errors import BadSetting, WrongUse
from campaign.health.chores import chores
from campaign.health.doctor import Doctor
from campaign.hooks.sender import telling
from campaign.identities import Identities
from campaign.logs import set_up_logs
from campaign.models import Database, counts, lanes, partners, upkeep
from campaign.models.database import DatabaseAway
from campaign.models.partners import Campaign
from campaign.newsletter.sending import Issues
from campaign.notices.sending import Notices
from campaign.nudge import Listener, nudge
from campaign.plan.addressing import Letterhead
from campaign.plan.gather import Copy, Source
from campaign.plan.media import MediaStore
from campaign.plan.unused import Unused
from campaign.ports import Bulk, Channel, Engine, Limits
from campaign.ports.watching import Meter, NoMeter
from campaign.review.content import Contents
from campaign.review.digest import Digest
from campaign.review.head import tell_head
from campaign.review.noticing import EventNotices
from campaign.review.rules import Watch
from campaign.vault import Vault

_READING_LATE = timedelta(hours=1)


@dataclass
class App:
    """A workspace, opened. Everything is made at first use, so that a command pays only for what it needs."""

    workspace: Path
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    meter: Meter = field(default_factory=NoMeter)
    """Who counts what dispatch does; whoever serves the figures puts one here before the engine is made."""

    @classmethod
    def open(cls, workspace: Path, environ: Mapping[str, str]) -> "App":
        """Open a workspace by its folder."""
        return cls(workspace, load_settings(workspace, environ))

    @cached_property
    def database(self) -> Database:
        """The database, which must have been made by `campaign init`."""
        database = Database(self.settings.database.url, connections=self.settings.dispatch.lanes + 12)
        if database.revision() is None:
            problem = f"{self.workspace} has no database yet"
            raise WrongUse(problem=problem, mend="Run `campaign init` or `campaign db upgrade`.")
        return database

    @cached_property
    def campaign(self) -> Campaign:
        """The campaign's own row."""
        with self.database.read() as session:
            found = partners.campaign(session)
        if found is None:
            raise WrongUse(problem="The database holds no campaign", mend="Run `campaign init`.")
        return found

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """Every channel by name, built from its own section of config.toml."""
        kinds = load_channels()
        for name in self.settings.channels:
            if name not in kinds:
                mend = f"There are {', '.join(sorted(kinds))}."
                named = {"file": CONFIG_NAME, "field": f"channels.{name}"}
                raise BadSetting(**named, problem="there is no such channel", mend=mend)
        return {name: self._channel(name, kind) for name, kind in kinds.items()}

    def _channel(self, name: str, kind: type[ChannelKind]) -> Channel:
        section = in_time(kind, self.settings.channels.get(name, {}), self.settings.dispatch.call_timeout)
        settings = validated(kind.settings_type, section, Origin(CONFIG_NAME), within=("channels", name))
        return kind.from_settings(settings, self.clock)

    @property
    def limits(self) -> dict[str, Limits]:
        """The limits of each channel."""
        return {name: channel.limits for name, channel in self.channels.items()}

    @property
    def media_folder(self) -> Path:
        """Where images are kept by their digest."""
        return self.settings.media.folder

    @cached_property
    def contents(self) -> Contents:
        """What turns stored posts into what goes out."""
        return Contents(ChannelComposer(self.channels), self.media_folder)

    @cached_property
    def vault(self) -> Vault:
        """The vault with this workspace's key."""
        return Vault(self.settings.vault.key_file)

    @cached_property
    def identities(self) -> Identities:
        """What opens credentials and renews tokens."""
        return Identities(self.database, self.vault, self.clock, self.channels)

    @property
    def policy(self) -> Policy:
        """The times of dispatch."""
        wanted = self.settings.dispatch
        return Policy(
            grace=wanted.grace,
            lease=wanted.lease,
            call_timeout=wanted.call_timeout,
            retries=wanted.retries,
            lookups=wanted.lookups,
            lookup_reads=wanted.lookup_reads,
            lookup_spread=wanted.lookup_spread,
        )

    @cached_property
    def bulk(self) -> dict[str, Bulk]:
        """What does the issues of channels whose posts have many deliveries: of email alone."""
        wanted, email = self.settings.newsletter, self.email
        policy = email.policy(connections=wanted.connections, batch=wanted.batch, resend_unknown=wanted.resend_unknown)
        issues = Issues(
            database=self.database,
            clock=self.clock,
            open_transport=email.open_transport,
            journal_folder=self.workspace / "journals",
            salt=self.campaign.salt,
            policy=policy,
        )
        return {email.name: issues}

    @property
    def email(self) -> EmailChannel:
        """The email channel, which mails notices too."""
        channel = self.channels[EmailChannel.name]
        if not isinstance(channel, EmailChannel):
            raise WrongUse(problem="The channel email is not the one that ships", mend="Take the other one out.")
        return channel

    @property
    def copy(self) -> Copy:
        """What the campaign says and when, as its files stand now. Raises BadInput."""
        wanted = self.settings.campaign
        return Copy.current(wanted.timetable, wanted.templates, wanted.timezone)

    def source(self, *, placeholders: bool) -> Source:
        """Return where the facts of a plan come from. Raises BadInput."""
        return Source(
            copy=self.copy,
            media=MediaStore(self.media_folder, self.workspace),
            channels=self.limits,
            compose=self.contents.composer.compose,
            draft_of=self.contents.draft,
            digest_of=self.contents.digest,
            letterhead=Letterhead(
                self.email.sender, self.settings.web.public_url, self.settings.newsletter.count_clicks
            ),
            placeholders_allowed=placeholders,
        )

    @property
    def cooling(self) -> Cooling:
        """The timetable of engagement readings."""
        wanted = self.settings.engagement
        return Cooling(wanted.readings, wanted.daily_until, wanted.weekly_until)

    @cached_property
    def owner(self) -> str:
        """The name of this process among those that dispatch. Hosts of one image may share a name and process ids."""
        return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"

    def means(self) -> Means:
        """Return what dispatch works with."""
        return Means(
            database=self.database,
            clock=self.clock,
            channels=self.channels,
            contents=self.contents,
            identify=self.identities.of,
            bulk=self.bulk,
            policy=self.policy,
            owner=self.owner,
            first_reading=self.cooling.first_age,
            meter=self.meter,
        )

    def engine(self) -> Engine:
        """Return the engine that config.toml names. Raises WrongUse when it cannot run here."""
        kind, wanted = self._engine_kind(), self.settings.dispatch
        senders = Senders(partial(_means_in_sender, self.workspace), wanted.senders) if wanted.senders else None
        return kind(self.means(), threads=wanted.lanes, beat=wanted.beat, chores=self.chores(), senders=senders)

    def _engine_kind(self) -> type[LocalEngine]:
        if self.settings.engine.kind == "local":
            return LocalEngine
        require_cluster()
        from campaign.engine import carrier, cluster  # noqa: PLC0415 - the library is an extra

        carrier.check(self.database)
        return cluster.ClusterEngine

    def chores(self) -> list[Chore]:
        """Return the upkeep beside dispatch: what watches, caps, the chain's head, notices, readings, webhooks."""
        stopping = Event()
        collector = Collector(
            self.database,
            self.clock,
            channels=self.channels,
            identities=self.identities.by_id,
            cooling=self.cooling,
            late=_READING_LATE,
            message=self.contents.message,
            stopping=stopping,
        )
        wanted = self.settings.campaign
        in_turn: list[Chore] = [
            Watch(self.database, wanted.timetable, wanted.timezone).chore,
            *chores(self.doctor, self.settings, self.owner),
            partial(budget.reopen, self.means()),
            Every(DAY, partial(tell_head, self.database)),
            Every(DAY, lambda _: self.database.learn()),
            Every(counts.PAUSE, lambda _: counts.add_up(self.database)),
            Digest(self.database, self.settings.notices.digest_at, wanted.timezone).chore,
        ]
        source = partial(self.source, placeholders=True)
        # A mail server, a platform or a program that answers slowly keeps nothing else waiting.
        slow: dict[str, Chore] = {
            "notices": partial(self.notices.chore, stopping=stopping),
            "readings": collector.chore,
            "webhooks": telling(self.database, self.clock, self.settings, self.owner, lambda: self.vault, stopping),
            "events": EventNotices(self.database, self.contents, source, wanted.timetable),
            "images": Every(DAY, Unused(self.database, self.settings, stopping).sweep),
        }
        return [*in_turn, *(Apart(chore, name, stopping) for name, chore in slow.items())]

    @cached_property
    def doctor(self) -> Doctor:
        """What says what is not well."""
        known = (self.database, self.clock, self.channels, self.contents, self.workspace)
        return Doctor(*known, self.settings.vault.key_file, self.settings.notices.kept_back, self.cooling)

    @cached_property
    def notices(self) -> Notices:
        """What mails notices to people."""
        return Notices.opened(self.database, self.clock, self.settings, self.email)

    @contextmanager
    def dispatching(self) -> Iterator[None]:
        """Hold the right to dispatch from this database.

        On SQLite one process may dispatch. Whoever holds its lock knows that nobody else lives, and ends every lease
        at once.
        """
        with self.database.alone():
            if self.database.is_sqlite:
                with self.database.write() as session:
                    lanes.end_leases(session, self.clock.now())
            yield

    def end_beat(self) -> None:
        """Take this process's beat back, because it ends by intent; where the database is away, the beat grows old."""
        with suppress(DatabaseAway), self.database.write() as session:
            upkeep.end_beat(session, self.owner)

    def listening(self, wake: Callable[[], None]) -> AbstractContextManager[object]:
        """Listen for nudges of writing commands while the block runs: from this workspace, or from any machine."""
        if self.database.is_sqlite:
            return Listener(self.workspace, wake)
        from campaign.models.nudges import NotifyListener  # noqa: PLC0415 - brings in psycopg, which SQLite needs not

        return NotifyListener(self.database.url, wake)

    def nudge(self) -> None:
        """Tell the daemon, or every worker, that something changed."""
        if self.database.is_sqlite:
            nudge(self.workspace)
            return
        from campaign.models import nudges  # noqa: PLC0415 - as above

        nudges.nudge(self.database)

    def close(self) -> None:
        """Close what was opened."""
        if "database" in self.__dict__:
            self.database.close()


def _means_in_sender(workspace: Path) -> Means:
    """Open the workspace once more, in a sender process."""
    app = App.open(workspace, os.environ)
    set_up_logs(app.settings.logging.level, as_json=app.settings.logging.json_lines)
    return app.means()
