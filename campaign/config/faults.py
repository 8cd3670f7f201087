"""From a fault that pydantic finds to one clear line: which file, which key, what is wrong, how to mend it."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from campaign.errors import BadSetting, Finding

Place = tuple[str | int, ...]
Kind = TypeVar("Kind", bound=BaseModel)

_MENDS = {
    "missing": "Add it",
    "literal_error": "Write one of these, in quotes",
    "bool_type": "Write true or false, without quotes",
    "bool_parsing": "Write true or false, without quotes",
    "string_type": "Write it in quotes",
    "int_type": "Write a whole number, without quotes",
    "int_parsing": "Write a whole number, without quotes",
    "model_type": "Write it as a table of its own, under [name]",
    "mapping_type": "Write it as a table of its own, under [name]",
    "tuple_type": 'Write a list: ["...", "..."]',
    "list_type": 'Write a list: ["...", "..."]',
}
_PROBLEMS = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such key",
    "tuple_type": "it is no list",
    "list_type": "it is no list",
    "model_type": "it is no table",
    "mapping_type": "it is no table",
}
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")


class Section(BaseModel):
    """A table of config.toml: frozen, no key beyond its own. Channels build their settings types on it too."""

    # A version such as 202607 may come as a number, from the environment above all; where text is wanted it is text.
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where settings came from: the file, its text for the lines, and the keys that environment variables set."""

    file: str
    text: str = field(default="", repr=False)
    from_environment: tuple[tuple[str, ...], ...] = ()

    def variable_for(self, names: tuple[str, ...], *, in_file: bool) -> str | None:
        """Return the variable that set this key, or, for a table that the file does not have, one inside it."""
        for keys in self.from_environment:
            if names[: len(keys)] == keys or (not in_file and keys[: len(names)] == names):
                return variable(keys)
        return None


def fault(problem: str, mend: str, *, at: str = "") -> PydanticCustomError:
    """Return what a validator raises, so that the person reads this problem and this mend.

    ``at`` names the key (dotted, from the top of the file) where a rule spans more than one table.
    """
    return PydanticCustomError("setting", "{problem}", {"problem": problem, "mend": mend, "at": at})


GUESSES = 10
"""For so many unknown names of a file it is said which was meant: each is compared with all that are known."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, else list them all."""
    names = sorted(known)
    close = alike(name, names)
    return f"Did you mean {close!r}?" if close else f"Known are: {', '.join(names) or 'none'}"


def alike(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known name that looks most like this one, of at least this likeness from 0 to 1; None: none does."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=likeness)), None)


def validated(kind: type[Kind], raw: Mapping[str, object], origin: Origin, *, within: tuple[str, ...] = ()) -> Kind:
    """Read ``raw`` as settings of this kind; ``within`` is the table it was found in, as ("channels", "x").

    Raises:
        BadSetting: the first fault; its fact ``findings`` holds them all. No value of a setting is shown, unless a
            validator chose to show its own.

    """
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        findings = tuple(_finding(kind, one, origin, within) for one in faults)
        first = findings[0]
        place = f"{first.file}:{first.line}" if first.line else first.file
        raise BadSetting(
            file=place, field=first.field, problem=first.problem, mend=_sentence(first.mend), findings=findings
        ) from None


def _finding(kind: type[BaseModel], one: ErrorDetails, origin: Origin, within: tuple[str, ...]) -> Finding:
    stated = one.get("ctx", {}).get("at")
    place: Place = tuple(str(stated).split(".")) if stated else (*within, *one["loc"])
    names = tuple(str(part) for part in place)
    line = line_of(origin.text, names)
    by_variable = origin.variable_for(names, in_file=line is not None)
    file, line = (f"environment {by_variable}", None) if by_variable else (origin.file, line)
    if one["type"] == "missing" and _is_table(kind, one["loc"]):
        mend = f"Write [{place[0]}] as the shipped config.toml does; `campaign init DIR` lays one out"
        return Finding(file, f"[{place[0]}]", "the table is missing", mend, line)
    return Finding(file, dotted(place), _problem(one), _mend(kind, one), line)


def _is_table(kind: type[BaseModel], loc: Place) -> bool:
    """Say whether a whole table is meant, not a key."""
    member = kind.model_fields.get(str(loc[0])) if len(loc) == 1 else None
    return member is not None and _model_in(member.annotation) is not None


def _problem(one: ErrorDetails) -> str:
    if one["type"] in _PROBLEMS:
        return _PROBLEMS[one["type"]]
    message = one["msg"]
    return message[:1].lower() + message[1:]


def _mend(kind: type[BaseModel], one: ErrorDetails) -> str:
    if one["type"] == "extra_forbidden":
        return nearest(str(one["loc"][-1]), _keys_at(kind, one["loc"][:-1]))
    stated = one.get("ctx", {}).get("mend")
    return str(stated) if stated else _MENDS.get(one["type"], "See the comments in the shipped config.toml")


def _sentence(mend: str) -> str:
    return mend if mend.endswith(("?", ".")) else f"{mend}."


def _keys_at(kind: type[BaseModel], place: Place) -> list[str]:
    """Return the known keys of the table at ``place``, so that a stray key is compared with its own neighbours."""
    for step in place:
        member = kind.model_fields.get(str(step))
        inner = _model_in(member.annotation) if member else None
        if inner is None:
            return []
        kind = inner
    return [member.alias or name for name, member in kind.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def dotted(place: Place) -> str:
    """Write a place as people name it: ``dispatch.retries[2]``."""
    words = ""
    for part in place:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return words.lstrip(".")


def variable(keys: tuple[str, ...]) -> str:
    """Return the name of the environment variable that sets this key."""
    return "__".join(("CAMPAIGN", *(key.upper() for key in keys)))


def line_of(text: str, names: tuple[str, ...]) -> int | None:
    """Find the line of a key, or of the nearest table above it; None when the text does not show it plainly."""
    table: tuple[str, ...] = ()
    best: tuple[int, int | None] = (0, None)
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _names(header[1])
        here = table if header else (*table, *_names(key[1])) if key else None
        if here and names[: len(here)] == here and len(here) > best[0]:
            best = (len(here), number)
    return best[1]


def _names(written: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in written.split("."))
