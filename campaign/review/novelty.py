"""What is new in all that awaits review: each line once that its partner had not had approved, the rarest first."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from campaign.models.groups import GroupKey, Stored
from campaign.models.partners import Partner
from campaign.plan.fixed_lines import FixedLines
from campaign.review.differences import common_of
from campaign.review.marks import is_own, marks_of
from campaign.review.masks import neutral, shown

_NAME = 16


class Read(NamedTuple):
    """A post in review with what it says, line by line, masked."""

    post: Stored
    lines: tuple[str, ...]


class Told(NamedTuple):
    """A post in review with whose it is."""

    post: Stored
    partner: Partner


class Whose(NamedTuple):
    """A partner, with the lines that it had approved before, masked."""

    partner: Partner
    approved: Collection[str]


@dataclass(frozen=True, slots=True)
class Wording:
    """A line as some posts have it."""

    words: str
    posts: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Novelty:
    """A new line, in each of its wordings: they differ by their organisations' own facts alone. ``neutral`` is the line
    without those facts; two lines may have the same words and differ by whose facts stand in them.
    """

    neutral: str
    wordings: tuple[Wording, ...]

    @property
    def words(self) -> str:
        """The line as it is shown for all."""
        return self.wordings[0].words

    @property
    def name(self) -> str:
        """What the line is called in an address."""
        return sha256(self.neutral.encode()).hexdigest()[:_NAME]

    @property
    def posts(self) -> list[Told]:
        """The posts that have it."""
        return [one for wording in self.wordings for one in wording.posts]

    @property
    def partners(self) -> list[Partner]:
        """Whose it is, each once."""
        return list({one.partner.ident: one.partner for one in self.posts}.values())

    @property
    def holds(self) -> list[str]:
        """Name what it holds that is easily wrong; what stands so in every such partner's details is theirs."""
        # Marks give this page its order: with every partner's own address marked, what is written in one post alone
        # would stand behind them all. A group's sheet marks it too, for there it is approved, and once somebody looks.
        own = all(is_own(one.partner, wording.words) for wording in self.wordings for one in wording.posts)
        return [] if own else marks_of("\n".join(wording.words for wording in self.wordings))


def novelties(
    read: Sequence[Read],
    fixed: Callable[[GroupKey, str | None, str | None], FixedLines],
    whose: Callable[[Collection[int]], Mapping[int, Whose]],
) -> list[Novelty]:
    """Return the new lines: what the fewest partners say first, of two that are as rare what is easily wrong, then what
    stands in the fewest posts.

    ``fixed`` gives the lines of a group's template; ``whose`` is asked for those partners alone, by their ids, that say
    something of their own.
    """
    own = list(_own_lines(read, fixed))
    known = whose({post.partner_id for post, _ in own}) if own else {}
    found: dict[str, dict[str, list[Told]]] = {}
    for post, line in own:
        partner, approved = known[post.partner_id]
        if line not in approved:
            words = shown(partner, line)
            found.setdefault(neutral(partner, words), {}).setdefault(words, []).append(Told(post, partner))
    every = [
        Novelty(line, tuple(Wording(words, tuple(posts)) for words, posts in wordings.items()))
        for line, wordings in found.items()
    ]
    return sorted(every, key=lambda one: (len(one.partners), -len(one.holds), len(one.posts), one.words))


def _own_lines(
    read: Sequence[Read], fixed: Callable[[GroupKey, str | None, str | None], FixedLines]
) -> Iterator[tuple[Stored, str]]:
    """Yield the lines of each post, masked, that not most say which speak of the same."""
    sections: defaultdict[tuple[str | None, ...], list[Read]] = defaultdict(list)
    for one in read:
        sections[one.post.about].append(one)
    for posts in sections.values():
        first = posts[0].post
        common = common_of([one.lines for one in posts], fixed(first.key, first.event, first.question))
        # Most posts say what many others say: what of it is their own is found once.
        own = {
            lines: [line for line in dict.fromkeys(lines) if line not in common]
            for lines in {one.lines for one in posts}
        }
        yield from ((one.post, line) for one in posts for line in own[one.lines])
