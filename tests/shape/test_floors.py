"""The floors of the house: imports point one way, SQL stays in models, and the two locks agree."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE_MODELS = [path for path in sorted((ROOT / "campaign").rglob("*.py")) if "models" not in path.parts]
BINDINGS = {"sqlmodel": {"Session"}}
RUNS_SQL = {"exec", "execute", "executemany", "scalars"}


def test_imports_point_one_way_and_every_room_stands_on_a_floor() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (our own environment's program)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"[5-9] kept, 0 broken", done.stdout)


def from_sql_libraries(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"sqlmodel", "sqlalchemy"}:
            yield from ((node.module or "", name.name) for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                (name.name, "*") for name in node.names if name.name.split(".")[0] in {"sqlmodel", "sqlalchemy"}
            )


@pytest.mark.parametrize("path", OUTSIDE_MODELS, ids=lambda path: str(path.relative_to(ROOT)))
def test_outside_models_a_room_takes_the_session_it_is_handed_and_writes_no_statement(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    stray = [(module, name) for module, name in from_sql_libraries(tree) if name not in BINDINGS.get(module, set())]
    assert stray == []
    run = [
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    # The local world is apart from the product: it keeps its own small file with the standard library.
    assert "sandbox" in path.parts or not RUNS_SQL & set(run)


def test_the_two_locks_agree_on_every_version() -> None:
    runtime, everything = (
        set(re.findall(r"^([\w.\[\]-]+==[^\s;\\]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime
    assert runtime <= everything
