"""The shipped copy is the toolkit's, word for word, or says openly where it is not."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.errors import BadInput
from campaign.plan.head import Template
from campaign.plan.media import MediaStore
from campaign.plan.template import Facts, fill, load_templates

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "templates" / "national-conversation"
TEMPLATES = load_templates(FOLDER)
TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
HOLE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\((?:[^()]|\([^)]*\))*\)")
MARKUP = re.compile(r"^\s*(?:#+|[-*>])\s+|[<>]|\*\*")
SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
AS_PRINTED = {
    "{{ campaign.x_handle }}": "@educationgovuk",
    "{{ campaign.views_url }}": "www.gov.uk/dfe/SEND-conversation",
}


def locked_sentences(template: Template) -> tuple[str, ...]:
    """Each fixed sentence of a locked template, once, with its holes as ``{{ name }}`` and without Markdown.

    A line that only shows a value is no sentence. The wordings of choices count: they are fixed too.
    """
    return tuple(dict.fromkeys(_sentences(template))) if template.locked else ()


def _sentences(template: Template) -> Iterator[str]:
    wordings = [wording for spec in template.fields.values() for wording in spec.choices.values()]
    for text in (template.subject, template.preheader, template.link_title, *wordings, template.words):
        for line in TAG.sub("", text or "").split("\n"):
            plain = MARKUP.sub("", LINK.sub(r"\1", HOLE.sub(r"{{ \1 }}", line))).strip()
            for sentence in SENTENCE_END.split(plain):
                if re.search(r"[^\W\d_]", HOLE.sub("", sentence)):
                    yield sentence


def _plain(text: str) -> str:
    """Return Markdown as a reader sees it, on one line."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text.replace("\\", "")).replace("**", "")
    return " ".join(re.sub(r"^- ", "", shown, flags=re.MULTILINE).split())


def _quoted() -> set[str]:
    lines = (FOLDER / "departures.md").read_text("utf-8").splitlines()
    return {line.removeprefix("> ") for line in lines if line.startswith("> ")}


def _verbatim(sentence: str) -> bool:
    toolkit = _plain((ROOT / "tests" / "data" / "stakeholder-toolkit.md").read_text("utf-8"))
    for hole, words in AS_PRINTED.items():
        sentence = sentence.replace(hole, words)
    return re.search(rf"(?<!\w){re.escape(_plain(sentence))}(?!\w)", toolkit) is not None


@pytest.mark.parametrize("file", sorted(template.file.name for template in TEMPLATES.by_key.values()))
def test_every_locked_sentence_is_the_toolkits_or_a_named_departure(file: str) -> None:
    template = next(one for one in TEMPLATES.by_key.values() if one.file.name == file)
    sentences = locked_sentences(template)
    assert sentences
    assert [one for one in sentences if not _verbatim(one) and one not in _quoted()] == []


def test_a_changed_word_would_be_found() -> None:
    assert _verbatim("Share your views with us online")
    assert not _verbatim("Share your opinions with us online")
    assert not _verbatim("hare your views with us online")


def test_no_departure_is_named_that_no_template_makes() -> None:
    used = {sentence for template in TEMPLATES.by_key.values() for sentence in locked_sentences(template)}
    assert _quoted() - used == set()


def test_each_shipped_template_says_whose_words_they_are() -> None:
    assert {template.copyright for template in TEMPLATES.by_key.values()} == {"© Crown copyright 2025"}


def test_all_twenty_six_questions_ship_word_for_word() -> None:
    questions = tomllib.loads((FOLDER / "questions.toml").read_text("utf-8"))["question"]
    toolkit = (ROOT / "tests" / "data" / "stakeholder-toolkit.md").read_text("utf-8")
    asked = re.search(r"\nQuestions to guide(.*)\nSources\n", toolkit, re.DOTALL)
    assert asked
    bullets = [_plain(line) for line in asked[1].splitlines() if line.startswith("- ")]
    assert [question["question"] for question in questions] == bullets
    assert len(bullets) == 26


def test_every_lead_in_and_source_is_the_toolkits() -> None:
    questions = tomllib.loads((FOLDER / "questions.toml").read_text("utf-8"))["question"]
    parts = {question["lead_in"] for question in questions} | {
        part for question in questions for source in question["source"].split("; ") for part in source.split(": ", 1)
    }
    assert [part for part in parts if part and not _verbatim(part)] == []


def test_a_question_that_leans_on_another_names_its_parent() -> None:
    questions = {one["name"]: one for one in tomllib.loads((FOLDER / "questions.toml").read_text("utf-8"))["question"]}
    followers = [one for one in questions.values() if not one["stands_alone"]]
    assert len(followers) == 4
    for one in followers:
        parent = questions[one["parent"]]
        assert parent["stands_alone"]
        assert parent["principle"] == one["principle"]


@pytest.mark.parametrize("name", ["post-1", "post-2", "question", "event", "good-practice", "last-day"])
def test_no_partners_link_stands_bare(name: str, tmp_path: Path) -> None:
    event = {"title": "Early", "principle": "early", "time": "6pm", "day": "Friday", "register_url": "https://e.uk/r"}
    question = {"lead_in": "Lead.", "question": "What?", "follow_ons": []}
    campaign = {"views_url": "https://e.uk/v", "events_url": "https://e.uk/e", "events_open": True, "x_handle": "@dfe"}
    partner = {"name": "Oak", "local_link": "https://oak.example.org/send"}
    facts = Facts(campaign, partner, event, question, {}, "facebook")
    words = fill(TEMPLATES.pick(name, "facebook"), facts, MediaStore(tmp_path), card=True).words
    assert "\nMore from us: https://oak.example.org/send\n" in words


@pytest.mark.parametrize("channel", ["x", "facebook", "linkedin"])
def test_post_2_and_the_newsletter_name_no_events_once_all_are_over(channel: str, tmp_path: Path) -> None:
    for name, outlet in (("post-2", channel), ("newsletter", "email")):
        template = TEMPLATES.pick(name, outlet)
        words = {}
        for events_open in (True, False):
            campaign = {
                "x_handle": "@educationgovuk",
                "views_url": "https://www.gov.uk/dfe/SEND-conversation",
                "events_url": "https://www.example.gov.uk/events",
                "events_open": events_open,
            }
            facts = Facts(campaign, {"name": "Oak", "x_line": "Our own line"}, channel=outlet)
            words[events_open] = fill(template, facts, MediaStore(tmp_path), card=outlet != "x").words
        assert "online event" in words[True].lower()
        assert "https://www.example.gov.uk/events" in words[True]
        assert "event" not in words[False].lower()


@pytest.mark.parametrize("name", [name for name in TEMPLATES.names() if (name, "x") in TEMPLATES.by_key])
def test_every_template_for_x_has_words_that_differ_by_partner(name: str) -> None:
    template = TEMPLATES.pick(name, "x")
    assert "x_line" in template.fields or "partner.name" in template.words


@pytest.mark.parametrize(
    "name", [name for (name, channel), one in TEMPLATES.by_key.items() if channel == "x" and "x_line" in one.fields]
)
def test_on_x_a_partner_without_a_line_of_its_own_is_blocked_by_name(name: str, tmp_path: Path) -> None:
    facts = Facts({}, {"name": "Oak"}, channel="x")
    with pytest.raises(BadInput, match="x_line: is missing"):
        fill(TEMPLATES.pick(name, "x"), facts, MediaStore(tmp_path))
