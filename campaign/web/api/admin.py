"""For admins' programs: people and their invitations, the audit log."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from campaign import people
from campaign.clock import iso
from campaign.intake.values import ROW_MAX
from campaign.models import audit as chain
from campaign.models import sign_in, users
from campaign.models.audit import Audit, AuditFilter
from campaign.models.users import User
from campaign.people import Right, demand, roster
from campaign.register import letting_in
from campaign.review.decisions import Desk
from campaign.web import places
from campaign.web.api.account import SessionOut
from campaign.web.api.bearer import Administers, Caller
from campaign.web.api.once import Once, Onced
from campaign.web.api.query import place
from campaign.web.api.shapes import Cursor, Name, Page, Sent, Size

router = APIRouter(tags=["admin"])

Number = Annotated[int, Path(ge=1, le=ROW_MAX, description="The person's number.")]
_TOLD = 20
Text = Annotated[Name | None, Query()]


class Role(Sent):
    """What a person may do, for whom, and where mail to them goes."""

    role: Literal["officer", "reviewer", "admin"]
    partner: Name | None = Field(default=None, description="Whose officer; null for everybody else.")
    email: Annotated[str, Field(max_length=254)] | None = None


class NewPerson(Role):
    """A person to add."""

    name: Annotated[str, Field(min_length=1, max_length=80)]


class PersonOut(BaseModel):
    """A person."""

    id: str
    name: str
    role: str
    partner: str | None
    email: str | None
    active: bool
    added_at: str


class PersonStory(PersonOut):
    """A person with how they prove who they are."""

    has_password: bool
    passkeys: int
    sessions: list[SessionOut]


class Inviting(Sent):
    """How a person is invited."""

    mail: bool = Field(default=False, description="Whether the link is mailed to them.")


class Invitation(BaseModel):
    """An invitation. It stands whether or not it could be mailed. Asked again under one key, all else is null."""

    person: str
    link: str | None = Field(
        default=None, description="Opens once, within a week. Shown this once; null where it goes by mail alone."
    )
    mailed: bool | None = Field(default=None, description="Whether the mail server took it; null: nobody asked it.")
    unsent: str | None = Field(default=None, description="Why the mail server did not take it.")


class Checked(BaseModel):
    """What the walk over some rows of the audit chain found."""

    rows: int = Field(description="Rows that were walked.")
    faults: list[str] = Field(description="What does not fit; none: they are whole.")
    more: bool = Field(description="Whether there are more faults than are named.")
    older: int | None = Field(description="To be sent for the rows before; null: they were the oldest.")
    head: str | None = Field(description="The digest at which the chain stands.")


class Decision(BaseModel):
    """A row of the audit log."""

    id: str
    at: str
    who: str
    action: str
    subject: str
    facts: dict[str, Any]
    digest: str


def _person(row: User) -> dict[str, object]:
    return {
        "id": str(row.id),
        "name": row.name,
        "role": row.role,
        "partner": row.partner_key,
        "email": row.email,
        "active": row.active,
        "added_at": iso(row.added_at),
    }


@router.get("/people")
def list_people(who: Administers) -> Page[PersonOut]:
    """List everybody, those who were sent away too."""
    demand(who.person, Right.ADMINISTER)
    with who.house.app.database.read() as session:
        return Page[PersonOut](items=[PersonOut.model_validate(_person(row)) for row in users.users(session)])


@router.post("/people", status_code=201)
def add_person(sent: NewPerson, who: Administers, once: Onced) -> PersonOut:
    """Add a person. They come in by an invitation."""

    def act(desk: Desk) -> dict[str, object]:
        demand(desk.person, Right.ADMINISTER)
        found = letting_in.add(
            desk.session,
            name=sent.name,
            role=sent.role,
            partner_key=sent.partner,
            email=sent.email,
            by=desk.person.name,
            now=desk.now,
        )
        desk.session.flush()
        return _person(found)

    return once.do(who, sent, PersonOut, act)


@router.get("/people/{ident}")
def show_person(ident: Number, who: Administers) -> PersonStory:
    """Show a person with how they prove who they are, and where they are signed in."""
    demand(who.person, Right.ADMINISTER)
    with who.house.app.database.read() as session:
        found = roster.numbered(session, ident)
        sessions = sign_in.visits(session, found.ident, who.house.now())
        proofs = {
            "has_password": sign_in.password(session, found.ident) is not None,
            "passkeys": len(sign_in.passkeys(session, found.ident)),
        }
    return PersonStory.model_validate(_person(found) | proofs | {"sessions": [SessionOut.of(row) for row in sessions]})


@router.put("/people/{ident}")
def change_person(ident: Number, sent: Role, who: Administers, once: Onced) -> PersonOut:
    """Give a person another role, partner or address."""

    def change(desk: Desk, found: User) -> None:
        letting_in.change(
            desk.session,
            found,
            role=sent.role,
            partner_key=sent.partner,
            email=sent.email,
            by=desk.person.name,
            now=desk.now,
        )

    return _done(ident, who, once, sent, change)


@router.post("/people/{ident}/send-away")
def send_person_away(ident: Number, who: Administers, once: Onced) -> PersonOut:
    """Let a person in no more: their sessions, invitations and tokens end."""
    return _done(
        ident,
        who,
        once,
        None,
        lambda desk, one: letting_in.send_away(desk.session, one, by=desk.person.name, now=desk.now),
    )


@router.post("/people/{ident}/take-back")
def take_person_back(ident: Number, who: Administers, once: Onced) -> PersonOut:
    """Let a person in again."""
    return _done(
        ident,
        who,
        once,
        None,
        lambda desk, one: letting_in.take_back(desk.session, one, by=desk.person.name, now=desk.now),
    )


@router.post("/people/{ident}/end-sessions")
def end_sessions(ident: Number, who: Administers, once: Onced) -> PersonOut:
    """Sign a person out everywhere."""
    return _done(
        ident,
        who,
        once,
        None,
        lambda desk, one: roster.end_sessions(desk.session, one, by=desk.person.name, now=desk.now),
    )


@router.post("/people/{ident}/invite")
def invite_person(ident: Number, who: Administers, once: Onced, sent: Inviting | None = None) -> Invitation:
    """Make a new invitation, and mail it where that is asked for; the one before no longer opens. To a person who could
    sign in before, and to whoever may approve (reviewers, admins, officers of a partner that approves), it goes by mail
    alone.
    """
    made = list[tuple[User, str, bool]]()

    def act(desk: Desk) -> dict[str, object]:
        demand(desk.person, Right.ADMINISTER)
        found = people.acting(desk.session, roster.numbered(desk.session, ident).name)
        secret = letting_in.invite(desk.session, found, by=desk.person.name, now=desk.now)
        made.append((found, secret, letting_in.by_mail_alone(desk.session, found)))
        return {"person": str(found.id)}

    # What is kept under an idempotency key lies there in the clear: the secret goes past it.
    answer = once.do(who, sent, Invitation, act)
    if not made:
        return answer
    person, secret, unseen = made[0]
    link = who.house.app.notices.invitations.link(secret)
    # A token that lets people in must not let its holder in as any of them.
    shown: dict[str, object] = {} if unseen else {"link": link}
    if unseen or (sent is not None and sent.mail):
        shown |= _mailed(who, person, link)
    return answer.model_copy(update=shown)


def _mailed(who: Caller, person: User, link: str) -> dict[str, object]:
    """Mail the link, and return what came of it."""
    unsent = who.house.app.notices.invitations.send(person.email or "", person.name, link)
    return {"mailed": unsent is None, "unsent": unsent}


def _done(ident: int, who: Caller, once: Once, sent: Sent | None, do: Callable[[Desk, User], object]) -> PersonOut:
    def act(desk: Desk) -> dict[str, object]:
        demand(desk.person, Right.ADMINISTER)
        found = roster.numbered(desk.session, ident)
        do(desk, found)
        return _person(found)

    return once.do(who, sent, PersonOut, act)


@router.get("/audit")
def list_decisions(
    who: Administers, by: Text = None, action: Text = None, subject: Text = None, limit: Size = 50, cursor: Cursor = ""
) -> Page[Decision]:
    """List decisions, the newest first. `subject` is a whole one (`post:7`) or its kind (`post`)."""
    demand(who.person, Right.ADMINISTER)
    wanted = AuditFilter(by or "", action or "", subject or "")
    with who.house.app.database.read() as session:
        page = chain.page(session, wanted, limit, after=place(cursor, places.row_in))
    items = [_decision(row) for row in page.rows]
    return Page[Decision](items=items, next=str(page.rows[-1].id) if page.has_after else None)


@router.get("/audit/check")
def check_audit(who: Administers, older: Annotated[int | None, Query(ge=1, le=ROW_MAX)] = None) -> Checked:
    """Walk the newest 200 rows of the chain, or those before `older`, and say whether they are whole."""
    demand(who.person, Right.ADMINISTER)
    with who.house.app.database.at_one_instant() as session:
        found = chain.walked(session, chain.WALKED, before=older)
        head = chain.head(session)
    faults = list(found.faults[:_TOLD]) or ([] if head else [chain.NO_HEAD])
    return Checked(
        rows=found.rows,
        faults=faults,
        more=len(found.faults) > _TOLD,
        older=found.older,
        head=head.digest if head else None,
    )


def _decision(row: Audit) -> Decision:
    return Decision(
        id=str(row.id),
        at=iso(row.at),
        who=row.who,
        action=row.action,
        subject=row.subject,
        facts=row.facts,
        digest=row.digest,
    )
