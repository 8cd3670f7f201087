"""How a value reads on screen: local wall time, yes and no, a dash for nothing. JSON is never touched by it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

NOTHING = "-"

_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b")
_zone: list[tzinfo] = [UTC]


def show_times_in(zone: tzinfo) -> None:
    """From now on show instants in ``zone``: that of the campaign, once its workspace is known."""
    _zone[0] = zone


def zone() -> tzinfo:
    """Return the zone of every time on screen."""
    return _zone[0]


def said(value: object) -> str:
    """Return a value as people read it. An instant is told by the wall wherever it stands, inside a sentence too."""
    if value is None or value == "" or (isinstance(value, (Sequence, Mapping)) and not value):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _INSTANT.sub(_wall, value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(key)} {said(inner)}" for key, inner in value.items() if inner not in (None, ""))
    return "; ".join(map(said, value)) if isinstance(value, Sequence) else str(value)


def when(instant: datetime) -> str:
    """Return an instant as the campaign's wall shows it, with seconds only where it has some."""
    local = instant.astimezone(zone())
    return f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")


def _wall(found: "re.Match[str]") -> str:
    return when(datetime.fromisoformat(found[0]))


def _name(key: object) -> str:
    return str(key).replace("_", " ")
