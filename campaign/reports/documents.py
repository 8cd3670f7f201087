"""Posts as the command line's JSON and the API show them: ids as text, times ISO 8601 with Z, what is unknown null."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from campaign.clock import iso

if TYPE_CHECKING:
    from sqlmodel import Session

    from campaign.dispatch.by_hand import HandOver
    from campaign.models.holds import Hold
    from campaign.models.listing import PostRow
    from campaign.models.partners import Account, Partner
    from campaign.ports import Message


def row_document(row: "PostRow") -> dict[str, object]:
    """Return a post as the listings show it."""
    post = row.post
    return {
        "id": str(post.id),
        "partner": row.partner.key,
        "channel": post.channel,
        "account": row.account.handle,
        "template": post.template,
        "slot": post.slot,
        "occurrence": post.occurrence,
        "due_at": iso(post.due_at),
        "status": str(post.status),
        "content_hash": post.content_hash,
        "external_id": post.external_id,
        "url": post.url,
        "published_at": iso(post.published_at) if post.published_at else None,
        "needs_person": post.needs_person,
    }


def message_document(message: "Message") -> dict[str, object]:
    """Return exactly what goes out, as `posts preview` shows it."""
    document: dict[str, object] = {
        "channel": message.channel,
        "text": message.text,
        "link": message.link,
        "link_title": message.link_title,
        "media": [{"file": item.path.name, "digest": item.digest, "alt": item.alt} for item in message.media],
        "share_of": message.share_of,
    }
    if message.html is not None:
        document |= {
            "subject": message.subject,
            "preheader": message.preheader,
            "html": message.html,
            "plain": message.text,
        }
    if (envelope := message.envelope) is not None:
        document |= {
            "sender": envelope.sender,
            "reply_to": envelope.reply_to,
            "partner": envelope.partner,
            "unsubscribe": f"{envelope.public_url}/u/...",
        }
    return document


def hand_document(row: "PostRow", ready: "HandOver", held: Sequence["Hold"]) -> dict[str, object]:
    """Return a post ready to copy, as `hand show` shows it; ``held`` are the holds over it."""
    message = ready.message
    document: dict[str, object] = (
        {"id": str(row.post.id), "held": held_for(held)} | message_document(message) | {"text": ready.words}
    )
    if message.share_of is not None:
        document |= {
            "share_of": row.post.draft["share_of"],
            "share_partner": ready.original.partner if ready.original else None,
            "share_url": ready.original.url if ready.original else None,
            "link": None,
        }
    return document | {"compose_url": ready.page}


def held_for(held: Sequence["Hold"]) -> str | None:
    """Return why a post is on hold; None where it is not."""
    return "; ".join(hold.reason for hold in held) or None


def partner_document(session: "Session", row: "Partner") -> dict[str, object]:
    """Return a partner as the listings show it."""
    from campaign.models.partners import agreements  # noqa: PLC0415 - commands that read no partner load no tables

    return {
        "partner": row.key,
        "name": row.name,
        "kind": row.kind,
        "region": row.region,
        "approver": row.approver,
        "agreed": bool(agreements(session, row.ident)),
        "details": row.details,
    }


def account_document(account: "Account", partner: "Partner") -> dict[str, object]:
    """Return an account as the listings show it."""
    return {
        "id": str(account.id),
        "partner": partner.key,
        "channel": account.channel,
        "handle": account.handle,
        "external_id": account.external_id,
        "mode": account.mode,
        "credentials": account.sealed is not None,
        "can_find": account.can_find,
        "stopped": account.stopped_why,
        "stopped_until": iso(account.stopped_until) if account.stopped_until else None,
        "disabled": account.disabled_why,
    }
