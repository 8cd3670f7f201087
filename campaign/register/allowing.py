"""Mail an address again at which a mail server said that nobody is."""

from datetime import datetime

from sqlmodel import Session

from campaign.config import said
from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, mailing
from campaign.models.users import User
from campaign.people import Right, demand


def allow(session: Session, address: str, why: str, *, by: User, now: datetime) -> None:
    """Let an address have mail again that a mail server refused; the lists that its owner has left stay left. The audit
    log keeps who did and why, and of the address its digest alone.

    Raises:
        NotAllowed: the person may not.
        UnknownName: the address is not suppressed.
        WrongUse: it is, by no server's refusal but by its owner's wish; or the reason is not one line.

    """
    demand(by, Right.ADMINISTER)
    address, why = said("address", address), said("reason", why)
    found = mailing.suppression(session, address)
    if found is None:
        mend = "Mail to it is not stopped; who has left a list comes back by their own wish alone."
        raise UnknownName(kind="suppressed address", name=address, mend=mend)
    if found.reason != mailing.BOUNCED:
        problem = f"What stops the mail to {address} is no refusal of a mail server ({found.reason})"
        raise WrongUse(problem=problem, mend="It stays so.", field="address")
    session.delete(found)
    subject = f"address:{found.address_digest}"
    audit.record(session, who=by.name, action="allow address", subject=subject, at=now, facts={"reason": why})
