"""How the pages say things: states as tags, days and times as GOV.UK writes them, channels by their names."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from textwrap import shorten
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from campaign.errors import Finding
from campaign.models.posts import Post
from campaign.models.searching import folded
from campaign.models.snapshots import FIGURES
from campaign.models.status import Status
from campaign.plan.days import spoken_day, spoken_time
from campaign.plan.rows import SINGLE
from campaign.wording import channel, counted


@dataclass(frozen=True, slots=True)
class Tag:
    """A state in a word or two, with the colour that helps to see it; the word alone says it."""

    text: str
    colour: str = ""

    @property
    def classes(self) -> str:
        """The classes of GOV.UK's tag."""
        return f"govuk-tag--{self.colour}" if self.colour else ""


STATES: Mapping[Status, Tag] = MappingProxyType(
    {
        Status.DRAFT: Tag("Draft", "grey"),
        Status.IN_REVIEW: Tag("To review", "yellow"),
        Status.APPROVED: Tag("Approved", "green"),
        Status.PUBLISHING: Tag("Publishing", "teal"),
        Status.PUBLISHED: Tag("Published"),
        Status.UNCONFIRMED: Tag("Unconfirmed", "orange"),
        Status.FAILED: Tag("Failed", "red"),
        Status.MISSED: Tag("Missed", "red"),
        Status.WITHDRAWN: Tag("Withdrawn", "grey"),
        Status.REJECTED: Tag("Rejected", "grey"),
        Status.BY_HAND: Tag("By hand", "purple"),
        Status.RETRACTING: Tag("Taking down", "orange"),
        Status.RETRACTED: Tag("Taken down", "grey"),
    }
)
_COLONS_OF_A_PROCESS = 2
HELD = Tag("On hold", "red")
RETURNED = Tag("Needs changes", "orange")
DRAFTS = Tag("Draft, or needs changes", "grey")
"""Where drafts and what came back are one state, as in a filter."""

FIGURE_NAMES: Mapping[str, str] = MappingProxyType({name: name.title() for name in FIGURES})
"""The figures as people read them: the platforms' own words, for each counts in its own way."""
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "posted": "Published",
        "waiting": "Copies wait for a later try",
        "never-sent": "Not sent",
        "stopped": "Stopped before it was sent",
        "worn": "Not sent: it could not begin in time",
        "refused": "Refused by the platform",
        "withheld": "Not sent: we may not send it so",
        "wait": "The platform asked to wait",
        "credential": "The account is no longer connected",
        "blocked": "The platform has blocked the account",
        "duplicate": "The platform says it is there already",
        "unknown": "Outcome not known",
    }
)
"""How a try to publish ended, by the name that dispatch keeps of it."""
COPIES: Mapping[str, str] = MappingProxyType(
    {
        "waiting": "Not sent yet",
        "sending": "Being sent",
        "deferred": "To be tried again",
        "bounced": "Bounced: refused by their mail server",
        "suppressed": "Not sent: the reader wants no mail",
        "unknown": "Outcome not known",
    }
)
MOVES: Mapping[str, str] = MappingProxyType(
    {
        "queue": "Queued",
        "submit": "Sent for review",
        "edit": "Changed",
        "approve": "Approved",
        "return": "Returned",
        "reject": "Rejected",
        "withdraw": "Withdrawn",
        "expire": "Missed",
        "claim": "Publishing began",
        "settle": "Published",
        "defer": "Put off",
        "refuse": "Refused",
        "lose": "Outcome not known",
        "found": "Found on the platform",
        "absent": "Not on the platform",
        "revive": "Back for review",
        "rearrange": "Given a new time",
        "hand over": "Handed over to publish by hand",
        "done": "Published by hand",
        "retract": "To be taken down",
        "retract once found": "To be taken down once it is found",
        "gone": "Taken down",
        "restore": "Restored from a backup",
    }
)


TOLD: Mapping[str, str] = MappingProxyType(
    {
        "published": "A post is published",
        "failed": "A post failed",
        "unconfirmed": "Nobody knows whether a post is published",
        "returned": "A post is returned to its partner",
    }
)
"""What a webhook is told of."""


def tag_of(post: Post) -> Tag:
    """Return the tag of a post; a comment shows on what came back with it. Whether it is held is another tag."""
    if post.status == Status.DRAFT and post.comment:
        return RETURNED
    return STATES[Status(post.status)]


def who(name: str) -> str:
    """Return who did something: a process of ours, named ``host:number:letters``, is the program to people."""
    return "the program" if by_program(name) else name


def by_program(name: str) -> bool:
    """Say whether who did something is a process of ours."""
    return name.count(":") == _COLONS_OF_A_PROCESS


def sentence(text: str) -> str:
    """Return a name of a slot as a title: its first letter large."""
    return text[:1].upper() + text[1:]


def clock_hour(hour: int) -> str:
    """Return an hour of the wall as a span: 9am to 10am."""
    return f"{spoken_time(time(hour))} to {spoken_time(time((hour + 1) % 24))}"


def day_name(day: date, today: date) -> str:
    """Return a day as ``Tuesday 1 December``; with its year where that is another one."""
    return f"{spoken_day(day)}{f' {day.year}' if day.year != today.year else ''}"


def typed_day(day: date) -> str:
    """Return a day as people type it: ``1/12/2025``."""
    return f"{day.day}/{day.month}/{day.year}"


