"""What becomes of posts outside the program: published by hand, settled by a person's word, taken down."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from campaign.dispatch import by_hand, word
from campaign.errors import WrongUse
from campaign.models import holds
from campaign.models.listing import PostRow
from campaign.people import Right, demand
from campaign.reports.documents import hand_document, row_document
from campaign.review import taking_down
from campaign.review.decisions import Desk
from campaign.review.foresight import over
from campaign.web.api.bearer import Caller, Reads, Retracts, Settles
from campaign.web.api.once import Once, Onced
from campaign.web.api.posts import decided
from campaign.web.api.problems import SeenOthers
from campaign.web.api.shapes import Address, Digest, Name, PostId, PostOut, PostPreview, Reason, Sent, Size, Why
from campaign.web.forms import seen

_SURE = "Check the address, or send `sure`."

router = APIRouter()


class Settled(Sent):
    """What a person saw of a post that nobody could confirm, or that was to be taken down."""

    url: Address | None = Field(description="Where the post stands; null: it is not there.")
    sure: bool = Field(default=True, description="False: an address that names another account is refused.")


class Done(Sent):
    """Where a post stands that was published by hand."""

    url: Address
    sure: bool = Field(default=True, description="False: an address that looks like none of its account is refused.")


class SlotRemoval(Sent):
    """Every post of a slot that is out, as it was shown, is to be taken down."""

    slot: Name
    seen: Digest = Field(description="`seen` of what was shown: where others are published by now, nothing is done.")
    reason: Reason


class PostPlaced(PostOut):
    """A post that a person spoke for."""

    note: str | None = Field(description="Why its figures cannot be read where it stands; null where they can.")


class ByHand(PostPreview):
    """A post ready to be published by hand. Of a share, `text` says what to share."""

    id: str
    held: str | None = Field(description="Why it is on hold and must not be published yet; null: it is not.")
    compose_url: str | None = Field(description="The platform's own page with the post in it; null: it has none.")


_ONCE_FOUND = "How many posts are on their way or in doubt: each is taken down once it is found."
_HANDED = "How many posts wait to be recorded by a person, who alone can take them down; they are counted up to 200."


class Leaving(BaseModel):
    """What a slot has published, or may have, at most 200 posts of either at a time."""

    slot: str
    posts: int = Field(description="How many are published.")
    once_found: int = Field(description=_ONCE_FOUND)
    handed: int = Field(description=_HANDED)
    more: bool = Field(description="Whether the slot has still others published.")
    seen: str = Field(description="To be sent with the order to take them down.")
    items: list[PostOut] = Field(description="The first of them; `GET /posts` lists all.")


class Left(BaseModel):
    """How many posts are to be taken down."""

    slot: str
    posts: int = Field(description="How many are taken down at once.")
    once_found: int = Field(description=_ONCE_FOUND)
    more: bool = Field(description="Whether the slot has still others published: ask again, and order those.")


@router.get("/posts/{ident}/hand", tags=["posts"])
def show_by_hand(ident: PostId, who: Reads) -> ByHand:
    """Show a post that was handed to a person, ready to copy; of a missed one it may stand there already."""
    app = who.house.app
    with app.database.read() as session:
        demand(who.person, Right.SETTLE)
        row = who.post(session, ident)
        by_hand.refuse_unasked(session, row.post)
        ready = by_hand.ready(session, app.channels, row, app.contents.message(row.post))
        held = over(holds.active(session), row)
    return ByHand.model_validate(hand_document(row, ready, held))


@router.post("/posts/{ident}/hand", tags=["posts"])
def done_by_hand(ident: PostId, sent: Done, who: Settles, once: Onced) -> PostPlaced:
    """Record where a post stands that a person published."""
    channels = who.house.app.channels

    def place(desk: Desk, row: PostRow) -> str | None:
        if not sent.sure and (why := by_hand.doubt(desk.session, channels, row, sent.url)):
            raise WrongUse(field="url", problem=why.removesuffix("."), mend=_SURE)
        return by_hand.record(desk, channels, row, sent.url)

    return _placed(ident, who, once, sent, place)


@router.post("/posts/{ident}/settle", tags=["posts"])
def settle_post(ident: PostId, sent: Settled, who: Settles, once: Onced) -> PostPlaced:
    """Say of an unconfirmed post whether it is there. What is not there goes out again while its time has not passed.

    Of a post that was to be taken down by hand, a `url` says that it stays there, null that it is gone.
    """
    app = who.house.app
    means = app.means()

    def settle(desk: Desk, row: PostRow) -> str | None:
        if sent.url is not None and not sent.sure and (why := word.doubt(row, app.channels, sent.url)):
            raise WrongUse(field="url", problem=why.removesuffix("."), mend=_SURE)
        known = word.settle(desk, row, sent.url, channels=app.channels, means=means)
        return None if known else by_hand.WITHOUT_ID

    return _placed(ident, who, once, sent, settle)


def _placed(
    ident: int, who: Caller, once: Once, sent: Sent, place: Callable[[Desk, PostRow], str | None]
) -> PostPlaced:
    def act(desk: Desk) -> dict[str, object]:
        note = place(desk, who.post(desk.session, ident))
        desk.session.flush()
        return row_document(who.post(desk.session, ident)) | {"note": note}

    return once.do(who, sent, PostPlaced, act)


@router.post("/posts/{ident}/take-down", tags=["posts"])
def take_down_post(ident: PostId, sent: Why, who: Retracts, once: Onced) -> PostOut:
    """Order a published post to be taken down. Where its platform does not allow it, a person is asked.

    A post that is `publishing` or `unconfirmed` stays so for now: it is taken down once it is found.
    """
    return decided(ident, who, once, sent, lambda desk, row: taking_down.take_down(desk, [row], sent.reason))


@router.get("/take-down", tags=["posts"])
def what_would_leave(who: Reads, slot: Annotated[Name, Query()], limit: Size = 50) -> Leaving:
    """Show what of a slot is out, or may be, and would be taken down. Mail that was sent cannot be taken back."""
    with who.house.app.database.read() as session:
        demand(who.person, Right.RETRACT)
        found = taking_down.out_of_slot(session, slot, who.house.app.channels, who.partners)
        items = [PostOut.model_validate(row_document(row)) for row in found.rows(session, limit)]
    counts = {"posts": len(found.published), "once_found": len(found.unsure), "handed": found.handed}
    return Leaving(slot=slot, **counts, more=found.more, seen=seen(found.idents), items=items)


@router.post("/take-down", tags=["posts"])
def take_down_slot(sent: SlotRemoval, who: Retracts, once: Onced) -> Left:
    """Order a slot's posts that are out to be taken down, where they are still those that were shown.

    They are at most 200 at a time: while `more` is true, ask what is left and order that too.
    """

    def act(desk: Desk) -> dict[str, object]:
        found = taking_down.out_of_slot(desk.session, sent.slot, who.house.app.channels, who.partners)
        if seen(found.idents) != sent.seen:
            raise SeenOthers
        now, once_found = taking_down.take_down(desk, found.rows(desk.session), sent.reason)
        return {"slot": sent.slot, "posts": now, "once_found": once_found, "more": found.more}

    return once.do(who, sent, Left, act)
