"""Every shipped template fits every channel with the longest values that its fields allow."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import BadInput, UnknownName
from campaign.plan.fields import FieldSpec, checked
from campaign.plan.media import MediaStore
from campaign.plan.template import Facts, Template, fill, load_templates
from campaign.weights import (
    FACEBOOK_MAX,
    LINKEDIN_MAX,
    X_MAX,
    facebook_length,
    linkedin_length,
    x_length,
    x_valid,
)

FOLDER = Path(__file__).parents[2] / "templates" / "national-conversation"
TEMPLATES = load_templates(FOLDER)
QUESTIONS = tomllib.loads((FOLDER / "questions.toml").read_text("utf-8"))["question"]
COUNTS: Mapping[str, tuple[Callable[[str], int], int]] = {
    "x": (x_length, X_MAX),
    "facebook": (facebook_length, FACEBOOK_MAX),
    "linkedin": (linkedin_length, LINKEDIN_MAX),
}
SUBJECT_MAX = 78
"""RFC 5322 section 2.1.1 asks for lines of at most 78 characters."""
NAME_MAX = 200
"""Longer than any school's registered name."""


def _offered(channel: str) -> list[str]:
    def is_for(name: str) -> bool:
        try:
            TEMPLATES.pick(name, channel)
        except UnknownName:
            return False
        return channel == "email" or TEMPLATES.pick(name, channel).subject is None

    return [name for name in TEMPLATES.names() if is_for(name)]


CASES = [(name, channel) for channel in COUNTS for name in _offered(channel)]


def _longest(spec: FieldSpec) -> object:
    size = spec.max or 0
    if spec.type == "choice":
        return max(spec.choices, key=lambda value: len(spec.choices[value]))
    if spec.type == "quote":
        return {"text": "q" * size, "name": "n" * 80, "role": "r" * 120}
    shapes = {
        "url": "https://example.org/" + "u" * (size - len("https://example.org/")),
        "email": "e" * 60 + "@" + "d" * 55 + ".uk",
        "image": None,
    }
    return shapes.get(spec.type, "w" * size)


def _facts(template: Template, channel: str, principle: str, question: Mapping[str, object] | None) -> Facts:
    address = "https://www.example.gov.uk/" + "a" * 100
    return Facts(
        campaign={
            "x_handle": "@educationgovuk",
            "views_url": "https://www.gov.uk/dfe/SEND-conversation",
            "events_url": address,
            "events_open": True,
        },
        partner={"key": "p", "name": "N" * NAME_MAX},
        event={
            "title": "T" * 60,
            "day": "Wednesday 10 September",
            "time": "18:00",
            "register_url": address,
            "principle": principle,
            "status": "moved",
        },
        question=question,
        fields={name: _longest(spec) for name, spec in template.fields.items()},
        channel=channel,
    )


def _asked() -> list[Mapping[str, object]]:
    return [
        {**one, "follow_ons": [other["question"] for other in QUESTIONS if other.get("parent") == one["name"]]}
        for one in QUESTIONS
        if one["stands_alone"]
    ]


@pytest.mark.parametrize(("name", "channel"), CASES)
def test_a_template_fits_its_channel_with_the_longest_values(name: str, channel: str, tmp_path: Path) -> None:
    template = TEMPLATES.pick(name, channel)
    count, limit = COUNTS[channel]
    for question in _asked() if name == "question" else [None]:
        for principle in ("early", "local", "fair", "effective", "shared"):
            facts = _facts(template, channel, principle, question)
            assert count(fill(template, facts, MediaStore(tmp_path)).words) <= limit


def test_every_field_that_a_partner_fills_has_a_limit() -> None:
    specs = [spec for template in TEMPLATES.by_key.values() for spec in template.fields.values()]
    assert [spec.name for spec in specs if spec.max is None and spec.type != "choice"] == []


def test_all_social_templates_are_proved_and_questions_stay_off_x() -> None:
    assert len(CASES) == 8 * 3 + 2
    assert ("question", "x") not in CASES


def test_the_newsletters_subject_fits_one_line_of_a_mail(tmp_path: Path) -> None:
    template = TEMPLATES.pick("newsletter", "email")
    draft = fill(template, _facts(template, "email", "early", None), MediaStore(tmp_path))
    assert draft.subject
    assert len(draft.subject) <= SUBJECT_MAX


@given(line=st.text(min_size=1, max_size=60) | st.from_regex(r"([a-z]\.co ){1,6}", fullmatch=True))
@pytest.mark.parametrize("name", [name for name in _offered("x") if "x_line" in TEMPLATES.pick(name, "x").fields])
def test_no_line_that_x_line_takes_makes_a_post_too_heavy(name: str, line: str) -> None:
    template = TEMPLATES.pick(name, "x")
    try:
        kept = checked(template.fields["x_line"], line)
    except BadInput:
        return
    facts = _facts(template, "x", "early", None)
    draft = fill(template, replace(facts, fields={"x_line": line}), MediaStore(FOLDER))
    assert str(kept) in draft.words or "\n" in str(kept)
    assert x_length(draft.words) <= X_MAX
    assert x_valid(draft.words) or not x_valid(str(kept))
