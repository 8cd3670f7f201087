"""Who acts, and what they may do: three roles, each right by name."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import Session

from campaign.config import said
from campaign.errors import NotAllowed, UnknownName, WrongUse
from campaign.models import audit, users
from campaign.models.users import User

OPERATOR = "operator"
"""The owner of a new workspace, made by `campaign init`: an admin, bound by the four eyes too."""


class Right(StrEnum):
    """What a person may do."""

    SEE = "see posts"
    QUEUE = "queue posts"
    EDIT = "edit posts"
    REVIEW = "review posts"
    HOLD = "hold and release"
    AGREE = "agree for a partner"
    SETTLE = "settle posts"
    RETRACT = "take posts down"
    ADMINISTER = "manage people, partners, accounts and lists"


_OFFICER = frozenset({Right.SEE, Right.QUEUE, Right.EDIT, Right.REVIEW, Right.AGREE, Right.SETTLE, Right.RETRACT})
_REVIEWER = frozenset({Right.SEE, Right.QUEUE, Right.EDIT, Right.REVIEW, Right.HOLD, Right.SETTLE, Right.RETRACT})
RIGHTS: Mapping[str, frozenset[Right]] = MappingProxyType(
    {"officer": _OFFICER, "reviewer": _REVIEWER, "admin": frozenset(Right)}
)


def acting(session: Session, name: str) -> User:
    """Return the person who acts; refuses an unknown name and one who was sent away."""
    found = users.user(session, name)
    if found is None or not found.active:
        raise UnknownName(kind="user", name=name, mend="Add them with `campaign users add NAME --role ROLE`.")
    return found


def demand(person: User, right: Right, partner_key: str | None = None) -> None:
    """Refuse what the person's role does not allow, and an officer anything of another partner.

    Raises:
        NotAllowed: names the person, the right and the reason.

    """
    if right not in RIGHTS[person.role]:
        raise NotAllowed(who=person.name, what=right, why=f"the role {person.role} has no such right")
    if person.partner_key is not None and partner_key is not None and person.partner_key != partner_key:
        raise NotAllowed(who=person.name, what=right, why=f"{person.name} acts for {person.partner_key} only")


def add_user(
    session: Session, *, name: str, role: str, partner_key: str | None, email: str | None, by: str, now: datetime
) -> User:
    """Add a person. An officer belongs to one partner.

    Raises:
        UnknownName: there is no such role.
        WrongUse: the name is empty, not one line or taken, or an officer has no partner.

    """
    name = said("user's name", name)
    if role not in RIGHTS:
        raise UnknownName(kind="role", name=role, mend=f"The roles are {', '.join(RIGHTS)}.")
    if role == "officer" and partner_key is None:
        raise WrongUse(problem="An officer belongs to one partner", mend="Name it with --partner.")
    if users.user(session, name) is not None:
        raise WrongUse(problem=f"There is a user {name!r} already", mend="Choose another name.")
    person = User(name=name, role=role, partner_key=partner_key, email=email, added_at=now)
    session.add(person)
    facts = {"role": role, "partner": partner_key}
    audit.record(session, who=by, action="add user", subject=f"user:{name}", at=now, facts=facts)
    return person
