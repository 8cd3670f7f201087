"""A measured campaign for the pages of engagement: four weeks on three channels, gaps and all, and a newsletter."""

from collections.abc import Mapping
from datetime import timedelta

from builders import add_post
from pages_room import Room
from sqlmodel import Session

from campaign.models import partners, readings
from campaign.models.deliveries import Delivery
from campaign.models.mailing import MailingList, Subscriber
from campaign.models.partners import Account
from campaign.models.posts import Attempt, Post
from campaign.models.snapshots import Snapshot
from campaign.models.status import Status

DAY = timedelta(days=1)
DAYS = 28
_KEEN = {"x": 90, "facebook": 140, "linkedin": 170}
_PARTNERS = {"oak": ("Oakfield Academy", "North East"), "elm": ("Elm Valley Council", "")}
_TEMPLATES = ("post-1", "post-2", "question", "event")


def measure(room: Room) -> dict[str, int]:
    """Store it; returns some posts by name."""
    found: dict[str, int] = {}
    with room.office.database.write() as session:
        for key, (name, region) in _PARTNERS.items():
            partner = partners.partner_by_key(session, key)
            assert partner is not None
            partner.name, partner.region = name, region
            session.add(partner)
            for channel in _KEEN:
                account = _account(session, partner.ident, key, channel)
                for number, template in enumerate(_TEMPLATES):
                    post = _post(session, room, account, number, template)
                    _read(session, room, post, number)
                    found["measured"] = post.ident
        session.flush()
        found["mailed"] = _issue(session, room)
    return found


def _account(session: Session, partner_id: int, key: str, channel: str) -> Account:
    account = Account(partner_id=partner_id, channel=channel, handle=f"@{key}", external_id=f"m-{key}")
    return partners.add_account(session, account)


def _post(session: Session, room: Room, account: Account, number: int, template: str) -> Post:
    at = room.office.clock.now() - (DAYS - 4 * number) * DAY + timedelta(hours=number)
    facts: Mapping[str, object] = {
        "published_at": at,
        "template": template,
        "slot": f"{template} in week {number + 1}",
        "external_id": f"m{account.id}-{number}",
        "url": f"https://example.org/{account.id}/{number}",
    }
    post = add_post(session, account, at, status=Status.PUBLISHED, changes=facts)
    session.add(
        Attempt(
            post_id=post.ident,
            number=1,
            owner="host:1:abc",
            content_hash=post.content_hash,
            started_at=at,
            lease_until=at,
            closed_at=at + timedelta(seconds=2),
            outcome="posted",
            detail="took it",
        )
    )
    return post


def _read(session: Session, room: Room, post: Post, number: int) -> None:
    assert post.published_at is not None
    day, rows = 1, list[Snapshot]()
    while (at := post.published_at + day * DAY) < room.office.clock.now():
        gap = "the platform did not answer" if post.channel == "x" and _is_dark(room, at) else None
        keen = _KEEN[post.channel] + 15 * number
        impressions = keen * day * 40 // (day + 8)
        facts: dict[str, object] = {
            "post_id": post.ident,
            "partner_id": post.partner_id,
            "reading": ("24h" if day == 1 else f"{day}d"),
            "due_at": at,
            "taken_at": at,
            "gap": gap,
        }
        if gap is None:
            facts |= {"impressions": impressions, "reactions": impressions // 30, "comments": impressions // 200}
            facts |= {"shares": impressions // 90, "clicks": impressions // 25 if post.channel == "x" else None}
            facts["reach"] = impressions * 3 // 4 if post.channel != "x" else None
        rows.append(Snapshot.model_validate(facts))
        day += 1
    readings.store(session, post, rows)


def _is_dark(room: Room, at: object) -> bool:
    assert hasattr(at, "date")
    ago = (room.office.clock.now().date() - at.date()).days
    return ago in {9, 10, 11}


def _issue(session: Session, room: Room) -> int:
    now = room.office.clock.now()
    oak = partners.partner_by_key(session, "oak")
    assert oak is not None
    readers = MailingList(key="families")
    session.add(readers)
    session.flush()
    account = Account(partner_id=oak.ident, channel="email", handle="Families", external_id="families")
    partners.add_account(session, account)
    facts = {"published_at": now - 2 * DAY, "template": "newsletter", "slot": "newsletter"}
    post = add_post(session, account, now - 2 * DAY, status=Status.PUBLISHED, changes=facts)
    for number in range(40):
        left = now - DAY if number in {3, 4} else None
        reader = Subscriber(
            list_id=readers.ident,
            email=f"r{number}@example.org",
            consent_source="form",
            consent_at=now - 9 * DAY,
            token=f"reader{number}",
            unsubscribed_at=left,
        )
        session.add(reader)
        session.flush()
        status = "bounced" if number in {7, 8, 9} else "suppressed" if number == 11 else "sent"
        session.add(
            Delivery(
                post_id=post.ident,
                subscriber_id=reader.id,
                email=reader.email,
                token=reader.token,
                status=status,
                next_try_at=now - 2 * DAY,
                settled_at=now - 2 * DAY,
            )
        )
    session.flush()
    return post.ident
