"""Reads one ``[[slot]]``: what, where and when; whatever one table alone can show to be wrong."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from apscheduler.triggers.cron import CronTrigger

from campaign.errors import WrongUse
from campaign.plan.days import parse_at, parse_hours, parse_spread
from campaign.plan.entries import At, Filters, Slot
from campaign.plan.toml_tables import Table

_KEYS = (
    "name", "was", "template", "templates", "action", "of", "channels", "at", "cron", "for_each", "days", "from",
    "until", "spread", "partners", "late", "hours",
)  # fmt: skip
_ACTIONS: Mapping[str, Literal["post", "share"]] = {"post": "post", "share": "share"}
_LATE: Mapping[str, Literal["skip", "catch-up"]] = {"skip": "skip", "catch-up": "catch-up"}
_WORKING: Mapping[str, bool] = {"working": True, "all": False}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS = 5


def read_slot(table: Table) -> Slot | None:
    """Read one slot, noting its faults; None where it has not even a name."""
    table.only(_KEYS)
    name = table.text("name")
    slot = Slot(
        name=name,
        was=table.optional("was"),
        channels=table.words("channels"),
        templates=table.words("template") + table.words("templates"),
        action=table.choice("action", _ACTIONS, "post"),
        of=table.optional("of"),
        at=_moment(table, "at"),
        cron=table.read("cron", check_cron),
        for_each=table.read("for_each", _check_for_each),
        working=table.choice("days", _WORKING, "all"),
        starts=_moment(table, "from"),
        ends=_moment(table, "until"),
        spread=table.read("spread", parse_spread) or timedelta(),
        partners=read_filters(table),
        late=table.choice("late", _LATE, "skip"),
        hours=table.read("hours", parse_hours),
        line=table.line,
    )
    _check_whole(slot, table)
    return slot if name else None


def read_filters(table: Table) -> Filters:
    """Read ``partners = { kind = [...], region = [...] }``."""
    value = table.data.get("partners", {})
    if not isinstance(value, dict):
        table.fault("partners", "must name what it filters by", 'Write it as { kind = ["school", "council"] }')
        return {}
    within = Table(value, f"{table.place}.partners", f"{table.name}.partners", table.faults)
    return {key: within.words(key) for key in value}


def _moment(table: Table, key: str) -> At | None:
    """Read an ``at`` line, or a date or local date-time written without quotes."""
    if not isinstance(table.data.get(key), date):
        return table.read(key, parse_at)
    day = table.day(key)
    if isinstance(day, datetime):
        return At(day=day.date(), wall=day.time())
    return At(day=day) if day else None


def _check_for_each(text: str) -> str:
    if text.startswith(("event-", "question-")):
        return text
    raise WrongUse(problem=f"{text!r} names no events or questions", mend='Write "event-*" or "question-*"')


def check_cron(text: str) -> str:
    """Check five cron fields and return them.

    Weekdays go by name: APScheduler counts 0 = Monday, crontab 0 = Sunday (APScheduler 3 user guide,
    "CronTrigger.from_crontab"), so a number would be right for one reader and a day off for the other.

    Raises:
        WrongUse: with the name to write, or what the trigger refuses.

    """
    fields = text.split()
    if len(fields) != _FIELDS:
        mend = 'Write five fields: minute, hour, day, month, weekday, such as "0 17 * * thu"'
        raise WrongUse(problem=f"{text!r} has {len(fields)} fields", mend=mend)
    if number := re.search(r"\d+", fields[4]):
        raise _numeric_weekday(int(number[0]))
    try:
        CronTrigger.from_crontab(text, timezone="UTC")
    except ValueError as error:
        raise WrongUse(problem=f"{text!r} is no cron line ({error})", mend="Correct the field that it names") from error
    return text


def _numeric_weekday(number: int) -> WrongUse:
    sunday_first, monday_first = _WEEKDAYS[(number - 1) % 7], _WEEKDAYS[number % 7]
    mend = f'Write "{sunday_first}" (counted from Sunday = 0, as crontab does) or "{monday_first}" (from Monday = 0)'
    return WrongUse(problem=f"weekday {number} is a number, and programs count weekdays differently", mend=mend)


def _check_whole(slot: Slot, table: Table) -> None:
    """Note what the keys say against each other."""
    given = table.data
    if slot.name == "single":
        table.fault("name", "is kept for posts outside the timetable", "Name the slot otherwise")
    if not slot.channels and not given.get("channels"):
        table.fault("channels", "is missing", 'Name at least one, such as ["x", "facebook"]')
    if ("at" in given) == ("cron" in given):
        table.fault("at", "or `cron` must be there, and not both", 'Write for instance at = "launch 09:00"')
    if slot.at and slot.for_each and slot.for_each.startswith("question-") and "*" in slot.for_each:
        table.fault("at", "would send every question at one time", "Use `cron`: each of its times takes one question")
    if slot.cron and slot.for_each and slot.for_each.startswith("event-"):
        table.fault("cron", "does not go with events", 'Use `at`, such as "event - 1 working day 12:30"')
    _check_words(slot, table)


def _check_words(slot: Slot, table: Table) -> None:
    """Note what is wrong with the choice between templates and a share."""
    given = table.data
    if slot.action == "share":
        if "template" in given or "templates" in given:
            table.fault("template", "does not go with a share", "A share passes on a post as it is: leave it out")
        if "of" not in given:
            table.fault("of", "is missing", 'Name the post to pass on, such as "launch@dfe"')
        elif slot.of and not re.fullmatch(r"[^@]+@[^@\s]+", slot.of):
            table.fault("of", f"{slot.of!r} is not understood", 'Write SLOT@PARTNER, such as "launch@dfe"')
    elif "template" in given and "templates" in given:
        table.fault("templates", "and `template` are both there", "Keep one of the two")
    elif "template" not in given and "templates" not in given:
        table.fault("template", "is missing", "Name the template, or several in `templates`")
    elif "of" in given:
        table.fault("of", "only goes with a share", 'Add action = "share", or leave it out')
