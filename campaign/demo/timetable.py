"""The demo's timetable, derived from the shipped one: launch is in a few seconds, the opening slots follow at once.

What comes later keeps its day and hour, counted from today. Days and links that DfE has not given yet are filled with
addresses on example.org, which is reserved for such use (RFC 2606), so that nothing is left to confirm.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime

from campaign.plan.days import on_working
from campaign.plan.shift import shifted

OPENING: Mapping[str, str] = {
    "launch": "launch",
    "newsletter": "launch + 3 seconds",
    "share DfE's post": "launch + 12 seconds",
    "your voice matters": "launch + 30 seconds",
}
"""The shipped slots that the demo brings forward, and to when."""

REMINDED = "event-early"
"""The first event: its reminder belongs to the opening too."""

EXTRA = """
# --- brought forward for the demo ------------------------------------------------------------------------------------

[[slot]]
name = "first reminder"
for_each = "event-early"
template = "event"
channels = ["x", "facebook", "linkedin"]
at = "launch + 50 seconds"

[[slot]]
name = "first question"
for_each = "question-shared-5"       # the weekly round does not reach it before the close
template = "question"
channels = ["facebook", "linkedin"]
at = "launch + 70 seconds"
"""

_BLOCKS = re.compile(r"^(?=\[)", re.MULTILINE)
_HEADER = re.compile(r"\[{1,2}\s*(\w+)")
_NAME = re.compile(r'^name\s*=\s*"([^"]+)"', re.MULTILINE)
_STARTS = re.compile(r"^(starts\s*=\s*)(\d{4}-\d{2}-\d{2})", re.MULTILINE)
_DAY = re.compile(r"^(from|until)\s*=\s*(\d{4}-\d{2}-\d{2})", re.MULTILINE)


def derived(text: str, launch_at: datetime) -> str:
    """Return the timetable ``text`` with its launch at ``launch_at``, a local wall time without a zone.

    The day ``launch`` carries a time of day then, and the opening slots count their seconds from it. Quiet periods
    that cover the day are left out: whoever starts a demo at Christmas wants to see it.
    """
    blocks = _BLOCKS.split(shifted(text, launch_at.date()))
    return "".join(_derived(block, launch_at) for block in blocks).rstrip("\n") + "\n" + EXTRA


def _derived(block: str, launch_at: datetime) -> str:
    header = _HEADER.match(block)
    match header[1] if header else "":
        case "details":
            return _without(block, "placeholders")
        case "days":
            return _with(block, "launch", launch_at.isoformat(timespec="seconds"))
        case "event":
            return _on_working_day(_with(_without(block, "placeholder"), "confirmed", "true"))
        case "slot":
            return _slot(block)
        case "quiet" if _covers(block, launch_at.date()):
            return ""
    return block


def _on_working_day(block: str) -> str:
    """Put an event that the shift left at a weekend or on a bank holiday on the next working day, same hour."""
    return _STARTS.sub(lambda found: f"{found[1]}{on_working(date.fromisoformat(found[2]))}", block)


def _slot(block: str) -> str:
    found = _NAME.search(block)
    name = found[1] if found else ""
    if name in OPENING:
        return _with(_without(block, "spread"), "at", f'"{OPENING[name]}"')
    # A pattern can leave the first event out only by what it ends with, and a test sees to it that none is lost.
    return _with(block, "for_each", f'"event-*[!{REMINDED[-1]}]"') if name == "event reminder" else block


def _without(block: str, key: str) -> str:
    return re.sub(rf"^{key}\s*=.*\n", "", block, flags=re.MULTILINE)


def _with(block: str, key: str, value: str) -> str:
    return re.sub(rf"^{key}\s*=.*$", f"{key} = {value}", block, count=1, flags=re.MULTILINE)


def _covers(block: str, day: date) -> bool:
    bounds = {key: date.fromisoformat(text) for key, text in _DAY.findall(block)}
    return bounds["from"] <= day <= bounds["until"]
