"""Finds the stored post of each wanted one, so that nothing that moved or was renamed goes out twice."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from campaign.models.status import OVER, PLANNABLE
from campaign.plan.entries import Slot
from campaign.plan.rows import ExistingPost
from campaign.plan.wanted import Wanted

_OPEN = PLANNABLE | OVER
"""Where nothing has gone out."""


@dataclass(frozen=True, slots=True)
class Match:
    """A wanted post and the stored one that bears its key, or bore it before a slot moved."""

    wanted: Wanted
    stored: ExistingPost | None


def matched(wanted: Sequence[Wanted], stored: Sequence[ExistingPost]) -> tuple[list[Match], list[ExistingPost]]:
    """Pair one account's wanted posts with its stored ones; return the pairs and the posts that nothing wants.

    A post is found by its exact key, under the slot's name or under the name that it ``was``, or by its place: a slot
    that comes once has one post wherever it moved, a cron line one that was due on the same day. Without this a slot
    published at nine and then moved to ten would be published again. For the same reason what a plan once withdrew
    is looked at last, in every way: it must not stand before a post that is out, or that a person decided about.
    """
    given_up = {post.id for post in stored if post.given_up}
    settled = {post.id for post in stored if post.status not in _OPEN}
    live = {post.id for post in stored} - given_up
    found: dict[int, ExistingPost] = {}
    left = _Left(sorted(stored, key=lambda post: (post.status in _OPEN, post.id)))
    for among, keys_for in (
        (settled, _exact),
        (settled, _once),
        (live, _exact),
        (live, _placed),
        (given_up, _exact),
        (given_up, _placed),
    ):
        for number, one in enumerate(wanted):
            pick = None if number in found else left.take(among, keys_for(one))
            if pick is not None:
                found[number] = pick
    rest = [post for post in stored if post.id not in left.taken]
    return [Match(one, found.get(number)) for number, one in enumerate(wanted)], rest


class _Left:
    """The stored posts that no wanted one has taken yet, by every key under which they can be found."""

    def __init__(self, posts: Iterable[ExistingPost]) -> None:
        self.taken: set[int] = set()
        self._by_key: dict[tuple[str, str], list[ExistingPost]] = {}
        for post in posts:
            for key in _keys_of(post):
                self._by_key.setdefault(key, []).append(post)

    def take(self, among: Container[int], keys: Iterator[tuple[str, str]]) -> ExistingPost | None:
        """Take the first post under the first key that has any, of those whose ids are ``among``."""
        for key in keys:
            for post in self._by_key.get(key, ()):
                if post.id in among and post.id not in self.taken:
                    self.taken.add(post.id)
                    return post
        return None


def _keys_of(post: ExistingPost) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a stored post can be found: its key, its day, its slot."""
    yield post.slot, post.occurrence
    yield post.slot, f"on {post.occurrence[:10]}"
    yield post.slot, "once"


def _names(slot: Slot) -> list[str]:
    return [name for name in (slot.name, slot.was) if name]


def _exact(one: Wanted) -> Iterator[tuple[str, str]]:
    """Yield the key of a wanted post, then its key under the old name of its slot."""
    yield from ((name, one.occurrence.key) for name in _names(one.slot))


def _once(one: Wanted) -> Iterator[tuple[str, str]]:
    """Yield the place of a post whose slot comes once."""
    yield from ((name, "once") for name in _names(one.slot) if one.slot.single)


def _placed(one: Wanted) -> Iterator[tuple[str, str]]:
    """Yield the place of a wanted post: what is for an event or a question has its key alone."""
    if one.slot.for_each is None:
        place = "once" if one.slot.single else f"on {one.occurrence.key[:10]}"
        yield from ((name, place) for name in _names(one.slot))
