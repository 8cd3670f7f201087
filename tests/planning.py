"""A timetable, two partners and short templates for tests of the planner, and what the store makes of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from campaign.errors import BadInput, Finding, UnknownName
from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.rows import ExistingPost, Filled, PlanFacts, PlanRow
from campaign.plan.timetable import load_timetable
from campaign.ports import Draft, Limits

BASE = """
[details]
views_url = "https://www.gov.uk/dfe/SEND-conversation"
events_url = "https://example.org/events"

[days]
launch = 2025-12-02
close = 2025-12-19

[[event]]
name = "early"
title = "Early"
principle = "early"
starts = 2025-12-10T18:00:00
register_url = "https://example.org/early"
confirmed = true
"""
LAUNCH = '[[slot]]\nname = "launch"\ntemplate = "post-1"\nchannels = ["x", "facebook"]\nat = "launch 09:00"\n'
REMINDER = (
    '[[slot]]\nname = "reminder"\ntemplate = "event"\nchannels = ["facebook"]\n'
    'for_each = "event-*"\nat = "event - 1 working day 12:30"\n'
)
SHARE = (
    '[[slot]]\nname = "share"\naction = "share"\nof = "launch@dfe"\nchannels = ["x", "facebook"]\nat = "launch 13:00"\n'
)
WEEKLY = '[[slot]]\nname = "weekly"\ntemplate = "post-2"\nchannels = ["facebook"]\ncron = "0 17 * * thu"\n'
NOW = datetime(2025, 11, 24, 9, tzinfo=UTC)
LIMITS = Limits(text_max=280, count=len, media_max=4, alt_max=1000, pace=timedelta(), card=False)
CHANNELS = dict.fromkeys(("x", "facebook", "email"), LIMITS)
DFE = PartnerFacts("dfe", "DfE", details={"x_line": "From DfE"})
OAK = PartnerFacts("oak", "Oak School", "school", "London", {"x_line": "Oak says"})
ACCOUNTS = (
    AccountFacts(1, "dfe", "x"),
    AccountFacts(2, "dfe", "facebook"),
    AccountFacts(3, "oak", "x"),
    AccountFacts(4, "oak", "facebook"),
    AccountFacts(5, "oak", "email", external_id="parents"),
)


@dataclass(frozen=True)
class Picked:
    name: str
    version: int = 1
    digest: str = "d"
    until: date | str | None = None


class Folder:
    """A template source of a few names; the words of ``stale`` hold until the launch, of ``odd`` nobody knows."""

    UNTIL: ClassVar = {"stale": "launch", "odd": "doomsday"}

    def pick(self, name: str, channel: str) -> Picked:
        if name not in {"post-1", "post-2", "event", "newsletter", *self.UNTIL}:
            raise UnknownName(kind=f"template for {channel}", name=name, mend="Name another")
        return Picked(name, until=self.UNTIL.get(name))


def fill(
    name: str,
    channel: str,
    *,
    campaign: Mapping[str, object],
    partner: PartnerFacts,
    event: Mapping[str, object] | None,
    fields: Mapping[str, object],
    **_more: object,
) -> Filled:
    line = fields.get("x_line") or partner.details.get("x_line")
    if channel == "x" and not line:
        raise BadInput([Finding(f"{name}.x.md", "fields.x_line", "is missing", "Fill it in")])
    about = f" {event['title']} on {event['day']} at {event['time']}" if event else ""
    words = (
        f"{partner.name}: {line}{about} {campaign['events_url'] if campaign['events_open'] else campaign['views_url']}"
    )
    return Filled(Draft(words, subject="News" if name == "newsletter" else None), name, "1")


def given(folder: Path, text: str, **changes: Any) -> PlanFacts:
    file = folder / "timetable.toml"
    file.write_text(text, encoding="utf-8")
    facts = PlanFacts(
        timetable=load_timetable(file, "Europe/London"),
        templates=Folder(),
        fill=fill,
        partners=(DFE, OAK),
        accounts=ACCOUNTS,
        now=NOW,
        channels=CHANNELS,
    )
    return replace(facts, **changes)


def applied(
    rows: Sequence[PlanRow], stored: Sequence[ExistingPost] = (), status: str = "in_review"
) -> list[ExistingPost]:
    """Store what the rows say, as the store does."""
    posts = {post.id: post for post in stored}
    for row in rows:
        if row.action == "withdraw" and row.post_id:
            posts[row.post_id] = replace(posts[row.post_id], status="withdrawn", by_plan=True)
        elif row.action in {"add", "change"} and row.draft is not None:
            number = row.post_id or max(posts, default=0) + 1
            posts[number] = ExistingPost(
                number,
                row.account_id,
                row.slot,
                row.occurrence,
                row.due_at,
                status,
                row.draft,
                row.template,
                first_slot=row.first_slot,
                window_from=row.window_from,
                window_until=row.window_until,
                slot_at=row.slot_at,
                fields=row.fields,
                moved=row.moved,
            )
        elif row.action == "keep" and row.post_id:
            posts[row.post_id] = replace(
                posts[row.post_id], slot=row.slot, occurrence=row.occurrence, slot_at=row.slot_at
            )
    return list(posts.values())


def actions(rows: Sequence[PlanRow]) -> list[tuple[str, int]]:
    return [(row.action, row.account_id) for row in rows]


def only(rows: Sequence[PlanRow], account_id: int) -> PlanRow:
    (found,) = (row for row in rows if row.account_id == account_id)
    return found
