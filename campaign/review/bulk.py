"""Many posts from a file: each is proposed as *New post* would make it, shown, and stored with the others or not.

A row is known by what it says (account, time, template, fields), so that the same row makes one post, however often it
comes in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session

from campaign.clock import iso
from campaign.config import GUESSES, nearest
from campaign.errors import BadInput, Finding, UnknownName, WrongUse
from campaign.intake.posts import PostLine
from campaign.models import audit, partners, planned
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.plan.gather import Source
from campaign.plan.refill import NewPost, Said, pictures_named, single, unknown_fields
from campaign.plan.rows import PlanRow
from campaign.review import queue
from campaign.review.content import draft_to_json
from campaign.review.decisions import Desk
from campaign.review.single import one_account

_BY_DETAILS = "Leave it empty: the picture is the one of the organisation's details"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row of the file with the post that it would make. ``there``: the post that it has made already.

    ``account``, ``partner`` and ``row`` are None where the row does not say which.
    """

    line: PostLine
    account: Account | None = None
    partner: Partner | None = None
    row: PlanRow | None = None
    there: int | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def key(self) -> tuple[int, str] | None:
        """What tells it from other rows."""
        return (self.row.account_id, self.row.occurrence) if self.row is not None else None


def propose(
    session: Session, source: Source, name: str, lines: Sequence[PostLine], person: User, now: datetime
) -> list[Proposal]:
    """Return what each row of the file ``name`` would make; nothing is written. Raises NotAllowed."""
    demand(person, Right.QUEUE)
    proposer = _Proposer(session, source, name, person, now)
    found = [proposer.proposal(line) for line in lines]
    first: dict[tuple[int, str], int] = {}
    return [_once(one, first, name) for one in found]


def _once(one: Proposal, first: dict[tuple[int, str], int], name: str) -> Proposal:
    """Find that a row stood in the file before."""
    earlier = first.setdefault(one.key, one.line.line) if one.key else one.line.line
    if earlier == one.line.line:
        return one
    finding = Finding(name, "the row", f"it stands in line {earlier} too", "Keep one of the two", one.line.line)
    return replace(one, findings=(*one.findings, finding))


class _Proposer:
    """Proposes the rows of one file, with what is read once for all of them."""

    def __init__(self, session: Session, source: Source, name: str, person: User, now: datetime) -> None:
        self._session = session
        self._source = source
        self._name = name
        self._own = person.partner_key
        self._now = now
        self._accounts = partners.accounts(session, only=(self._own,) if self._own is not None else ())
        self._said: dict[str, Said] = {}
        self._guessed = 0

    def proposal(self, line: PostLine) -> Proposal:
        """Return what a row would make, or what is wrong with it."""
        if line.findings:
            return Proposal(line, findings=line.findings)
        found = self._place(line)
        if isinstance(found, Finding):
            return Proposal(line, findings=(found,))
        account, partner = found
        try:
            return self._filled(line, account, partner)
        except UnknownName as error:
            problem = f"there is no template {line.template!r} for {account.channel}"
            return Proposal(line, account, partner, findings=(self._at(line, "template", problem, _mend(error)),))

    def _filled(self, line: PostLine, account: Account, partner: Partner) -> Proposal:
        if line.due_at is None:
            return Proposal(line, account, partner)
        wording = self._source.copy.templates.pick(line.template, account.channel)
        said = self._said_on(account.channel)
        new = NewPost(account, partner, line.template, line.due_at, line.fields)
        made = single(self._session, self._source, new, said)
        row = replace(made, occurrence=_key_of(made.occurrence, line))
        standing = planned.by_key(self._session, account.ident, row.slot, row.occurrence)
        if standing is not None and standing.status != Status.WITHDRAWN:
            return Proposal(line, account, partner, row, there=standing.ident)
        findings = [
            *unknown_fields(wording.name, wording.fields, line.fields),
            *pictures_named(wording.name, wording.fields, line.fields, _BY_DETAILS),
            *row.findings,
        ]
        if line.due_at <= self._now:
            findings.append(self._at(line, "at", "it is past", "Choose a time that is still to come"))
        if row.draft is not None:
            said.note(account.ident, row.draft)
        return Proposal(line, account, partner, row, findings=tuple(self._placed(line, one) for one in findings))

    def _said_on(self, channel: str) -> Said:
        if channel not in self._said:
            self._said[channel] = Said(self._session, self._source, channel)
        return self._said[channel]

    def _place(self, line: PostLine) -> tuple[Account, Partner] | Finding:
        """Return the account that a row means."""
        key = line.partner or self._own or ""
        mine = [pair for pair in self._accounts if pair[1].key.casefold() == key.casefold()]
        if not mine:
            problem = f"there is no partner {key!r} with an account of yours" if key else "it is empty"
            return self._at(line, "partner", problem, self._meant(key))
        try:
            account = one_account([account for account, _ in mine], key, line.channel, line.account)
        except WrongUse as error:
            facts = error.facts
            return self._at(line, str(facts["field"]), str(facts["problem"]), str(facts["mend"]).removesuffix("."))
        return account, mine[0][1]

    def _meant(self, key: str) -> str:
        known = {partner.key for _, partner in self._accounts}
        self._guessed += 1
        if known and self._guessed > GUESSES:
            return "Write the key of a partner that there is"
        return nearest(key, known) if known else "Connect an account first"

    def _at(self, line: PostLine, column: str, problem: str, mend: str) -> Finding:
        return Finding(self._name, column, problem, mend, line.line)

    def _placed(self, line: PostLine, finding: Finding) -> Finding:
        """Return a finding of the template or the time as one of this row."""
        return replace(finding, file=self._name, field=finding.field.rpartition(".")[2], line=line.line)


