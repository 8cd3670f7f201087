"""Whom a correction goes to: exactly those who got the issue that it corrects, named by that issue and not by its list.

The audience is a text like any other list's key, so that review shows it and the content hash binds it.
"""

import re
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import deliveries
from campaign.models.deliveries import Delivery, DeliveryStatus
from campaign.models.mailing import Subscriber

_AUDIENCE = re.compile(r"(?P<list>.+), those who got issue (?P<issue>[0-9]{1,10})", re.DOTALL)


def audience(list_key: str, issue_id: int) -> str:
    """Return the audience of a correction of an issue that went to this list."""
    return f"{list_of(list_key)}, those who got issue {issue_id}"


def issue_of(text: str) -> int | None:
    """Return the issue that an audience names, None where it is a list."""
    found = _AUDIENCE.fullmatch(text)
    return int(found["issue"]) if found else None


def list_of(text: str) -> str:
    """Return the list of an audience: that of the issue that is corrected."""
    found = _AUDIENCE.fullmatch(text)
    return found["list"] if found else text


def recipients(session: Session, issue_id: int) -> int:
    """Return how many have an issue: those whose mail server took it."""
    return deliveries.count(session, issue_id).get(DeliveryStatus.SENT, 0)


def freeze(session: Session, post_id: int, issue_id: int, at: datetime) -> int:
    """Write a delivery of ``post_id`` for everybody whose copy of the issue was taken and who has not left the list
    since; returns how many. What was suppressed since is seen at each send, as with any issue.
    """
    left = sa.exists(
        sa.select(sa.literal(1)).where(
            col(Subscriber.id) == col(Delivery.subscriber_id), col(Subscriber.unsubscribed_at).is_not(None)
        )
    )
    people = sa.select(*(getattr(Delivery, name) for name in ("subscriber_id", "email", "name", "details", "token")))
    having = people.where(col(Delivery.post_id) == issue_id, col(Delivery.status) == DeliveryStatus.SENT, ~left)
    return deliveries.write(session, post_id, having.order_by(col(Delivery.id)), at)
