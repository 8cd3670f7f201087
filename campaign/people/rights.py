"""Who acts, and what they may do: three roles, each right by name."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import Session

from campaign.errors import NotAllowed, UnknownName
from campaign.models import users
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
    CONNECT = "connect accounts"
    SETTLE = "settle posts"
    RETRACT = "take posts down"
    AUDIT = "read the audit log"
    ADMINISTER = "manage people, partners, accounts and lists"


_OFFICER = frozenset(
    {
        *(Right.SEE, Right.QUEUE, Right.EDIT, Right.REVIEW, Right.AGREE, Right.CONNECT, Right.SETTLE, Right.RETRACT),
    }
)
_REVIEWER = frozenset(
    {
        *(Right.SEE, Right.QUEUE, Right.EDIT, Right.REVIEW, Right.HOLD, Right.SETTLE, Right.RETRACT, Right.AUDIT),
    }
)
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
