"""What a person needs to publish a post by hand: words, link, images, and the platform's page with all that in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session

from campaign.errors import MoveRefused, WrongUse
from campaign.identities import public
from campaign.models import listing, sharing
from campaign.models.listing import PostRow
from campaign.models.posts import Post
from campaign.models.sharing import Original
from campaign.models.status import Move, Status
from campaign.people import Right
from campaign.ports import ByHand, Channel, Message, Pastes
from campaign.review.addressed import check_address, id_at, stranger
from campaign.review.decisions import Desk

WITHOUT_ID = (
    "Its address holds no id by which the platform's API knows it for this account: its figures are not read, and "
    "nobody can share it."
)

_PAGE_MAX = 2000
"""Characters of an address that every browser and mail program takes."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A post ready to copy. ``message`` is what a person pastes; of a share it holds the id (empty: nobody knows it)
    and the address of what is shared. ``original`` is None of a post with words of its own, and of a share whose post
    is not published yet.
    """

    message: Message
    original: Original | None
    page: str | None
    """The platform's compose or share page, None where it has none or its address would be too long."""

    @property
    def waits(self) -> bool:
        """Say whether the post that is to be shared is not there yet."""
        return self.message.share_of is not None and self.original is None

    @property
    def words(self) -> str:
        """What the person puts there, or what they share."""
        if self.message.share_of is None:
            return self.message.text
        if self.original is None:
            slot, _, partner = self.message.share_of.rpartition("@")
            return f"Share the post {slot} of {partner}: it is not published yet"
        where = self.original.url or f"{self.original.slot}, in its own feed"
        return f"Share this post of {self.original.partner}: {where}"


def ready(session: Session, channels: Mapping[str, Channel], row: PostRow, message: Message) -> HandOver:
    """Return the post as a person is to publish it; what a share passes on is looked up."""
    found = sharing.original(session, message.share_of, row.post.channel) if message.share_of else None
    if found is not None:
        message = replace(message, share_of=found.external_id or "", link=found.url)
    channel = channels[row.post.channel]
    known = message.share_of is None or found is not None
    page = channel.compose_url(public(row.account, row.partner), message) if isinstance(channel, ByHand) else None
    if isinstance(channel, Pastes):
        message = channel.to_paste(message)
    return HandOver(message, found, page if known and page and len(page) <= _PAGE_MAX else None)


def refuse_unasked(session: Session, post: Post) -> None:
    """Refuse a post that no person was asked to publish, and one that is known to stand. Raises MoveRefused."""
    if post.status != Status.BY_HAND and not listing.handed_in_vain(session, post):
        mend = "Only what was handed to a person can be."
        raise MoveRefused(post=post.id, status=post.status, move=Move.DONE, mend=mend)


def record(desk: Desk, channels: Mapping[str, Channel], row: PostRow, url: str) -> str | None:
    """Record where a post stands that a person published; what they published counts, wherever they say it stands, and
    however late they say so.

    Returns why its id could not be kept, None when it was. Raises NotAllowed, WrongUse for what is no address,
    MoveRefused as ``refuse_unasked`` does.
    """
    check_address(url)
    desk.demand(Right.SETTLE, row)
    refuse_unasked(desk.session, row.post)
    found, why = _id_at(desk.session, channels, row, url)
    changes: dict[str, object] = {"url": url, "external_id": found, "published_at": desk.now}
    desk.move(row.post, Move.DONE, why=f"published by hand: {url}", changes=changes)
    return f"Its id was not kept. {why}" if why else None


def doubt(session: Session, channels: Mapping[str, Channel], row: PostRow, url: str) -> str | None:
    """Return why the address does not look like a post's of this account; None where it does. Raises WrongUse for what
    is no address.
    """
    check_address(url)
    return _id_at(session, channels, row, url)[1] or stranger(channels[row.post.channel], row, url)


def _id_at(session: Session, channels: Mapping[str, Channel], row: PostRow, url: str) -> tuple[str | None, str | None]:
    """Return the id that the address holds, and otherwise why there is none."""
    try:
        found = id_at(session, channels[row.post.channel], row, url)
    except WrongUse as error:
        return None, f"{error.facts['problem']}."
    return (found, None) if found else (None, WITHOUT_ID)
