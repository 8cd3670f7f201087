"""What a query may say: the names that its route declares, each once unless it is a list, and cursors that a page gave.

What nobody reads would be answered with something else than was asked for, and a program would not notice.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar, get_origin

from fastapi import Depends, Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from campaign.config.faults import nearest
from campaign.web.api.bearer import Caller, caller

Found = TypeVar("Found")


def only_declared(request: Request, _who: Annotated[Caller, Depends(caller)]) -> None:
    """Refuse a query that says more than its route takes. Raises RequestValidationError naming each parameter."""
    takes = _declared(request.scope["route"])
    counts = Counter(name for name, _ in request.query_params.multi_items())
    wrong = {name: f"There is no such parameter. {_mend(name, takes)}" for name in counts if name not in takes}
    wrong |= {name: "It takes one value" for name, count in counts.items() if count > 1 and takes.get(name) is False}
    if wrong:
        raise _unreadable(wrong)


def _declared(route: APIRoute) -> dict[str, bool]:
    """Return the parameters of a route's query: whether each takes several values."""
    fields = [field for field in get_flat_params(route.dependant) if isinstance(field.field_info, params.Query)]
    return {field.alias: get_origin(field.field_info.annotation) is list for field in fields}


def _mend(name: str, takes: Mapping[str, bool]) -> str:
    return nearest(name, takes) if takes else "This call takes none"


def place(cursor: str, read: Callable[[str], Found | None]) -> Found | None:
    """Return after what a page begins; None: the first one. Raises RequestValidationError for what no page gave."""
    found = read(cursor) if cursor else None
    if cursor and found is None:
        raise _unreadable({"cursor": "It is no `next` of a page"})
    return found


def _unreadable(wrong: Mapping[str, str]) -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", name), "msg": words} for name, words in wrong.items()])
