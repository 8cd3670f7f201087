"""For admins' programs: email lists, their readers, and readers from a file."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from campaign.intake import SubscriberRow, subscribers_of
from campaign.models import audiences, mailing
from campaign.people import Right, demand
from campaign.register import allowing
from campaign.register import lists as register
from campaign.reports.readers import reader_row
from campaign.review.decisions import Desk
from campaign.web import places
from campaign.web.api.bearer import Administers, Caller
from campaign.web.api.once import Onced
from campaign.web.api.problems import SeenOthers
from campaign.web.api.query import place
from campaign.web.api.shapes import CsvFile, Cursor, Digest, Name, Page, Reason, Sent, Size
from campaign.web.forms import seen

router = APIRouter(prefix="/lists", tags=["admin"])


class ListOut(BaseModel):
    """An email list. ``speakers``: the partners that mail it."""

    key: str
    wanting: int
    left: int
    speakers: list[str]
    importing: bool = Field(description="Whether an import into it has not ended: no issue to it begins before.")


class Lists(Page[ListOut]):
    """The email lists. ``suppressed``: how many addresses get no mail at all, by reason."""

    suppressed: dict[str, int]


class ReaderOut(BaseModel):
    """Somebody on a list. ``unsubscribed_at`` null: they want its mail."""

    email: str
    name: str
    consent_source: str
    consent_at: str
    unsubscribed_at: str | None


class ReadersFile(CsvFile):
    """A CSV file of readers."""

    list: Name = Field(description="The list; one that is not there is made.")
    file_lost: bool = Field(
        default=False, description="The file of an import that broke off is lost: this one ends it. Else that one must."
    )


class SeenReadersFile(ReadersFile):
    """A CSV file of readers whose preview was seen."""

    seen: Digest


class ReadersPreviewed(BaseModel):
    """What a file of readers would do; it names nobody."""

    seen: str = Field(description="To be sent with the order to store them.")
    list: str
    is_new: bool = Field(description="Whether the list would be made.")
    added: int
    changed: int
    same: int
    left: int = Field(description="Rows of people who have left the list: they stay away.")
    suppressed: int = Field(description="How many of all these addresses get no mail, whatever list they are on.")


class ReadersTaken(BaseModel):
    """What a file of readers has done."""

    added: int
    changed: int
    same: int
    left: int = Field(description="Rows of people who have left the list: they stay away.")


class Refused(Sent):
    """An address that a mail server refused, and why it is to be mailed again."""

    address: Name
    reason: Reason


class Allowed(BaseModel):
    """The address has mail again. It is not repeated: no answer is kept with one."""

    allowed: bool


@router.get("")
def list_lists(who: Administers) -> Lists:
    """List the email lists, with how many want their mail and how many have left; and the suppressed addresses."""
    demand(who.person, Right.ADMINISTER)
    with who.house.app.database.read() as session:
        items = [
            ListOut(
                key=one.key,
                wanting=one.wanting,
                left=one.left,
                speakers=list(mailing.speakers(session, one.ident)),
                importing=one.importing,
            )
            for one in audiences.counts(session)
        ]
        suppressed = dict(audiences.suppressed(session))
    return Lists(items=items, suppressed=suppressed)


@router.get("/readers")
def list_readers(
    who: Administers,
    key: Annotated[Name, Query(alias="list", description="The list.")],
    limit: Size = 200,
    cursor: Cursor = "",
) -> Page[ReaderOut]:
    """List everybody on a list, with their consent, in the order in which they came; those who have left too. The audit
    log says who begins to, wherever, and once an hour who goes on.
    """
    after, token = place(cursor, places.row_in), who.token.ident
    with who.house.app.database.read() as session:
        told = after and register.handed_out(session, key, by=who.person, token=token, now=who.house.now())
    if not told:
        with who.desk() as desk:
            register.hand_out(desk.session, key, by=desk.person, now=desk.now, token=token)
    with who.house.app.database.read() as session:
        found = register.found_list(session, key, by=who.person)
        page = audiences.readers_page(session, found.ident, limit, after=after)
    items = [ReaderOut.model_validate(reader_row(one)) for one in page.rows]
    return Page[ReaderOut](items=items, next=str(page.rows[-1].id) if page.has_after else None)


@router.post("/import/preview")
def preview_readers(sent: ReadersFile, who: Administers) -> ReadersPreviewed:
    """Count what a file would do; nothing is stored. Columns: `email`, `consent_source`, `consent_at` and, where
    wanted, `name` and details.
    """
    rows = _rows(who, sent)
    with who.house.app.database.read() as session:
        found = register.preview(session, sent.list, rows, by=who.person, lost=sent.file_lost)
    return ReadersPreviewed(
        seen=seen([found]),
        list=found.key,
        is_new=found.is_new,
        added=found.new,
        changed=found.changed,
        same=found.same,
        left=found.left,
        suppressed=found.suppressed,
    )


@router.post("/import", status_code=201)
def import_readers(sent: SeenReadersFile, who: Administers, once: Onced) -> ReadersTaken:
    """Store the readers of a file, where its rows would still do what was seen. Who has left is not brought back."""
    rows = _rows(who, sent)

    def act(desk: Desk) -> dict[str, object]:
        lost = sent.file_lost
        if seen([register.preview(desk.session, sent.list, rows, by=desk.person, lost=lost)]) != sent.seen:
            raise SeenOthers
        done = register.take(desk.session, sent.list, rows, by=desk.person, now=desk.now, lost=lost)
        return {"added": done.added, "changed": done.changed, "same": done.same, "left": done.left}

    return once.do(who, sent, ReadersTaken, act)


@router.post("/allow")
def allow_address(sent: Refused, who: Administers, once: Onced) -> Allowed:
    """Mail an address again that is suppressed since a mail server said that nobody is there. Whoever has left a list,
    or complained, stays away.
    """

    def act(desk: Desk) -> dict[str, object]:
        allowing.allow(desk.session, sent.address, sent.reason, by=desk.person, now=desk.now)
        return {"allowed": True}

    return once.do(who, sent, Allowed, act)


def _rows(who: Caller, sent: ReadersFile) -> list[SubscriberRow]:
    return subscribers_of(sent.name, sent.csv.encode(), who.house.now(), who.house.zone)
