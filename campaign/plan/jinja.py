"""The cell in which a template's words are filled: no calls, no reach beyond the given data, bounded output.

Jinja's sandbox keeps a template from Python's insides; this one takes away what could still keep a machine busy:
functions, methods, powers and products, and all filters but a few that work on words.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

_FILTERS: Final = (
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "default",
    "d",
    "replace",
    "join",
    "first",
    "last",
    "length",
)
_LONGEST: Final = 100_000


class TooLong(TemplateError):
    """The words grew beyond every platform's limit."""


class Cell(SandboxedEnvironment):
    """A Jinja environment in which a template can show, compare and repeat what it was given, and nothing else."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 - Jinja's signature
        """Refuse every call: words need none."""
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - as above
        """Refuse the operators that can make a huge text out of a small one."""
        raise SecurityError(f"the operator {operator} is not for templates")


CELL: Final = Cell()


@lru_cache(maxsize=512)
def _compiled(source: str) -> Template:
    """Compile a template's source once; a plan fills the same few sources for every partner."""
    return CELL.from_string(source)


def render(source: str, names: Mapping[str, object]) -> str:
    """Return ``source`` filled with ``names``.

    Raises:
        jinja2.TemplateError: an unknown name, a step out of the cell, wrong grammar, or words without end.

    """
    pieces: list[str] = []
    size = 0
    for piece in _compiled(source).generate(dict(names)):
        pieces.append(piece)
        size += len(piece)
        if size > _LONGEST:
            raise TooLong(f"the words grow beyond {_LONGEST} characters")
    return "".join(pieces)
