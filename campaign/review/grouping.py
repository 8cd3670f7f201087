"""The review by groups: what each group of waiting posts says, and decisions over many posts that were seen.

Nothing is decided in bulk whose content was not seen: every decision names the hash of what was shown of each post.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from campaign.errors import MoveRefused, NotAllowed
from campaign.models import Database, asides, groups, partners
from campaign.models.groups import Group, GroupKey
from campaign.models.listing import PostRow
from campaign.models.status import Move, Status
from campaign.models.users import User
from campaign.people import Right
from campaign.plan.gather import Copy
from campaign.ports import Limits
from campaign.review import decisions
from campaign.review.content import Contents
from campaign.review.decisions import Desk
from campaign.review.differences import Said, Sheet, lines_stored, sheet
from campaign.review.findings import findings
from campaign.review.masks import Registered
from campaign.review.novelty import Novelty, Read, Whose, novelties
from campaign.review.subjects import fixed_of

MOST = 200
"""Posts of a group on one sheet; the riskiest of a larger one come first once these are decided."""
READ = 2000
"""Posts whose words are read for the new words: what was written for one post alone is among them first."""

_REMEMBERED = 2000


def waiting(session: Session, partner_keys: Sequence[str]) -> list[tuple[Group, int]]:
    """Return the groups of what is in review, each with how many of its posts are set aside."""
    apart = Counter(
        GroupKey(post.template, post.template_version, post.channel) for post in asides.waiting(session, partner_keys)
    )
    return [(one, apart[one.key]) for one in groups.waiting(session, partner_keys)]


@dataclass(frozen=True, slots=True)
class NewWords:
    """Every new line of what awaits review, the rarest first. ``whole``: every post was read for them."""

    lines: list[Novelty]
    whole: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what waits for review. ``copy`` is None while the campaign's files are half written: what is stored can be
    read all the same. ``partner_keys``: the partners whose posts are read, none stands for all.
    """

    contents: Contents
    limits: Mapping[str, Limits]
    copy: Copy | None
    partner_keys: Sequence[str] = ()

    def sheet(self, session: Session, key: GroupKey) -> Sheet:
        """Return what a group says: the common words, and what is each post's own; of ``MOST`` posts at most."""
        said = [self._said(row) for row in groups.posts_of(session, key, self.partner_keys, limit=MOST)]
        whose = {one.row.partner.ident: one.row.partner for one in said}
        registered = {ident: Registered(partner.name, partner.region) for ident, partner in whose.items()}
        return sheet(said, partial(fixed_of, self.copy, key), partial(_approved, session, registered))

    def _said(self, row: PostRow) -> Said:
        draft, message = self.contents.draft(row.post), self.contents.message(row.post)
        timetable = self.copy.timetable if self.copy else None
        found = findings(row, draft, message, limits=self.limits, timetable=timetable) if timetable else []
        return Said(row, draft, self.contents.hash_of(message, row.post, row.account), tuple(found))

    def new_words(self, database: Database) -> NewWords:
        """Return every new line of what awaits review, of ``READ`` posts at most. They are compared while the database
        is not read: that takes long, and no transaction waits for it.
        """
        with database.read() as session:
            rows = groups.stored(session, self.partner_keys, limit=READ + 1)
            called = partners.called(session, {row.partner_id for row in rows})
        registered = {ident: Registered(*names) for ident, names in called.items()}

        def whose(partner_ids: Collection[int]) -> dict[int, Whose]:
            with database.read() as session:
                approved = _approved(session, registered, partner_ids)
                named = partners.by_ids(session, partner_ids)
            return {ident: Whose(partner, approved[ident]) for ident, partner in named.items()}

        read = [Read(one, lines_stored(one.draft, registered[one.partner_id])) for one in rows[:READ]]
        return NewWords(novelties(read, partial(fixed_of, self.copy), whose), whole=len(rows) <= READ)


def _approved(
    session: Session, registered: Mapping[int, Registered], partner_ids: Collection[int]
) -> defaultdict[int, set[str]]:
    """Return by partner the lines that were approved before."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for partner_id, stored in groups.approved_drafts(session, partner_ids, limit=_REMEMBERED):
        found[partner_id].update(lines_stored(stored, registered[partner_id]))
    return found


def why_not(person: User, row: PostRow) -> str:
    """Return why this person may not approve the post, to end a sentence with; nothing when they may."""
    if decisions.wrote(person, row.post):
        return "you queued or edited it"
    try:
        decisions.side_of(person, row)
    except NotAllowed as error:
        return str(error.facts["why"])
    return ""


def set_aside(desk: Desk, rows: Sequence[PostRow], apart: Collection[int]) -> int:
    """Of these posts keep aside those whose ids are in ``apart``, until somebody decides them or they change; the
    others are so no longer. Returns how many are.
    """
    asides.take_back(desk.session, [row.post.ident for row in rows])
    kept = [row.post for row in rows if row.post.ident in apart]
    asides.put(desk.session, kept, by=desk.person.name, at=desk.now)
    return len(kept)


def approve(desk: Desk, shown: Sequence[tuple[PostRow, str]]) -> list[PostRow]:
    """Approve posts, each with the content hash that was seen of it; returns those that are approved now: the others
    wait for the other side's yes, or came too late.

    Raises:
        MoveRefused: one is set aside, or not in review.
        Changed, NotAllowed: see ``decisions.approve``.

    """
    for row, seen in shown:
        refuse_unseen(desk, row, seen)
    refuse_aside(desk, [row for row, _ in shown])
    return [row for row, seen in shown if decisions.approve(desk, row, seen) or row.post.status == Status.APPROVED]


def refuse_aside(desk: Desk, rows: Sequence[PostRow]) -> None:
    """Refuse to approve what somebody has set aside. Raises MoveRefused."""
    apart = asides.of(desk.session, [row.post.ident for row in rows])
    if apart:
        ident, aside = min(apart.items())
        mend = "Take it back first, for nobody approves it in passing."
        raise MoveRefused(post=ident, status=f"set aside by {aside.set_by}", move=Move.APPROVE, mend=mend)


def send_back(desk: Desk, shown: Sequence[tuple[PostRow, str]], comment: str) -> list[PostRow]:
    """Return posts to their partners with a comment, each with the content hash that was seen of it. Raises as
    ``refuse_unseen`` does.
    """
    for row, seen in shown:
        refuse_unseen(desk, row, seen)
        decisions.send_back(desk, row, comment)
    return [row for row, _ in shown]


def put_aside(desk: Desk, shown: Sequence[tuple[PostRow, str]], *, aside: bool) -> list[PostRow]:
    """Set posts aside, or no longer, each with the content hash that was seen of it. Raises as ``refuse_unseen``."""
    for row, seen in shown:
        refuse_unseen(desk, row, seen)
    rows = [row for row, _ in shown]
    set_aside(desk, rows, {row.post.ident for row in rows} if aside else ())
    return rows


def refuse_unseen(desk: Desk, row: PostRow, seen: str) -> None:
    """Refuse what is not in review, or says something else than was seen.

    Raises:
        MoveRefused: it is not in review.
        Changed: it is another content by now.

    """
    desk.demand(Right.REVIEW, row)
    post = row.post
    if post.status != Status.IN_REVIEW:
        mend = "Only what is in review can be."
        raise MoveRefused(post=post.id, status=post.status, move="be decided", mend=mend)
    decisions.unchanged(desk, row, seen)
