"""Rows for tests, made as the program makes them."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from campaign.app import App
from campaign.models import Database, partners
from campaign.models.notices import Notice
from campaign.models.partners import Account, Agreement, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.plan.twins import text_key
from campaign.ports import Draft, Message
from campaign.review.content import Contents, content_hash, draft_to_json, media_key

_numbers = itertools.count(1)


class PlainComposer:
    """Composes as a channel without cards does."""

    def compose(self, channel: str, draft: Draft, _token: str) -> Message:
        return Message(channel=channel, text=draft.words, link=draft.link, media=draft.media, share_of=draft.share_of)


CONTENTS = Contents(PlainComposer(), Path("media"))


def add_account(
    session: Session, now: datetime, *, channel: str = "x", mode: str = "api", agrees: bool = True
) -> Account:
    """Store a partner with one account and its lane, and the partner's standing yes."""
    number = next(_numbers)
    partner = Partner(key=f"p{number}", name=f"Partner {number}", joined_at=now)
    session.add(partner)
    session.flush()
    if agrees:
        session.add(Agreement(partner_id=partner.ident, given_by=partner.key, given_at=now))
    account = Account(
        partner_id=partner.ident, channel=channel, handle=f"@p{number}", external_id=str(number), mode=mode
    )
    return partners.add_account(session, account)


def add_post(
    session: Session,
    account: Account,
    due_at: datetime,
    *,
    status: Status = Status.APPROVED,
    words: str | None = None,
    changes: Mapping[str, object] | None = None,
) -> Post:
    """Store a post as approval leaves it."""
    number = next(_numbers)
    draft = Draft(words=words or f"Words {number}")
    message = CONTENTS.composer.compose(account.channel, draft, "")
    digest = content_hash(message, account, due_at, due_at)
    post = Post(
        account_id=account.ident,
        partner_id=account.partner_id,
        channel=account.channel,
        slot=f"slot {number}",
        occurrence="once",
        template="t",
        template_version="1",
        token=f"t{number:07}",
        due_at=due_at,
        window_from=due_at,
        window_until=due_at,
        status=status,
        draft=draft_to_json(draft),
        content_hash=digest,
        approved_hash=digest,
        text_key=text_key(message),
        media_key=media_key(message),
        queued_by="officer",
        next_try_at=due_at,
        created_at=due_at - timedelta(days=1),
    )
    for name, value in (changes or {}).items():
        setattr(post, name, value)
    session.add(post)
    session.flush()
    return post


def seed(database: Database, now: datetime, *, posts: int = 1) -> tuple[int, list[int]]:
    """Store one account with posts due now; returns their ids."""
    with database.write() as session:
        account = add_account(session, now)
        return account.ident, [add_post(session, account, now).ident for _ in range(posts)]


def put_due(app: App, ident: int, due_at: datetime, *, status: Status = Status.APPROVED) -> datetime:
    """Put a queued post where approval leaves it, due at an instant, which is returned."""
    with app.database.write() as session:
        post = session.get_one(Post, ident)
        post.due_at = post.next_try_at = post.window_from = post.window_until = due_at
        account = session.get_one(Account, post.account_id)
        post.content_hash = post.approved_hash = app.contents.digest(post, account)
        post.status = status
        session.add(post)
    return due_at


def status(app: App, ident: int) -> str:
    with app.database.read() as session:
        return str(session.get_one(Post, ident).status)


def unsent(session: Session) -> list[Notice]:
    """What waits to be mailed, oldest first."""
    return list(session.exec(select(Notice).where(col(Notice.sent_at).is_(None)).order_by(col(Notice.id))))
