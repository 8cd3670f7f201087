"""Partners from a file, and changes of their details."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from campaign.config import is_mail, said
from campaign.errors import WrongUse
from campaign.intake import PartnerRow
from campaign.intake.partners import CONTACT
from campaign.models import audit, partners
from campaign.models.partners import Agreement, Partner
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.register import Taken

_COLUMNS = ("name", "kind", "region", "approver")
_APPROVERS = ("dfe", "partner", "both")


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


def take(session: Session, rows: Sequence[PartnerRow], rules: ReviewRules, *, by: User, now: datetime) -> Taken:
    """Store the partners of a file. In a ``standing`` workspace the operator's import records their agreement.

    The columns that the file has win, an empty cell takes the value away; what it has no column for is kept, so that a
    file of one purpose does not undo what was set by hand.
    """
    demand(by, Right.ADMINISTER)
    taken = Taken()
    for row in rows:
        found = partners.partner_by_key(session, row.key)
        before = _values(found) if found else None
        partner = found or Partner(key=row.key, name=row.name, approver=rules.approver, joined_at=now)
        _bring(partner, row)
        session.add(partner)
        session.flush()
        taken.count(added=found is None, changed=before != _values(partner))
        _agree(session, partner, row, rules, by, now)
    facts = {"added": taken.added, "changed": taken.changed}
    audit.record(session, who=by.name, action="import partners", subject="partners", at=now, facts=facts)
    return taken


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
    return {name: getattr(partner, name) for name in (*_COLUMNS, "details")}


def _approver(value: str) -> str:
    if value not in _APPROVERS:
        raise WrongUse(problem=f"approver {value!r} is not known", mend=f"Write one of {', '.join(_APPROVERS)}.")
    return value


def _agree(session: Session, partner: Partner, row: PartnerRow, rules: ReviewRules, by: User, now: datetime) -> None:
    if partners.agreements(session, partner.ident) or (row.agreed_at is None and rules.agree == "required"):
        return
    revoked_at = partners.last_revoked_at(session, partner.ident)
    if revoked_at is not None and (row.agreed_at is None or row.agreed_at <= revoked_at):
        return  # who took its yes back is not made to speak by the same file read again
    given_by, given_at = row.agreed_by or by.name, row.agreed_at or now
    session.add(Agreement(partner_id=partner.ident, given_by=given_by, given_at=given_at))
    facts = {"given_by": given_by, "given_at": given_at, "rule": rules.agree}
    subject = f"partner:{partner.key}"
    audit.record(session, who=by.name, action="agree by import", subject=subject, at=now, facts=facts)


def change(session: Session, partner: Partner, values: Mapping[str, str], *, by: User, now: datetime) -> None:
    """Change columns and details of a partner; an empty value takes a detail away. Raises WrongUse as ``put`` does."""
    put(partner, values, by=by)
    session.add(partner)
    subject = f"partner:{partner.key}"
    audit.record(session, who=by.name, action="change partner", subject=subject, at=now, facts=dict(values))


def put(partner: Partner, values: Mapping[str, str], *, by: User) -> None:
    """Change a partner in hand and store nothing: so it can be seen what would come of it.

    Raises:
        WrongUse: the name is empty, a column is not one line, or the contact is no mail address.

    """
    demand(by, Right.EDIT, partner.key)
    contact = values.get(CONTACT)
    if contact and not is_mail(contact):
        raise WrongUse(problem=f"{CONTACT} {contact!r} is no mail address", mend="Write name@example.org, one address.")
    details = dict(partner.details)
    for name, value in values.items():
        if name == "approver":
            demand(by, Right.ADMINISTER)
            partner.approver = _approver(value)
        elif name == "name" or (name in _COLUMNS and value):
            setattr(partner, name, said(f"partner's {name}", value))
        elif name in _COLUMNS:
            setattr(partner, name, "")
        elif value:
            details[name] = value
        else:
            details.pop(name, None)
    partner.details = details
