"""The channels: everything in this folder is one. A module or package without a leading underscore defines ``CHANNEL``.

Dropping in a file adds a platform. One that cannot be imported stops the program and says so: a campaign that quietly
leaves a platform out would be worse.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import ClassVar, Protocol, Self

from pydantic import BaseModel

from campaign.clock import Clock
from campaign.errors import WrongUse
from campaign.ports import Channel, Draft, Message

__all__ = ["ChannelComposer", "ChannelKind", "in_time", "load_channels"]


class ChannelKind(Channel, Protocol):
    """A channel as it is built: from settings of its own type, which ``app`` makes of its section in config.toml."""

    settings_type: ClassVar[type[BaseModel]]

    @classmethod
    def from_settings(cls, settings: BaseModel, clock: Clock | None = None) -> Self:
        """Build the channel."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelComposer:
    """Composes a draft by its channel's own rule."""

    channels: Mapping[str, Channel]

    def compose(self, channel: str, draft: Draft, token: str) -> Message:
        """Return the exact outgoing content."""
        return self.channels[channel].compose(draft, token)


def in_time(kind: type[ChannelKind], section: Mapping[str, object], longest: timedelta) -> Mapping[str, object]:
    """Return a channel's section, with calls of ``longest`` where its own bound would be greater and it names none."""
    own = kind.settings_type.model_fields.get("read")
    longer = own is not None and isinstance(own.default, timedelta) and own.default > longest
    return {"read": longest, **section} if longer else section


def load_channels(package: str = __name__) -> dict[str, type[ChannelKind]]:
    """Return every channel class by its name.

    Raises:
        campaign.errors.WrongUse: a channel cannot be imported, is not one, or two have the same name.

    """
    folder = importlib.import_module(package)
    found: dict[str, type[ChannelKind]] = {}
    for entry in sorted(pkgutil.iter_modules(folder.__path__), key=lambda entry: entry.name):
        if entry.name.startswith("_"):
            continue
        channel = _channel(_imported(f"{package}.{entry.name}"))
        if channel.name in found:
            raise WrongUse(problem=f"two channels are named {channel.name!r}", mend=f"Rename the one in {entry.name}.")
        found[channel.name] = channel
    return found


def _imported(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as error:
        problem = f"the channel {module} cannot be imported: {type(error).__name__}: {error}"
        raise WrongUse(problem=problem, mend="Mend it or take it out.") from error


def _channel(module: ModuleType) -> type[ChannelKind]:
    channel = getattr(module, "CHANNEL", None)
    wanted = ("name", "title", "limits", "settings_type", "from_settings", "compose", "publish")
    missing = [part for part in wanted if not hasattr(channel, part)]
    if not isinstance(channel, type) or missing:
        problem = f"{module.__name__} is no channel: " + (f"it lacks {', '.join(missing)}" if channel else "no CHANNEL")
        raise WrongUse(problem=problem, mend="Define CHANNEL, a class as campaign.ports.Channel describes it.")
    return channel
