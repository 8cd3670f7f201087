"""House rules that a machine can see: names, sizes, docstrings, and what must stand in no tracked file."""

import ast
import importlib
import json
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import campaign
from campaign.cli import every_command
from campaign.errors import CampaignError

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "campaign").rglob("*.py"))
NAMELESS = {"utils", "helpers", "common", "manager", "service", "services", "base", "core"}
LONGEST = 320
NO_FAMILY = {
    "campaign.hooks.outside.Inside": "urllib3 ends a connection by its own kind alone",
    "campaign.plan.jinja.TooLong": "Jinja's own: a template that cannot be filled",
    "campaign.web.visitor.Detour": "no error: the browser goes elsewhere first",
    "campaign.web.visitor.PasskeyFirst": "a detour",
    "campaign.web.visitor.SignInAgain": "a detour",
    "campaign.web.visitor.SignInFirst": "a detour",
}
"""Exceptions outside the family of errors, and why."""


def tracked() -> list[Path]:
    """Return the files that git tracks; in an unpacked archive without git, all files of the tree."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()] or SOURCES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "the module has no docstring"
    assert path.stem not in NAMELESS
    assert "migrations" in path.parts or len(text.splitlines()) <= LONGEST


def test_no_tracked_file_names_a_registry_or_a_path_of_a_machine() -> None:
    hosts = re.compile(r"https?://[\w.-]*(pypi\.org|pythonhosted|npmjs|registry\.)", re.IGNORECASE)
    paths = re.compile(r"(?<![\w./-])/(work|root|farm)/")
    for path in tracked():
        if path.suffix in {".png", ".gz"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not hosts.search(text), path
        assert path == Path(__file__) or not paths.search(text), path


def test_no_link_is_tracked() -> None:
    """A link that leads out of the tree takes the place of what stands there in every other checkout."""
    done = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    assert [line for line in done.stdout.splitlines() if line.startswith("120000")] == []


def test_locks_hold_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        pinned = re.findall(r"^[\w.\[\]-]+==\S+", text, re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)


def test_the_pages_style_sheets_come_by_digest_from_no_named_place() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    named = {name: facts for name, facts in packages.items() if name}
    assert set(named) == {"node_modules/govuk-frontend", "node_modules/@ministryofjustice/frontend"}
    assert all(facts["integrity"].startswith("sha512-") and "resolved" not in facts for facts in named.values())


def test_nothing_that_is_for_gov_uk_alone_is_shipped() -> None:
    vendor = ROOT / "campaign" / "web" / "static" / "vendor"
    assert (vendor / "THIRD_PARTY.txt").is_file(), "run: .venv/bin/python hatch_build.py"
    for path in vendor.rglob("*"):
        assert not re.search("crown|crest|woff", path.name)
        assert path.suffix != ".css" or not re.search("GDS Transport|@font-face|/assets/", path.read_text())


def test_every_relative_link_of_a_page_leads_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_error_stands_in_the_one_family_or_says_why_not() -> None:
    """Its message is its docstring then, and whoever reports a failure knows it."""
    every_command.load()  # in this order, which is that of help
    for module in pkgutil.walk_packages(campaign.__path__, "campaign."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = {kind for kind in _below(BaseException) if kind.__module__.startswith("campaign.")}
    outside = {kind for kind in ours if not issubclass(kind, CampaignError)}
    assert {f"{kind.__module__}.{kind.__name__}" for kind in outside} == set(NO_FAMILY)
    assert all(kind.__doc__ for kind in ours)


def _below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
