"""The help of every command is for people: no type of Python in it, no braces, a word for each value."""

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest

from campaign.cli import every_command, frame

pytestmark = pytest.mark.thorough

FOR_PROGRAMMERS = re.compile(r"[<>{}]|\b(str|int|float|bool|tuple|dict|None|NoneType)\b|\blist\[|\bint range\b")


def walked(found: Any, path: tuple[str, ...] = ("campaign",)) -> Iterator[tuple[str, Any]]:
    yield " ".join(path), found
    for name, inner in getattr(found, "commands", {}).items():
        yield from walked(inner, (*path, name))


def every() -> dict[str, Any]:
    every_command.load()
    return dict(walked(frame._built()))


EVERY = every()


def help_of(path: str) -> str:
    shown = io.StringIO()
    with redirect_stdout(shown):
        EVERY[path].main(args=["--help"], prog_name=path, standalone_mode=False)
    return shown.getvalue()


@pytest.mark.parametrize("path", EVERY)
def test_no_word_of_the_programming_language_stands_in_help(path: str) -> None:
    shown = help_of(path)
    assert shown.startswith(f"Usage: {path}")
    assert FOR_PROGRAMMERS.findall(shown) == []


def test_every_option_that_takes_a_value_has_a_word_for_it() -> None:
    bare = [
        (path, given.opts)
        for path, found in EVERY.items()
        for given in found.params
        if given.param_type_name == "option"
        and not given.is_flag
        and not re.fullmatch(r"[A-Z_:|]+", given.metavar or "")
    ]
    assert bare == []


def test_arguments_stand_in_the_usage_by_their_names() -> None:
    assert "Usage: campaign review approve [OPTIONS] [ID@HASH...]\n" in help_of("campaign review approve")
    assert "Usage: campaign posts edit [OPTIONS] ID FIELD=VALUE...\n" in help_of("campaign posts edit")
    assert "  ID@HASH  As `review list` shows them: at least 32 char" in help_of("campaign review approve")
