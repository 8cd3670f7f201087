"""What is new in all that awaits review: each line once that its partner had not had approved, the rarest first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from campaign.models.groups import GroupKey, Stored
from campaign.models.partners import Partner
from campaign.plan.locked import FixedLines
from campaign.ports import Draft
from campaign.review.differences import common_of, is_own, lines_of, marks_of
from campaign.review.masks import shown


@dataclass(frozen=True, slots=True)
class Told:
    """A post in review with whose it is and what it says."""

    post: Stored
    partner: Partner
    draft: Draft


@dataclass(frozen=True, slots=True)
class Novelty:
    """A line with the posts that have it. ``holds`` names what it has that is easily wrong."""

    words: str
    posts: tuple[Told, ...]

    @property
    def partners(self) -> list[Partner]:
        """Whose it is, each once."""
        return list({one.partner.ident: one.partner for one in self.posts}.values())

    @property
    def holds(self) -> list[str]:
        """Name what it holds that is easily wrong; what stands so in every such partner's details is theirs."""
        # Marks give this page its order: with every partner's own address marked, what is written in one post alone
        # would stand behind them all. A group's sheet marks it too, for there it is approved, and once somebody looks.
        own = all(is_own(one, self.words) for one in self.partners)
        return [] if own else marks_of(self.words)


def novelties(
    told: Sequence[Told],
    fixed: Callable[[GroupKey, str | None, str | None], FixedLines],
    approved: Mapping[int, Collection[str]],
) -> list[Novelty]:
    """Return the new lines: what one post alone says first, and of two that are as rare what is easily wrong.

    ``fixed`` gives the lines of a group's template, ``approved`` by the partner's id what was approved before.
    """
    sections: dict[tuple[GroupKey, str | None, str | None], list[Told]] = {}
    for one in told:
        sections.setdefault((one.post.key, one.post.event, one.post.question), []).append(one)
    found: dict[str, list[Told]] = {}
    for place, posts in sections.items():
        lines = [lines_of(one.partner, one.draft) for one in posts]
        common = common_of(lines, fixed(*place))
        for one, own in zip(posts, lines, strict=True):
            known = approved.get(one.partner.ident, ())
            for line in dict.fromkeys(own):
                if line not in common and line not in known:
                    found.setdefault(shown(one.partner, line), []).append(one)
    every = [Novelty(words, tuple(posts)) for words, posts in found.items()]
    return sorted(every, key=lambda one: (len(one.posts), -len(one.holds), one.words))
