"""Many posts from a CSV file, as on the page: first what each row would make, then all of them or none."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from campaign.clock import iso
from campaign.intake.posts import read_posts
from campaign.plan.words import TOKEN
from campaign.review import bulk
from campaign.review.bulk import Proposal
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Caller, Queues
from campaign.web.api.once import Onced
from campaign.web.api.problems import SeenOthers
from campaign.web.api.shapes import CsvFile, Fault, SeenCsvFile

router = APIRouter(prefix="/posts/import", tags=["posts"])


class Row(BaseModel):
    """What a row would make. ``there``: it has made the post already."""

    line: int
    state: Literal["new", "there", "wrong"]
    partner: str | None
    channel: str
    due_at: str | None
    text: str | None = Field(description="The words of the post, where the row makes one.")
    post: str | None = Field(description="The post that is there already.")
    faults: list[Fault]


class Previewed(BaseModel):
    """What a file would make."""

    seen: str = Field(description="To be sent with the order to store them.")
    rows: list[Row]


class Imported(BaseModel):
    """The posts that a file made."""

    posts: list[str]
    drafts: int = Field(description="How many of them wait for their partner's yes.")
    there: int = Field(description="Rows whose post was there already.")


def _proposed(who: Caller, sent: CsvFile) -> list[Proposal]:
    house = who.house
    lines = read_posts(sent.name, sent.csv.encode(), house.zone)
    source = house.app.source(placeholders=False)
    with house.app.database.read() as session:
        return bulk.propose(session, source, sent.name, lines, who.person, house.now())


@router.post("/preview")
def preview_import(sent: CsvFile, who: Queues) -> Previewed:
    """Show what each row of a file would make; nothing is stored. Columns: `channel`, `template`, `at`, where needed
    `partner` and `account`, and fields.
    """
    proposals = _proposed(who, sent)
    return Previewed(seen=bulk.digest(proposals), rows=[_row(who, one) for one in proposals])


@router.post("", status_code=201)
def import_posts(sent: SeenCsvFile, who: Queues, once: Onced) -> Imported:
    """Store and submit every post of a file, where its rows would still make what was seen; with one fault, none."""
    proposals = _proposed(who, sent)

    def act(desk: Desk) -> dict[str, object]:
        if bulk.digest(proposals) != sent.seen:
            raise SeenOthers
        made = bulk.store(desk, sent.name, proposals)
        drafts = sum(post.status == "draft" for post in made)
        return {"posts": [str(post.id) for post in made], "drafts": drafts, "there": len(proposals) - len(made)}

    return once.do(who, sent, Imported, act)


def _row(who: Caller, one: Proposal) -> Row:
    return Row(
        line=one.line.line,
        state="wrong" if one.findings else "new" if one.there is None else "there",
        partner=one.partner.key if one.partner else None,
        channel=one.line.channel,
        due_at=iso(one.line.due_at) if one.line.due_at else None,
        text=_text(who, one),
        post=str(one.there) if one.there is not None else None,
        faults=[Fault.of(found) for found in one.findings],
    )


def _text(who: Caller, one: Proposal) -> str | None:
    if one.row is None or one.row.draft is None:
        return None
    return who.house.app.contents.composer.compose(one.line.channel, one.row.draft, TOKEN).text
