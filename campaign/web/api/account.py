"""One's own account by a program: who it acts for, and ending what lets in: sessions, tokens, the calendar's address.

What would let somebody in (a token, a password, a passkey, an address of a calendar) is made in the pages alone, by
whoever has just signed in.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from campaign.clock import iso
from campaign.errors import UnknownName
from campaign.intake.values import ROW_MAX
from campaign.models import calendar_links, sign_in, tokens, users
from campaign.models.sign_in import Visit
from campaign.models.tokens import ApiToken
from campaign.models.users import Mail
from campaign.people import bearers, calendars, visits
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Owns, Reads
from campaign.web.api.once import Onced
from campaign.web.api.shapes import Page, Sent
from campaign.web.words import browser_name

router = APIRouter(prefix="/account", tags=["account"])

Number = Annotated[int, Path(ge=1, le=ROW_MAX, description="Its number in the list.")]


class TokenOut(BaseModel):
    """A token. What it opens with is never shown again."""

    id: str
    name: str
    scopes: list[str]
    made_at: str
    ends_at: str
    used_at: str | None


class AccountSelf(BaseModel):
    """Whom the token acts for."""

    name: str
    role: str
    partner: str | None
    email: str | None
    mail: Mail
    calendar: bool = Field(description="Whether an address of their calendar serves.")
    token: TokenOut


class SessionOut(BaseModel):
    """Where the person is signed in."""

    id: str
    browser: str
    how: str
    began_at: str
    seen_at: str

    @classmethod
    def of(cls, row: Visit) -> "SessionOut":
        """Return a session as it goes out."""
        return cls(
            id=str(row.id),
            browser=browser_name(row.browser),
            how=row.how,
            began_at=iso(row.began_at),
            seen_at=iso(row.seen_at),
        )


class WantedMail(Sent):
    """Which notices the person wants by mail."""

    mail: Mail


class Ended(BaseModel):
    """How many were ended."""

    ended: int


def _token(row: ApiToken) -> TokenOut:
    return TokenOut(
        id=str(row.id),
        name=row.name,
        scopes=row.scopes,
        made_at=iso(row.made_at),
        ends_at=iso(row.ends_at),
        used_at=iso(row.used_at) if row.used_at else None,
    )


@router.get("")
def show_account(who: Reads) -> AccountSelf:
    """Show whom the token acts for, and what it may do."""
    with who.house.app.database.read() as session:
        link = calendar_links.of_person(session, who.person.ident)
    return AccountSelf(
        name=who.person.name,
        role=who.person.role,
        partner=who.person.partner_key,
        email=who.person.email,
        mail=Mail(who.person.mail),
        calendar=link is not None,
        token=_token(who.token),
    )


@router.put("/mail")
def choose_mail(sent: WantedMail, who: Owns, once: Onced) -> WantedMail:
    """Keep which notices the person wants by mail."""

    def act(desk: Desk) -> dict[str, object]:
        users.set_mail(desk.session, desk.person.ident, sent.mail)
        return {"mail": sent.mail}

    return once.do(who, sent, WantedMail, act)


@router.get("/tokens")
def list_tokens(who: Owns) -> Page[TokenOut]:
    """List the person's tokens that were not revoked, the newest first."""
    with who.house.app.database.read() as session:
        rows = tokens.tokens(session, who.person.ident)
    return Page[TokenOut](items=[_token(row) for row, _ in rows])


@router.post("/tokens/{ident}/revoke")
def revoke_token(ident: Number, who: Owns, once: Onced) -> Ended:
    """Let one of the person's tokens serve no more; it may be the very one that calls."""

    def act(desk: Desk) -> dict[str, object]:
        bearers.revoke(desk.session, ident, by=desk.person, now=desk.now)
        return {"ended": 1}

    return once.do(who, None, Ended, act)


@router.get("/sessions")
def list_sessions(who: Owns) -> Page[SessionOut]:
    """List where the person is signed in, the last seen first."""
    with who.house.app.database.read() as session:
        rows = sign_in.visits(session, who.person.ident, who.house.now())
    return Page[SessionOut](items=[SessionOut.of(row) for row in rows])


@router.post("/sessions/{ident}/end")
def end_session(ident: Number, who: Owns, once: Onced) -> Ended:
    """Sign the person out in one place."""

    def act(desk: Desk) -> dict[str, object]:
        if not sign_in.end_visit(desk.session, ident, desk.person.ident):
            raise UnknownName(kind="session", name=ident, mend="It may have ended already.")
        return {"ended": 1}

    return once.do(who, None, Ended, act)


@router.post("/sign-out-everywhere")
def sign_out_everywhere(who: Owns, once: Onced) -> Ended:
    """End every session of the person; tokens go on."""
    return once.do(who, None, Ended, lambda desk: {"ended": visits.end_all(desk.session, desk.person, desk.now)})


@router.post("/calendar/revoke")
def revoke_calendar(who: Owns, once: Onced) -> Ended:
    """Let the address of the person's calendar serve no more."""

    def act(desk: Desk) -> dict[str, object]:
        calendars.revoke(desk.session, desk.person, desk.now)
        return {"ended": 1}

    return once.do(who, None, Ended, act)
