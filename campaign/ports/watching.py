"""What watching asks of a channel, and what dispatch tells whoever counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Expires(Protocol):
    """The power to say when stored credentials end for good: after that a person must give new ones."""

    def ends_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Return that instant; None where they do not end, or where nothing in them tells."""
        ...


@dataclass(frozen=True, slots=True)
class Sunset:
    """The last day of the API version that is configured, by the platform's own announcement."""

    version: str
    setting: str
    """The key of config.toml that names the version."""
    ends: date


@runtime_checkable
class Sunsets(Protocol):
    """The power to say when the API version in use ends."""

    def sunset(self) -> Sunset | None:
        """Return the end of the version; None where the platform has announced none."""
        ...


@runtime_checkable
class Probes(Protocol):
    """The power to ask the platform, without credentials and without a trace, whether it answers."""

    def probe(self) -> datetime | None:
        """Return the platform's own time, None where it tells none. Raises an Outcome when it does not answer."""
        ...


class Meter(Protocol):
    """Counts what dispatch does. It must neither fail nor wait."""

    def settled(
        self, channel: str, outcome: str, *, due_at: datetime, started_at: datetime, ended_at: datetime
    ) -> None:
        """Count one attempt that has ended: ``outcome`` is ``posted``, ``waiting`` or the name of an Outcome."""
        ...

    def lost(self, channel: str) -> None:
        """Count one attempt whose process ended first: its end is unknown, and so is how long it took."""
        ...


@dataclass(frozen=True, slots=True)
class NoMeter:
    """A meter where nobody counts."""

    def settled(
        self, channel: str, outcome: str, *, due_at: datetime, started_at: datetime, ended_at: datetime
    ) -> None:
        """Do nothing."""

    def lost(self, channel: str) -> None:
        """Do nothing."""
