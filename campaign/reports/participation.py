"""Who takes part: how many partners have come how far, all together and part by part."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from campaign.models.participation import Progress

HAS: Mapping[str, Callable[[Progress], bool]] = MappingProxyType(
    {
        "partners": lambda _one: True,
        "invited": lambda one: one.invited,
        "details": lambda one: one.has_details,
        "account": lambda one: bool(one.channels),
        "agreed": lambda one: one.agreed,
        "published": lambda one: bool(one.published),
    }
)
"""How far partners come, step by step; the first counts all of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some partners, counted step by step. ``name`` is empty for those that have none."""

    name: str
    counts: Mapping[str, int]


def counted(name: str, some: Iterable[Progress]) -> Part:
    """Return some partners, counted."""
    rows = list(some)
    return Part(name, {step: sum(has(one) for one in rows) for step, has in HAS.items()})


def parts(rows: Sequence[Progress]) -> dict[str, list[Part]]:
    """Return the partners by kind, by region and by channel, each part counted."""
    return {
        "kind": _by(rows, lambda one: [one.partner.kind]),
        "region": _by(rows, lambda one: [one.partner.region]),
        "channel": _by(rows, lambda one: one.channels),
    }


def _by(rows: Sequence[Progress], key: Callable[[Progress], Iterable[str]]) -> list[Part]:
    names = sorted({name for one in rows for name in key(one)})
    return [counted(name, (one for one in rows if name in set(key(one)))) for name in names]
