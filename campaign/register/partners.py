"""Partners from a file, and changes of their details."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from campaign.config import is_mail, said
from campaign.errors import BadInput, NotAllowed, WrongUse
from campaign.intake import PartnerRow
from campaign.intake.partners import APPROVERS
from campaign.models import audit, partners
from campaign.models.partners import CONTACT, Agreement, Partner
from campaign.models.users import User
from campaign.people import RIGHTS, Right, demand
from campaign.plan.fields import FieldSpec
from campaign.plan.refill import pictures_named
from campaign.register import Taken, letting_in
from campaign.register.foreseen import State, Value, differing, state_of
from campaign.wording import some_of

COLUMNS = ("name", "kind", "region", "approver")
"""What the register keeps of a partner beside its details."""
KEPT = ("kind", "region")
"""What the campaign team keeps of a partner, since segments go by it: templates read it, no detail stands for it."""

_KEY_STAYS = "The key {key} stays as it is; `campaign partners import` adds another partner."
_NO_DETAILS = {
    "partner": _KEY_STAYS,
    "key": _KEY_STAYS,
    "agreed": "Say `campaign agree --partner {key}`, or `campaign revoke --partner {key}` to take the yes back.",
}
"""What a file has beside details, and why it is changed otherwise."""

Quieting = Callable[[Session, Sequence[Partner]], None]
"""Brings partners that were changed under the quiet periods of the timetable that bind them now, in the same
transaction: else a post could go out in the silence that its partner has come under.
"""


class ReviewRules(Protocol):
    """What the workspace says about agreement and approval."""

    @property
    def agree(self) -> str:
        """Return standing or required."""
        ...

    @property
    def approver(self) -> str:
        """Return who approves unless a partner says otherwise: dfe, partner or both."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What a row of a file would do. ``agrees``: who is recorded as having given its standing yes, and when; None for
    the latter: now.
    """

    key: str
    name: str
    state: State
    values: tuple[Value, ...]
    agrees: tuple[str, datetime | None] | None


def refuse_pictures(rows: Sequence[PartnerRow], known: Mapping[str, FieldSpec]) -> None:
    """Refuse rows whose details name a picture: whoever does not sit in the workspace may not name its files.

    Raises BadInput, which names the rows and their columns.
    """
    mend = "Take the column out: its officer puts the picture in on the page of the details"
    found = [fault for row in rows for fault in pictures_named(row.key, known, row.details, mend)]
    if found:
        raise BadInput(found)


def preview(
    session: Session, rows: Sequence[PartnerRow], rules: ReviewRules, *, by: User, now: datetime
) -> list[Change]:
    """Return what ``take`` would do with each row; nothing is written. Raises as it does."""
    demand(by, Right.ADMINISTER)
    _refuse_ahead(rows, now)
    known = _known(session)
    return [_foreseen(session, row, _found(known, row), rules, by, now) for row in rows]


def _refuse_ahead(rows: Sequence[PartnerRow], now: datetime) -> None:
    ahead = [row.key for row in rows if row.agreed_at is not None and row.agreed_at > now]
    if ahead:
        problem, mend = f"The yes of {some_of(ahead)} is still to come", "Give the day on which they agreed."
        raise WrongUse(field="agreed", problem=problem, mend=mend)


def _known(session: Session) -> dict[str, Partner]:
    """Return the partners by their keys, and by these in lower case: a file may write them as it likes."""
    found = partners.partners(session)
    return {one.key.casefold(): one for one in found} | {one.key: one for one in found}


def _found(known: Mapping[str, Partner], row: PartnerRow) -> Partner | None:
    return known.get(row.key) or known.get(row.key.casefold())


def _foreseen(
    session: Session, row: PartnerRow, found: Partner | None, rules: ReviewRules, by: User, now: datetime
) -> Change:
    ahead = Partner(**found.model_dump()) if found else _new(row, rules, now)
    before = _told(found) if found else {}
    _bring(ahead, row)
    values = differing(before, _told(ahead))
    yes = _yes(session, found, row, rules, by, now)
    agrees = (yes.given_by, row.agreed_at) if yes else None
    return Change(ahead.key, row.name, state_of(known=found is not None, changed=bool(values)), values, agrees)


def _told(partner: Partner) -> dict[str, str]:
    return {**{name: getattr(partner, name) for name in COLUMNS}, **partner.details}


def _new(row: PartnerRow, rules: ReviewRules, now: datetime) -> Partner:
    return Partner(key=row.key, name=row.name, approver=rules.approver, details={}, joined_at=now)


def take(
    session: Session, rows: Sequence[PartnerRow], rules: ReviewRules, *, quiet: Quieting, by: User, now: datetime
) -> Taken:
    """Store the partners of a file. In a ``standing`` workspace the operator's import records their agreement.

    The columns that the file has win, an empty cell takes the value away; what it has no column for is kept, so that a
    file of one purpose does not undo what was set by hand.

    Raises:
        NotAllowed: the person may not.
        WrongUse: a partner's yes is dated after now.

    """
    demand(by, Right.ADMINISTER)
    _refuse_ahead(rows, now)
    taken, known, touched, approving = Taken(), _known(session), list[Partner](), list[Partner]()
    for row in rows:
        found = _found(known, row)
        before = _values(found) if found else None
        partner, approved_by = found or _new(row, rules, now), found.approver if found else ""
        _bring(partner, row)
        session.add(partner)
        session.flush()
        if before != _values(partner):
            touched.append(partner)
        if approved_by != partner.approver:
            approving.append(partner)
        taken.count(added=found is None, changed=before != _values(partner))
        _agree(session, partner, row, rules, by, now)
    quiet(session, touched)
    letting_in.approver_changed(session, approving, by=by.name, now=now)
    facts = {"added": taken.added, "changed": taken.changed}
    audit.record(session, who=by.name, action="import partners", subject="partners", at=now, facts=facts)
    return taken


def add(session: Session, row: PartnerRow, rules: ReviewRules, *, quiet: Quieting, by: User, now: datetime) -> Partner:
    """Store one new partner. Its yes is no part of this, whatever the workspace says of imports.

    Raises:
        NotAllowed: the person may not.
        WrongUse: there is a partner of this key, in whatever case.

    """
    demand(by, Right.ADMINISTER)
    for key, name in partners.names(session):
        if key.casefold() == row.key.casefold():
            raise WrongUse(field="partner", problem=f"{name} has the key {key!r}", mend="Choose another one.")
    partner = _new(row, rules, now)
    _bring(partner, row)
    session.add(partner)
    session.flush()
    quiet(session, [partner])
    facts = {"name": partner.name, "kind": partner.kind, "region": partner.region}
    audit.record(session, who=by.name, action="add partner", subject=f"partner:{row.key}", at=now, facts=facts)
    return partner


def _bring(partner: Partner, row: PartnerRow) -> None:
    partner.name = row.name
    if "kind" in row.columns:
        partner.kind = row.kind
    if "region" in row.columns:
        partner.region = row.region
    kept = {name: value for name, value in partner.details.items() if name not in row.columns}
    details = kept | row.details
    partner.approver = _approver(details.pop("approver", "") or partner.approver)
    partner.details = details


def _values(partner: Partner) -> dict[str, object]:
    return {name: getattr(partner, name) for name in (*COLUMNS, "details")}


def _approver(value: str) -> str:
    if value not in APPROVERS:
        raise WrongUse(problem=f"approver {value!r} is not known", mend=f"Write one of {', '.join(APPROVERS)}.")
    return value


def _yes(
    session: Session, partner: Partner | None, row: PartnerRow, rules: ReviewRules, by: User, now: datetime
) -> Agreement | None:
    """Return the standing yes that a row brings; None where one stands, or the row brings none."""
    if row.agreed_at is None and rules.agree == "required":
        return None
    if partner is not None:
        if partners.agreements(session, partner.ident):
            return None
        revoked_at = partners.last_revoked_at(session, partner.ident)
        if revoked_at is not None and (row.agreed_at is None or row.agreed_at <= revoked_at):
            return None  # who took its yes back is not made to speak by the same file read again
    given_by, given_at = row.agreed_by or by.name, row.agreed_at or now
    return Agreement(partner_id=0, given_by=given_by, given_at=given_at)


def _agree(session: Session, partner: Partner, row: PartnerRow, rules: ReviewRules, by: User, now: datetime) -> None:
    yes = _yes(session, partner, row, rules, by, now)
    if yes is None:
        return
    yes.partner_id = partner.ident
    session.add(yes)
    facts = {"given_by": yes.given_by, "given_at": yes.given_at, "rule": rules.agree}
    subject = f"partner:{partner.key}"
    audit.record(session, who=by.name, action="agree by import", subject=subject, at=now, facts=facts)


def change(
    session: Session, partner: Partner, values: Mapping[str, str], *, quiet: Quieting, by: User, now: datetime
) -> None:
    """Change columns and details of a partner; an empty value takes a detail away. Raises WrongUse as ``put`` does."""
    approved_by = partner.approver
    put(partner, values, by=by)
    session.add(partner)
    session.flush()
    session.refresh(partner)  # with what somebody else has changed of it meanwhile
    quiet(session, [partner])
    if partner.approver != approved_by:
        letting_in.approver_changed(session, [partner], by=by.name, now=now)
    subject = f"partner:{partner.key}"
    audit.record(session, who=by.name, action="change partner", subject=subject, at=now, facts=dict(values))


def refuse_kept(values: Container[str], by: User) -> None:
    """Refuse names of what the campaign team keeps, to whoever may not change the register. Raises NotAllowed."""
    kept = [name for name in KEPT if name in values]
    if kept and Right.ADMINISTER not in RIGHTS[by.role]:
        raise NotAllowed(who=by.name, what=f"change the {kept[0]}", why="the campaign team keeps it, ask an admin")


def put(partner: Partner, values: Mapping[str, str], *, by: User) -> None:
    """Change a partner in hand and store nothing: so it can be seen what would come of it.

    Raises:
        NotAllowed: the person may not speak for the partner, or may not change what the campaign team keeps of it.
        WrongUse: the name is empty, a column is not one line, the contact is no mail address, or what is named is no
            detail: a key stays, and a yes has commands of its own.

    """
    demand(by, Right.AGREE, partner.key)
    refuse_kept(values, by)
    for name in (name for name in _NO_DETAILS if name in values):
        raise WrongUse(problem=f"{name!r} is no detail", mend=_NO_DETAILS[name].format(key=partner.key))
    contact = values.get(CONTACT)
    if contact and not is_mail(contact):
        raise WrongUse(problem=f"{CONTACT} {contact!r} is no mail address", mend="Write name@example.org, one address.")
    details = dict(partner.details)
    for name, value in values.items():
        if name == "approver":
            demand(by, Right.ADMINISTER)
            partner.approver = _approver(value)
        elif name == "name" or (name in COLUMNS and value):
            setattr(partner, name, said(f"partner's {name}", value))
        elif name in COLUMNS:
            setattr(partner, name, "")
        elif value:
            details[name] = value
        else:
            details.pop(name, None)
    partner.details = details
