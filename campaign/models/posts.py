"""Posts, the attempts to publish them, and the events of their lives."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Index, Text, UniqueConstraint, literal_column, text
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.status import UNSETTLED, Status
from campaign.models.types import Numbered, UtcDateTime

_APPROVED = text("status = 'approved'")
_PUBLISHING = text("status = 'publishing'")
_UNCONFIRMED = text("status = 'unconfirmed'")
_RETRACTING = text("status = 'retracting'")
_WAITS_FOR_REVIEW = text("status = 'in_review'")
_OPEN = text("closed_at IS NULL")
_PUBLISHED = text("published_at IS NOT NULL")
DETAIL_MAX = 2000
"""So many characters are kept of what came of an attempt."""
_GROUP = ("template", "template_version", "channel", "due_at", "id", "partner_id")
_WRITTEN = text("status = 'in_review' AND CAST(fields AS TEXT) <> '{}'")
_WAS_APPROVED = text("approved_hash IS NOT NULL")
_READING = text("next_reading_at IS NOT NULL")


class Post(Numbered, table=True):
    """One filled template for one account at one due time; on an email account it is a newsletter issue.

    ``due_at`` is the promise, ``next_try_at`` is what dispatch moves. ``draft`` holds the filled words as JSON
    (``ports.Draft``); ``content_hash`` digests all that will go out; approval copies it to ``approved_hash``.
    ``version`` counts the changes of content. ``edited_by`` changed the words last, ``writers`` changed words, time or
    account since the last approval: somebody else is to approve that. ``text_key`` and ``media_key`` digest the
    normalised words and images: a post equal to an unconfirmed one waits for it. ``moved``: a person gave it its time:
    inside its slot's window it follows the slot, elsewhere a plan leaves it be. ``slot_at`` is the slot's time there as
    of the last plan.
    ``withdrawn_by_plan``: what a plan withdrew, a plan may bring back. ``event`` and ``question`` name what the post is
    about, ``first_slot`` is the name that its slot had first. From ``stale_at`` on its words are no longer true:
    their last day is over, or the event that they announce has begun.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "slot", "occurrence"),
        Index("post_due", "next_try_at", "id", sqlite_where=_APPROVED, postgresql_where=_APPROVED),
        Index("post_of_lane", "account_id", "due_at", "id", sqlite_where=_APPROVED, postgresql_where=_APPROVED),
        Index("post_one_publishing", "account_id", unique=True, sqlite_where=_PUBLISHING, postgresql_where=_PUBLISHING),
        Index("post_in_doubt", "account_id", sqlite_where=_UNCONFIRMED, postgresql_where=_UNCONFIRMED),
        Index("post_look", "next_look_at", sqlite_where=_UNCONFIRMED, postgresql_where=_UNCONFIRMED),
        Index("post_leaving", "next_look_at", sqlite_where=_RETRACTING, postgresql_where=_RETRACTING),
        Index("post_in_review", "due_at", sqlite_where=_WAITS_FOR_REVIEW, postgresql_where=_WAITS_FOR_REVIEW),
        Index("post_reading", "next_reading_at", sqlite_where=_READING, postgresql_where=_READING),
        Index("post_published", "published_at", "channel", sqlite_where=_PUBLISHED, postgresql_where=_PUBLISHED),
        Index("post_status_due", "status", "due_at"),
        Index("post_by_due", "due_at", "id"),
        Index("post_of_partner", "partner_id", "due_at", "id"),
        Index("post_of_partner_in", "partner_id", "status", "due_at", "id"),
        Index("post_of_channel", "channel", "status", "due_at", "id"),
        Index("post_of_slot", "slot", "status", "due_at", "id"),
        Index("post_of_template", "template"),
        Index("post_says", "text_key", "channel"),
        Index("post_template_of", "account_id", "template", "due_at"),
        Index("post_on_day", "due_at", "slot", "channel", "status", "id"),
        Index("post_group", *_GROUP, sqlite_where=_WAITS_FOR_REVIEW, postgresql_where=_WAITS_FOR_REVIEW),
        Index("post_written", "status", *_GROUP[:5], sqlite_where=_WRITTEN, postgresql_where=_WRITTEN),
        Index("post_was_approved", "due_at", sqlite_where=_WAS_APPROVED, postgresql_where=_WAS_APPROVED),
        Index("post_out", "partner_id", "published_at", sqlite_where=_PUBLISHED, postgresql_where=_PUBLISHED),
        Index("post_external", "account_id", "external_id"),
    )

    account_id: int = Field(foreign_key="account.id")
    partner_id: int = Field(foreign_key="partner.id", index=True)
    channel: str
    slot: str
    occurrence: str
    event: str | None = None
    question: str | None = None
    first_slot: str | None = None
    template: str
    template_version: str
    token: str = Field(unique=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
    window_from: datetime = Field(sa_type=UtcDateTime)
    window_until: datetime = Field(sa_type=UtcDateTime)
    slot_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stale_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: Status = Field(default=Status.DRAFT, sa_column=Column(Text, nullable=False))
    draft: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    fields: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    content_hash: str
    approved_hash: str | None = None
    text_key: str
    media_key: str | None = None
    version: int = 1
    queued_by: str
    edited_by: str | None = None
    writers: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    comment: str | None = None
    moved: bool = False
    withdrawn_by_plan: bool = False
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = 0
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_look_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    looks: int = 0
    good_reads: int = 0
    first_read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    needs_person: str | None = None
    external_id: str | None = None
    url: str | None = None
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_reading_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    readings: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def counts_clicks(self) -> bool:
        """Say whether the links of this issue lead through the campaign's own address and are counted."""
        return bool((self.draft.get("envelope") or {}).get("counts_clicks"))


def stands(status: Status, post: type[Post] = Post) -> ColumnElement[bool]:
    """Return the condition that a post stands in ``status``.

    The status is written out: a partial index serves no statement whose plan is made before its value is known.
    """
    return col(post.status) == literal_column(f"'{status.value}'")


def unsettled() -> ColumnElement[bool]:
    """Return the condition that the platform, or a person, is still asked about a post."""
    return col(Post.status).in_([status.value for status in UNSETTLED])


class Attempt(SQLModel, table=True):
    """One try to publish: committed before the first byte goes out, closed with its outcome after.

    ``share_of`` is the platform's id of the post that it passes on.
    """

    __table_args__ = (
        UniqueConstraint("post_id", "number"),
        Index("attempt_open", "lease_until", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id")
    number: int
    owner: str
    content_hash: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime = Field(sa_type=UtcDateTime)
    media_ids: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    share_of: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    detail: str | None = None


class Event(SQLModel, table=True):
    """One move of a post: who, when, from, to and why. Append-only."""

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    who: str
    move: str
    from_status: str
    to_status: str
    why: str


class Approval(SQLModel, table=True):
    """One person's yes to one content: where a partner and DfE must both approve, there are two."""

    __table_args__ = (UniqueConstraint("post_id", "content_hash", "side"),)

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id", index=True)
    content_hash: str
    side: str
    who: str
    at: datetime = Field(sa_type=UtcDateTime)


class TemplateVersion(SQLModel, table=True):
    """A template as it was when posts were filled from it, by the digest of its source."""

    __table_args__ = (UniqueConstraint("name", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: str
    digest: str
    source: str
    seen_at: datetime = Field(sa_type=UtcDateTime)


def has_template(session: Session, name: str, digest: str) -> bool:
    """Say whether this version of a template is kept already."""
    wanted = select(TemplateVersion.id).where(TemplateVersion.name == name, TemplateVersion.digest == digest)
    return session.exec(wanted).first() is not None
