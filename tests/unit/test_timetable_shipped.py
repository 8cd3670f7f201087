"""The shipped timetable and the shipped templates fit: every slot fills for every partner on every channel it names."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.fill import Facts, fill
from campaign.plan.media import MediaStore
from campaign.plan.planner import plan
from campaign.plan.questions import load_questions
from campaign.plan.rows import Filled, PlanFacts
from campaign.plan.shift import shifted
from campaign.plan.template import load_templates
from campaign.plan.timetable import load_timetable
from campaign.ports import Limits
from campaign.weights import x_length

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "templates" / "national-conversation"
TEXT = (ROOT / "schedules" / "national-conversation.toml").read_text(encoding="utf-8")
LIMITS = {
    "x": Limits(280, x_length, 4, 1000, timedelta(), card=False),
    "facebook": Limits(63206, len, 10, 1000, timedelta(), card=True),
    "linkedin": Limits(3000, len, 9, 1000, timedelta(), card=True),
    "email": Limits(1_000_000, len, 0, 0, timedelta(), card=False, subject_max=998),
}


def facts(folder: Path, launch: date) -> PlanFacts:
    file = folder / "timetable.toml"
    file.write_text(shifted(TEXT, launch), encoding="utf-8")
    templates, media = load_templates(FOLDER), MediaStore(folder / "media")

    def fills(
        name: str, channel: str, *, campaign: Mapping[str, object], partner: PartnerFacts, **given: Any
    ) -> Filled:
        template = templates.pick(name, channel)
        words = {"key": partner.key, "name": partner.name, **partner.details}
        known = Facts(campaign, words, channel=channel, **given)
        return Filled(fill(template, known, media, card=LIMITS[channel].card), template.name, str(template.version))

    partners = [PartnerFacts(key, key.title(), details={"x_line": f"{key} listens"}) for key in ("dfe", "oak")]
    return PlanFacts(
        timetable=load_timetable(file, "Europe/London"),
        templates=templates,
        fill=fills,
        partners=partners,
        accounts=[
            AccountFacts(10 * n + k, partner.key, channel, external_id="everyone")
            for n, partner in enumerate(partners)
            for k, channel in enumerate(LIMITS)
        ],
        now=datetime(launch.year, launch.month, 1, tzinfo=UTC) - timedelta(days=7),
        channels=LIMITS,
        questions=load_questions(FOLDER / "questions.toml"),
        placeholders_allowed=True,
    )


@pytest.mark.parametrize("launch", [date(2025, 12, 2), date(2026, 3, 16), date(2026, 10, 17)])
def test_every_slot_fills_on_every_channel_wherever_the_launch_is_moved(tmp_path: Path, launch: date) -> None:
    given = facts(tmp_path, launch)
    rows = plan(given)
    assert [str(finding) for row in rows for finding in row.findings] == []
    assert {row.action for row in rows} <= {"add", "withdraw"}
    assert all("quiet period" in row.reason for row in rows if row.action == "withdraw")
    assert {row.slot for row in rows if row.action == "add"} == {slot.name for slot in given.timetable.slots}
    assert {row.channel for row in rows if row.action == "add"} == set(LIMITS)


def test_outside_a_rehearsal_nothing_with_a_placeholder_goes_out(tmp_path: Path) -> None:
    rows = plan(replace(facts(tmp_path, date(2025, 12, 2)), placeholders_allowed=False))
    out = [row for row in rows if row.action == "add"]
    assert {"launch", "last day", "question of the week"} <= {row.slot for row in out}
    assert not [row.slot for row in out if row.draft and "example.org" in f"{row.draft.words} {row.draft.link}"]
    blocked = [row for row in rows if row.action == "blocked"]
    assert {"event reminder", "event today", "event last chance", "your voice matters"} <= {row.slot for row in blocked}