def _mend(error: UnknownName) -> str:
    return str(error.facts.get("mend", "See the templates"))


def _key_of(occurrence: str, line: PostLine) -> str:
    """Return the place in the timetable of the row's post: its local time, and a digest of what the row says."""
    said = json.dumps([line.template, sorted(line.fields.items())], ensure_ascii=False)
    return f"{occurrence.rpartition(' ')[0]} {sha256(said.encode()).hexdigest()[:12]}"


def findings(proposals: Sequence[Proposal]) -> list[Finding]:
    """Return everything that is wrong, row by row."""
    return [finding for one in proposals for finding in one.findings]


def digest(proposals: Sequence[Proposal]) -> str:
    """Return the digest of all that the rows would make: whoever confirms it confirms what they saw."""
    return sha256(
        json.dumps([_seen(one) for one in proposals], ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()


def _seen(one: Proposal) -> Mapping[str, object]:
    row = one.row
    return {
        "line": one.line.line,
        "account": one.account.id if one.account else None,
        "due_at": iso(row.due_at) if row else None,
        "template": [row.template, row.template_version] if row else None,
        "draft": draft_to_json(row.draft) if row and row.draft else None,
        "fields": dict(one.line.fields),
        "findings": [str(finding) for finding in one.findings],
    }


def store(desk: Desk, name: str, proposals: Sequence[Proposal]) -> list[Post]:
    """Store and submit every post that is not there yet, all in the transaction of the desk; returns those.

    Raises:
        NotAllowed: the person may not queue for one of the partners.
        BadInput: what is wrong with a row.
        WrongUse: a time has gone by meanwhile.

    """
    if wrong := findings(proposals):
        raise BadInput(wrong)
    made = [post for one in proposals if (post := _stored(desk, one)) is not None]
    facts = {"file": name, "rows": len(proposals), "posts": [post.ident for post in made]}
    audit.record(desk.session, who=desk.person.name, action="import posts", subject="posts", at=desk.now, facts=facts)
    return made


def _stored(desk: Desk, one: Proposal) -> Post | None:
    row = one.row
    if row is None:
        raise WrongUse(problem=f"Line {one.line.line} makes no post", mend="Look at the preview.")
    planned.free_key(desk.session, row.account_id, row.slot, row.occurrence)
    if one.there is not None or planned.by_key(desk.session, row.account_id, row.slot, row.occurrence) is not None:
        return None
    account, _ = partners.account_with_partner(desk.session, row.account_id)
    return queue.add_single(desk, account, row, one.line.fields)
