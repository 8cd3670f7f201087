"""What a person asks of the engagement log: the filter that its pages and files share, read out of the address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session

from campaign.models import listing, partners
from campaign.models.snapshots import FIGURES, LogFilter
from campaign.plan.days import day_after, day_start
from campaign.web import times
from campaign.web.forms import options
from campaign.web.subjects import copy_of, template_title
from campaign.web.visitor import Actor
from campaign.web.words import day_name, sentence
from campaign.wording import channel

_NAMES = ("partner", "channel", "template", "slot", "from", "to", "figure")


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter as it was typed, and what it means. What means nothing is left out, and a day that is none is said."""

    typed: Mapping[str, str]
    wanted: LogFilter
    errors: Mapping[str, str]
    figure: str

    def address(self, path: str, **more: str) -> str:
        """Return the address of a page with this filter, changed by ``more``."""
        pairs = [(name, text) for name, text in {**self.typed, **more}.items() if text]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return any(text for name, text in self.typed.items() if name != "figure")


def asked(who: Actor) -> Asked:
    """Read the filter. An officer asks about their own partner, whatever the address says."""
    query = who.request.query_params
    typed = {name: text.strip() for name in _NAMES if (text := query.get(name, "")).isprintable()}
    days = {name: times.day(typed.get(name, "")) for name in ("from", "to")}
    errors = {name: times.DAY_HINT for name, day in days.items() if typed.get(name) and day is None}
    figure = typed.get("figure", "")
    zone = who.house.zone
    wanted = LogFilter(
        partner=who.partners[0] if who.partners else typed.get("partner") or None,
        channel=typed.get("channel") or None,
        template=typed.get("template") or None,
        slot=typed.get("slot") or None,
        since=day_start(days["from"], zone) if days["from"] else None,
        until=day_after(days["to"], zone) if days["to"] else None,
    )
    return Asked(typed, wanted, errors, figure if figure in FIGURES else FIGURES[0])


def choices(session: Session, who: Actor, found: Asked) -> dict[str, Any]:
    """Return what the filter's form offers. An officer has one partner and is not asked for it."""
    named = [] if who.partners else [(row.key, row.name) for row in partners.partners(session)]
    since = found.wanted.since
    return {
        "asked": found,
        "since": since.astimezone(who.house.zone).date() if since else None,
        "figures": FIGURES,
        "partners": options("All partners", named, found.typed.get("partner")) if named else [],
        "channels": options(
            "All channels", [(name, channel(name)) for name in who.house.app.channels], found.typed.get("channel")
        ),
        "templates": options("All templates", _templates(who, session), found.typed.get("template")),
        "slots": options(
            "All of the timetable", _named(listing.names(session, "slot"), sentence), found.typed.get("slot")
        ),
    }


def _templates(who: Actor, session: Session) -> list[tuple[str, str]]:
    copy = copy_of(who.house.app)
    return _named(listing.names(session, "template"), lambda name: template_title(copy, name))


def _named(names: list[str], said: Callable[[str], str]) -> list[tuple[str, str]]:
    return [(name, said(name)) for name in names]


def span(days: tuple[date, ...], today: date) -> str:
    """Return the days that are shown, in words."""
    if not days:
        return ""
    return " to ".join(dict.fromkeys(day_name(day, today) for day in (days[0], days[-1])))
