"""Finds the stored post of each wanted one, so that nothing that moved or was renamed goes out twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from campaign.plan.rows import ExistingPost
from campaign.plan.wanted import Wanted

_OPEN = ("draft", "in_review", "approved", "withdrawn", "rejected")
"""Where nothing has gone out; a post that stands elsewhere is paired first."""


@dataclass(frozen=True, slots=True)
class Match:
    """A wanted post and the stored one that bears its key, or bore it before a slot moved."""

    wanted: Wanted
    stored: ExistingPost | None


def matched(wanted: Sequence[Wanted], stored: Sequence[ExistingPost]) -> tuple[list[Match], list[ExistingPost]]:
    """Pair one account's wanted posts with its stored ones; return the pairs and the posts that nothing wants.

    First by the exact key, under the slot's name and then under the name that it ``was``. What is left is paired by
    its place: a slot that comes once has one post wherever it moved, a cron line one that was due on the same day.
    Without this a slot published at nine and then moved to ten would be published again.
    """
    left: dict[tuple[str, str], list[ExistingPost]] = {}
    for post in sorted(stored, key=lambda post: (post.status in _OPEN, post.id)):
        for key in _keys_of(post):
            left.setdefault(key, []).append(post)
    found: dict[int, ExistingPost] = {}
    taken: set[int] = set()
    for step in range(3):
        for number, one in enumerate(wanted):
            pick = None if number in found else _first(left, _keys_for(one, step), taken)
            if pick is not None:
                found[number] = pick
                taken.add(pick.id)
    rest = [post for post in stored if post.id not in taken]
    return [Match(one, found.get(number)) for number, one in enumerate(wanted)], rest


def _first(
    left: dict[tuple[str, str], list[ExistingPost]], keys: Iterator[tuple[str, str]], taken: set[int]
) -> ExistingPost | None:
    return next((post for key in keys for post in left.get(key, ()) if post.id not in taken), None)


def _keys_of(post: ExistingPost) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a stored post can be found: its key, its day, its slot."""
    yield post.slot, post.occurrence
    yield post.slot, f"on {post.occurrence[:10]}"
    yield post.slot, "once"


def _keys_for(one: Wanted, step: int) -> Iterator[tuple[str, str]]:
    """Yield what a wanted post looks for: its key, then its key under the old name, then its place."""
    slot, occurrence = one.slot, one.occurrence
    names = [name for name in (slot.name, slot.was) if name]
    if step < 2:  # noqa: PLR2004  the two exact steps
        yield from ((name, occurrence.key) for name in names[step : step + 1])
    elif slot.for_each is None:
        yield from ((name, "once" if slot.single else f"on {occurrence.key[:10]}") for name in names)
