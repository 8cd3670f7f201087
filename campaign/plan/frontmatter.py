"""The head of a template file: YAML between two lines of three dashes, read with the line of every key.

The words below the head stay as they are; only ``fill`` gives them to Jinja.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from campaign.errors import BadInput, Finding

KEYS: Final = (
    "title",
    "version",
    "copyright",
    "fields",
    "media",
    "subject",
    "preheader",
    "link",
    "link_title",
    "until",
    "locked",
    "channels",
)

# The one in C reads ten times as fast. A build of PyYAML may lack it, and its faults are told less well.
_QUICK: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# It also goes one call deeper for each bracket: a head of some forty thousand would end the process.
_LONGEST: Final = 20_000
_DEEPEST: Final = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A template file taken apart: the keys of its head, the line of each (dotted) key, the words, their first line."""

    file: str
    head: Mapping[str, Any]
    lines: Mapping[str, int]
    words: str
    words_line: int

    def finding(self, key: str, problem: str, mend: str) -> Finding:
        """Return a finding at ``key``, with the line where it stands or where its parent does."""
        at = key
        while at not in self.lines and "." in at:
            at = at.rpartition(".")[0]
        return Finding(self.file, key, problem, mend, self.lines.get(at))


def parse(file: str, text: str) -> Source:
    """Take ``text`` apart.

    Raises:
        BadInput: there is no head, it has no end, is very long, or is no YAML mapping with keys of its own.

    """
    lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    if lines[0].rstrip() != "---":
        raise BadInput([Finding(file, "---", "has no front matter", "Begin the file with a line of three dashes.", 1)])
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise BadInput([Finding(file, "---", "has no end of its front matter", "Close it with a line of ---.", 1)])
    between = "\n".join(lines[1:end])
    if len(between) > _LONGEST:
        mend = "Put the words of the post below the second line of dashes."
        raise BadInput([Finding(file, "front matter", f"is longer than {_LONGEST:,} characters", mend, 1)])
    head, places = _mapping(file, between)
    return Source(file, head, places, "\n".join(lines[end + 1 :]), end + 2)


def _mapping(file: str, text: str) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    try:
        try:
            node, head = _loaded(text, _QUICK)
        except (yaml.YAMLError, ValueError):
            node, head = _loaded(text, yaml.SafeLoader)
    except yaml.YAMLError as why:
        mark = getattr(why, "problem_mark", None)
        problem = f"is no YAML ({getattr(why, 'problem', None) or 'it cannot be read'})"
        mend = "Put words that hold a colon or a # in quotation marks."
        raise BadInput([Finding(file, "front matter", problem, mend, mark.line + 2 if mark else None)]) from why
    except RecursionError as why:
        raise BadInput([_nested(file)]) from why
    except ValueError as why:  # what looks like a date to YAML, and is none
        mend = "Write a day that there is, such as 2025-12-31."
        raise BadInput([Finding(file, "front matter", f"holds an impossible date ({why})", mend)]) from why
    if _is_deep(node):
        raise BadInput([_nested(file)])
    if not isinstance(node, yaml.MappingNode):
        raise BadInput([Finding(file, "front matter", "is no list of keys", "Write one `key: value` a line.", 2)])
    return head, _places(file, node)


def _loaded(text: str, loader: type[yaml.SafeLoader]) -> tuple[yaml.Node | None, Any]:
    return yaml.compose(text, loader), yaml.load(text, loader)  # noqa: S506 - both loaders are safe ones


def _nested(file: str) -> Finding:
    problem, mend = f"has lists within lists, more than {_DEEPEST} deep", "Write one `key: value` a line."
    return Finding(file, "front matter", problem, mend, 1)


def _is_deep(node: yaml.Node | None) -> bool:
    level = [] if node is None else [node]
    for _ in range(_DEEPEST):
        # Each once: by its anchors a short head may name a part a million times over, or within itself.
        level = list({id(part): part for one in level for part in _parts(one)}.values())
    return bool(level)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _places(file: str, node: yaml.MappingNode) -> Mapping[str, int]:
    places: dict[str, int] = {}
    for key, line in _walk(node, ""):
        if key in places:
            raise BadInput([Finding(file, key, "is there twice", "Keep one of the two.", line)])
        places[key] = line
    return places


def _walk(node: yaml.Node, prefix: str) -> Iterator[tuple[str, int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        # One line for the opening dashes, one because the parser counts from nought.
        yield name, key.start_mark.line + 2
        yield from _walk(value, f"{name}.")
