"""Notices to the people whom a post concerns: written beside the move that causes them, mailed later by upkeep."""

from datetime import datetime

from sqlmodel import Session

from campaign.intake.partners import CONTACT
from campaign.models import users
from campaign.models.partners import Partner
from campaign.models.posts import Post


def officers(session: Session, post: Post, subject: str, body: str, now: datetime) -> None:
    """Write a notice to the partner's officers and its contact address; to the reviewers when it has neither."""
    partner = session.get_one(Partner, post.partner_id)
    addresses = {*users.concerned(session, partner.key), partner.details.get(CONTACT, "")} - {""}
    _write(session, addresses or set(users.reviewers(session)), f"{partner.name}: {subject}", body, now)


def reviewers(session: Session, subject: str, body: str, now: datetime) -> None:
    """Write a notice to the reviewers and admins: it concerns no single partner."""
    _write(session, set(users.reviewers(session)), subject, body, now)


def missed(session: Session, post: Post, why: str, now: datetime) -> None:
    """Tell that a post was not published and wants a new time."""
    body = f"Post {post.id} ({post.slot}, {post.channel}) was not published: {why}.\n"
    body += f"Give it a new time with `campaign posts move {post.id} --at ...`, or withdraw it.\n"
    officers(session, post, "a post was missed", body, now)


def _write(session: Session, addresses: set[str], subject: str, body: str, now: datetime) -> None:
    for address in sorted(addresses):
        session.add(users.Notice(to=address, subject=subject, body=body, created_at=now, next_try_at=now))
