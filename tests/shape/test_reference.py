"""The reference says what the code says: each page is generated, and nothing that can be set or called is left out."""

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from campaign import errors
from campaign.models.deliveries import DeliveryStatus
from campaign.models.status import Move, Status
from campaign.plan.fields import KINDS
from campaign.plan.frontmatter import KEYS
from campaign.plan.head import FACTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return importlib.import_module("reference")


def test_every_page_is_what_the_code_says(reference: ModuleType) -> None:
    assert reference.stale() == [], "run: .venv/bin/python scripts/reference.py"


def test_a_changed_page_and_a_page_that_nothing_writes_are_noticed(reference: ModuleType, tmp_path: Path) -> None:
    reference.write(tmp_path)
    assert reference.stale(tmp_path) == []
    (tmp_path / "states.md").write_text("Posts have states.\n", encoding="utf-8")
    (tmp_path / "old.md").write_text("Gone.\n", encoding="utf-8")
    assert reference.stale(tmp_path) == ["old.md", "states.md"]


def test_every_setting_has_a_meaning_and_no_meaning_speaks_of_what_is_gone(reference: ModuleType) -> None:
    page = importlib.import_module("reference_settings")
    tables = page.settings()
    known = {
        f"{section}.{field.alias or key}"
        for section, kind in tables.items()
        for key, field in kind.model_fields.items()
    }
    nameless = [name for name in known if not page.meaning(*name.rsplit(".", 1))]
    assert nameless == []
    assert set(reference.words.SETTINGS) | set(page.comments()) <= known
    assert len(known) > 40


def test_every_command_and_every_option_says_what_it_does(reference: ModuleType) -> None:
    found = reference.commands()
    silent = [path for path, command in found if not command.help]
    silent += [
        f"{path} {given.opts[0]}"
        for path, command in found
        for given in command.params
        if given.param_type_name == "option" and not given.help
    ]
    assert silent == []
    assert {"campaign init", "campaign queue", "campaign review approve", "campaign settle"} <= dict(found).keys()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("STATES", {one.value for one in Status}),
        ("DELIVERIES", {one.value for one in DeliveryStatus}),
        ("MOVES", {one.value for one in Move}),
        ("KINDS", set(KINDS)),
        ("HEAD", set(KEYS)),
        ("FACTS", set(FACTS)),
    ],
)
def test_every_name_is_explained_and_none_that_is_gone(reference: ModuleType, name: str, known: set[str]) -> None:
    explained: Mapping[str, str] = getattr(reference.words, name)
    assert set(explained) == known


def test_every_outcome_stands_on_its_page(reference: ModuleType) -> None:
    def below(kind: type[errors.Outcome]) -> set[str]:
        return {kind.__name__}.union(*(below(one) for one in kind.__subclasses__()))

    assert set(reference.tree()) == below(errors.Outcome) - {"Outcome"}


def test_every_command_that_a_page_names_is_there(reference: ModuleType) -> None:
    known = {path for path, _ in reference.commands()} | {"campaign demo"}
    groups = {path.rpartition(" ")[0] for path in known}
    code = re.compile(r"^```sh.*?\n(.*?)^```$|`(campaign [^`\n]*)`", re.MULTILINE | re.DOTALL)
    named = re.compile(r"^\s*(campaign [a-z][a-z-]*)(?: ([a-z][a-z-]*))?", re.MULTILINE)
    strange = [
        f"{page.name}: {first} {second}"
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for block, span in code.findall(page.read_text(encoding="utf-8"))
        for first, second in named.findall(block or span)
        if not {first, f"{first} {second}"} & known and not (first in groups and not second)
    ]
    assert strange == []
