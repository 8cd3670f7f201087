"""A group of the review as an address names it, and who reads what waits."""

from typing import Annotated

from fastapi import Depends, Query
from sqlmodel import Session

from campaign.app import App
from campaign.models.groups import GroupKey
from campaign.models.listing import PostRow
from campaign.review import findings
from campaign.review.grouping import Reader
from campaign.web.subjects import copy_of

_Part = Annotated[str, Query(max_length=200)]


def _key(template: _Part = "", version: _Part = "", channel: _Part = "") -> GroupKey:
    return GroupKey(template, version, channel)


Key = Annotated[GroupKey, Depends(_key)]


def refuse_unread(app: App, session: Session, row: PostRow) -> None:
    """Refuse an approval, right after it, of a post with a check that nobody says they have read. Raises Unread."""
    findings.refuse_unread(session, row, app.contents, app.limits, copy_of(app), app.clock.now())


def reader(app: App, partner_keys: tuple[str, ...]) -> Reader:
    """Return who reads what waits of these partners; none stands for all."""
    return Reader(app.contents, app.limits, copy_of(app), partner_keys)