def subject(text: str) -> str:
    """Return what a decision was about: ``user:ann`` as ``User ann``."""
    kind, _, name = text.partition(":")
    return f"{sentence(kind)} {name}" if name else sentence(kind)


def commands(text: str) -> Markup:
    """Return a text in which commands, between backticks, stand out as such."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


_DIGEST = 64


def fact(value: object) -> str:
    """Return a fact of a decision in words; of a digest as much as tells it from others."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {fact(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(fact, value))
    text = {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return f"{text[:8]}…" if len(text) == _DIGEST and text.isalnum() else text


_AGES = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


def age_name(reading: str) -> str:
    """Return the name of a reading, ``6h`` or ``2d``, in words: after 6 hours."""
    number, unit = reading[:-1], _AGES.get(reading[-1:])
    return f"After {counted(int(number), unit)}" if unit and number.isdigit() else sentence(reading)


def date_name(day: date, today: date) -> str:
    """Return a day as ``1 December``, for a narrow column; with its year where that is another one."""
    return f"{day.day} {day:%B}{f' {day.year}' if day.year != today.year else ''}"


_NEEDS_SUBJECT = re.compile(r"(?:is|has|holds|must|needs|cannot|stands|was) ")


def spoken(finding: Finding) -> str:
    """Return what is wrong as a sentence without its stop: one that says what its field is begins with the field."""
    name = finding.field.rpartition(".")[2].replace("_", " ")
    return sentence(f"{name} {finding.problem}" if name and _NEEDS_SUBJECT.match(finding.problem) else finding.problem)


def advised(finding: Finding) -> str:
    """Return what is wrong and how to mend it, as sentences of a page."""
    return f"{spoken(finding)}. {finding.advice.rstrip('.')}."


_SENTENCES = re.compile(r"(?<=[.!?])\s+")


def without_commands(text: str) -> str:
    """Return a text without the sentences that name commands: who reads a page may have no command line."""
    return " ".join(part for part in _SENTENCES.split(text) if "`" not in part)


def titled(post: Post) -> str:
    """Return what a post is called: its slot; one outside the timetable by its first words, for several share a day."""
    if post.slot != SINGLE:
        return sentence(post.slot)
    words = str(post.draft.get("subject") or post.draft.get("words") or "").strip().partition("\n")[0]
    return shorten(words, _TITLE, placeholder=ELLIPSIS) or sentence(post.slot)


def excerpt(post: Post, words: Sequence[str]) -> str:
    """Return what a post says around the first of some folded words; nothing where that stands elsewhere."""
    text = " ".join(str(post.draft.get("words") or "").split())
    at = folded(text).find(words[0])
    if at < 0:
        return ""
    begin, end = text[:at], text[at:]
    if len(begin) > _AROUND:
        begin = ELLIPSIS + begin[-_AROUND:].partition(" ")[2]
    return begin + shorten(end, 2 * _AROUND, placeholder=ELLIPSIS)


ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_AROUND = 50
_TITLE = 60
_INSTANT = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
"""As reasons have it that are kept for the log: on a page it is local wall time."""


_OF_NO_CLOCK: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "channel": channel,
        "figure": lambda name: FIGURE_NAMES.get(str(name), sentence(str(name))),
        "reading": age_name,
        "subject": subject,
        "spaced": lambda name: sentence(str(name)).replace("_", " "),
        "fact": fact,
        "stopped": lambda text: sentence(str(text)).rstrip(".") + ".",
        "commands": commands,
        "with": lambda item, name, value: {**item, name: value},
        "outcome": lambda name: OUTCOMES.get(str(name), sentence(str(name))),
        "copy_state": lambda name: COPIES.get(str(name), sentence(str(name))),
        "number": lambda value: "\N{EN DASH}" if value is None else f"{value:,}",
        "sentence": sentence,
        "titled": titled,
        "spoken": spoken,
        "advised": advised,
        "who": who,
        "move": lambda name: MOVES.get(str(name), sentence(str(name))),
    }
)


def filters(zone: tzinfo, now: Callable[[], datetime]) -> dict[str, Callable[..., Any]]:
    """Return the filters of the templates. Instants are aware; the wall is the campaign's."""

    def day(instant: datetime) -> str:
        return day_name(instant.astimezone(zone).date(), now().astimezone(zone).date())

    def on_date(instant: datetime) -> str:
        return date_name(instant.astimezone(zone).date(), now().astimezone(zone).date())

    def time(instant: datetime) -> str:
        return spoken_time(instant.astimezone(zone).time())

    def moment(instant: datetime) -> str:
        return f"{day(instant)}, {time(instant)}"

    return {
        **_OF_NO_CLOCK,
        "day": day,
        "date": on_date,
        "time": time,
        "moment": moment,
        "a_day": lambda found: day_name(found, now().astimezone(zone).date()),
        "told": lambda text: _INSTANT.sub(
            lambda found: moment(datetime.fromisoformat(found[0])), without_commands(str(text))
        ),
        "stamp": lambda text: moment(datetime.fromisoformat(str(text))),
    }


_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")
_AS_SAID = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "a Mac", "iPhone": "an iPhone", "iPad": "an iPad"}


def browser_name(said: str) -> str:
    """Return what a browser says of itself in a few words: ``Firefox on Windows``."""
    browser = next((name for name in _BROWSERS if name in said), "")
    system = next((name for name in _SYSTEMS if name in said), "")
    named = [_AS_SAID.get(name, name) for name in (browser, system) if name]
    return " on ".join(named) if browser else "A browser that does not say its name"
