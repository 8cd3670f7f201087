"""The questions of the toolkit, as a template's folder gives them in ``questions.toml``: data, word for word."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path

from campaign.errors import BadInput, Finding
from campaign.plan.toml_tables import Faults, Table, key_lines, nearest, twins

_KEYS = ("name", "principle", "lead_in", "question", "source", "stands_alone", "parent")


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``lead_in`` credits a report and stays with it; a follow-on goes only with its ``parent``."""

    name: str
    principle: str
    question: str
    lead_in: str = ""
    source: str = ""
    stands_alone: bool = True
    parent: str = ""

    @property
    def key(self) -> str:
        """Return the name that ``for_each`` matches and that keys a post: ``question-<name>``."""
        return self.name if self.name.startswith("question-") else f"question-{self.name}"


def load_questions(path: Path) -> list[Question]:
    """Read the questions in the file's order; a campaign without the file has none.

    Raises:
        campaign.errors.BadInput: naming every fault found.

    """
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput([Finding(path.name, "syntax", str(error), "Mend the file")]) from error
    faults = Faults(path.name, key_lines(text))
    entries = data.get("question", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput([Finding(path.name, "question", "must be tables", "Write [[question]] before each")])
    tables = [
        Table(entry, f"question.{n}", f"question.{entry.get('name', n)}", faults) for n, entry in enumerate(entries)
    ]
    questions = [_question(table) for table in tables]
    _check_families(questions, tables)
    if faults.found:
        raise BadInput(faults.found)
    return questions


def _question(table: Table) -> Question:
    table.only(_KEYS)
    return Question(
        name=table.text("name"),
        principle=table.text("principle"),
        question=table.text("question"),
        lead_in=table.blankable("lead_in"),
        source=table.blankable("source"),
        stands_alone=table.flag("stands_alone") if "stands_alone" in table.data else True,
        parent=table.blankable("parent"),
    )


def _check_families(questions: list[Question], tables: list[Table]) -> None:
    names = [question.name for question in questions]
    for number, problem in twins((question.key, question.name) for question in questions):
        tables[number].fault("name", problem, "Give each question a name of its own")
    for question, table in zip(questions, tables, strict=True):
        if question.parent and question.parent not in names:
            table.fault("parent", f'there is no question "{question.parent}"', nearest(question.parent, names))
        if not question.stands_alone and not question.parent:
            table.fault("parent", "is missing", "Name the question that this one follows on from")


def in_turn(questions: Iterable[Question], pattern: str = "question-*") -> list[Question]:
    """Return the questions that can go alone, one principle after the other, so that a short run touches them all."""
    by_principle: dict[str, list[Question]] = {}
    for question in questions:
        if question.stands_alone and fnmatchcase(question.key, pattern):
            by_principle.setdefault(question.principle, []).append(question)
    rounds = zip_longest(*by_principle.values())
    return [question for round_ in rounds for question in round_ if question is not None]


def question_facts(question: Question, questions: Iterable[Question]) -> Mapping[str, object]:
    """Return what a template reads as ``question``, with the follow-ons that may go only together with it."""
    followers = [other.question for other in questions if other.parent == question.name and not other.stands_alone]
    return {
        "name": question.name,
        "principle": question.principle,
        "lead_in": question.lead_in,
        "question": question.question,
        "source": question.source,
        "stands_alone": question.stands_alone,
        "parent": question.parent,
        "follow_ons": followers,
    }
