"""The pages about security name tests that are there, leave no item of the standard out, and say what the code does."""

import ast
import re
from pathlib import Path

import pytest

from campaign import vault
from campaign.intake import outcomes, posts, sheet
from campaign.people.passwords import OUR_WORDS
from campaign.people.rights import RIGHTS, Right
from campaign.plan import media
from campaign.web import pictures
from campaign.web.rates import RULES

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ASVS = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ITEM = r"\d+\.\d+\.\d+"


def lacking(page: str) -> list[str]:
    """The files and tests that a page names and that are not there."""
    named = re.findall(r"`(?:tests/)?((?:\w+/)*test_\w+\.py)(?:::(\w+))?`", page)
    assert len(named) > 10
    return [f"{file}::{test}" for file, test in named if not is_there(file, test)]


def is_there(file: str, test: str) -> bool:
    paths = list(TESTS.rglob(file))
    return len(paths) == 1 and (not test or test in functions(paths[0]))


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", [SECURITY, ASVS], ids=["security", "asvs"])
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    assert lacking(page) == []


def numbers(first: str, last: str) -> list[str]:
    section, _, begin = first.rpartition(".")
    return [f"{section}.{number}" for number in range(int(begin), int(last.rpartition(".")[2]) + 1)]


def test_every_item_of_the_standard_is_spoken_of_once() -> None:
    listed, _, tables = ASVS.partition("\n## ")
    wanted = [item for last in re.findall(ITEM, listed.partition("a test counts them")[2])
              for item in numbers(f"{last.rpartition('.')[0]}.1", last)]  # fmt: skip
    apart = "\n".join(line for line in tables.splitlines() if re.match(rf"\| {ITEM}(?:,| to| \|)", line))
    first_cells = [line.split("|")[1] for line in apart.splitlines()]
    found = [
        item
        for cell in first_cells
        for one, last in re.findall(rf"({ITEM})(?: to ({ITEM}))?", cell)
        for item in numbers(one, last or one)
    ]
    assert len(wanted) == 253
    assert sorted(found) == sorted(wanted)


def test_what_holds_says_so_in_the_same_words() -> None:
    rows = [line.split("|") for line in ASVS.partition("\n## 1 ")[2].splitlines() if re.match(rf"\| {ITEM} ", line)]
    assert len(rows) > 200
    assert [row for row in rows if len(row) != 6] == []
    assert [row[1] for row in rows if not re.match(r" (holds|partly|not|operator's|as )", row[3])] == []


def test_the_page_says_every_limit_and_every_word() -> None:
    assert [
        rule for rule in RULES.values() if rule.replace("per", "in", 1).replace("in m", "in a m") not in SECURITY
    ] == []
    assert [word for word in OUR_WORDS if not re.search(rf"\b{word}\b", SECURITY)] == []
    for right in Right:
        roles = [name for name, held in RIGHTS.items() if right in held]
        assert f"| {right.value} | {', '.join(roles)} |" in SECURITY


def test_the_page_says_how_large_files_may_be() -> None:
    sizes = [
        f"{pictures.MOST_FILE // 1_000_000} MB each, {pictures.MOST_WITH_PICTURES // 1_000_000} MB together",
        f"{media._MAX_BYTES // 1_000_000} MB, {media.MAX_PIXELS // 1_000_000} megapixels, {media._MAX_FRAMES} frames",
        f"{posts.FILE_MAX // 1_000} KB, {posts.ROWS_MAX} rows",
        f"{outcomes.FILE_MAX // 1_000_000} MB",
        f"{sheet.FILE_MAX // 1_000_000} MB",
        f"{vault._SECRET_MAX // 1_000} KB",
    ]
    assert [size for size in sizes if not re.search(rf"(?:\| |file ){size} \|", SECURITY)] == []


def test_our_scripts_write_no_markup_and_keep_nothing() -> None:
    own = [path.read_text(encoding="utf-8") for path in (ROOT / "campaign" / "web" / "static").glob("*.js")]
    assert len(own) > 1
    unwanted = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Storage\b|indexedDB|\.cookie\b"
    )
    assert [found for text in own for found in unwanted.findall(text)] == []
