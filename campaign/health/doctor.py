"""The doctor: compares database, engine and platforms, and says of all that is not well how to mend it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from campaign.clock import Clock
from campaign.engagement.timetable import Cooling
from campaign.errors import Outcome, WrongUse
from campaign.health import accounts, machine, posts, readings
from campaign.health.beat import pulse
from campaign.health.finding import Finding, Rule, Severity
from campaign.models import Database, upkeep
from campaign.ports import Channel
from campaign.ports.watching import Probes
from campaign.review.content import Contents
from campaign.vault import Vault


@dataclass(frozen=True, slots=True)
class Doctor:
    """Examines one workspace. It reads only; the network is used by ``probe`` alone. ``kept_back``: for so long a
    letter to a person may wait for others to go with it.
    """

    database: Database
    clock: Clock
    channels: Mapping[str, Channel]
    contents: Contents
    workspace: Path
    key_file: Path
    kept_back: timedelta
    cooling: Cooling

    def examine(self) -> list[Finding]:
        """Return what is not well, the gravest first."""
        now = self.clock.now()
        with self.database.read() as session:
            beats = upkeep.beats(session)
            found = [*machine.daemon(pulse(beats, now)), *machine.key(self.key_file)]
            found += machine.disks(self._folders())
            found += machine.clocks(session, beats, self.clock.now())
            found += machine.messages(session, now, self.kept_back)
            found += posts.examine(session, now)
            found += posts.broken(session, self.contents, now)
            found += posts.images(session, self.contents.media_folder, now)
            if pulse(beats, now).well:
                found += readings.overdue(session, self.cooling, now)
            found += accounts.standing(session, now)
            if (vault := self._vault()) is not None:
                found += accounts.credentials(session, vault, self.channels, now)
        found += accounts.versions(self.channels, now)
        return sorted(found, key=lambda one: one.severity)

    def probe(self) -> list[Finding]:
        """Ask every platform whether it answers and what time it has. Bounded by each channel's own time limits."""
        return [finding for channel in self.channels.values() for finding in self._probed(channel)]

    def _probed(self, channel: Channel) -> Iterator[Finding]:
        if not isinstance(channel, Probes):
            return
        try:
            stated = channel.probe()
        except Outcome as outcome:
            what = f"{channel.title} does not answer: {outcome.detail}"
            mend = f"See [channels.{channel.name}] in config.toml, and the way to the network."
            yield Finding(Rule.PLATFORM_AWAY, Severity.ERROR, channel.name, what, mend)
            return
        if stated is not None:
            yield from machine.offset(channel.name, channel.title, self.clock.now() - stated)

    def _folders(self) -> list[Path]:
        """Return where disk is needed: the workspace, and the folder of a SQLite file."""
        file = self.database.url.database if self.database.is_sqlite else None
        return [self.workspace, *([Path(file).parent] if file else [])]

    def _vault(self) -> Vault | None:
        try:
            return Vault(self.key_file)
        except WrongUse:
            return None  # the rule on the key file has said so
