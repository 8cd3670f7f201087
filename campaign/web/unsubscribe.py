"""/u/<token>: the public address in every newsletter at which a reader leaves its list (RFC 8058), and beside it the
page on which they see and leave every list of that newsletter's partner.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from fastapi.responses import Response
from sqlmodel import Session

from campaign.models import audiences, mailing
from campaign.models.mailing import Subscriber
from campaign.web.area import Area, Open
from campaign.web.forms import WRONG, Posted, Sent
from campaign.web.visitor import Anyone

area = Area()


@area.get("/u/{token}", Open.MACHINES, head=True)
def ask(token: str, who: Anyone) -> Response:
    """Ask for a confirmation. A GET never unsubscribes: mail scanners fetch every link."""
    who.house.rates.spend("link", who.address)
    with who.reading() as session:
        found = _reader(session, token)
        facts = _facts(session, found) if found else None
    return _of_one(who, "ask", facts, token) if facts else _unknown(who)


@area.post("/u/{token}", Open.MACHINES)
def leave(token: str, who: Anyone) -> Response:
    """Take the reader off the list: one click, no cookie, no sign-in, no redirect (RFC 8058 §3.1)."""
    who.house.rates.spend("link", who.address)
    with who.house.app.database.write() as session:
        found = mailing.unsubscribe(session, token, who.house.now()) if _is_token(token) else None
        facts = _facts(session, found) if found else None
    if "text/html" not in who.request.headers.get("accept", ""):
        return Response(status_code=200 if facts else 404)
    return _of_one(who, "left", facts, token) if facts else _unknown(who)


@area.get("/u/{token}/lists", Open.MACHINES, head=True)
def lists(token: str, who: Anyone) -> Response:
    """Show the reader on which of the partner's lists they are; it changes nothing."""
    who.house.rates.spend("link", who.address)
    with who.reading() as session:
        found = _reader(session, token)
        return _lists(who, session, found, token) if found else _unknown(who)


@area.post("/u/{token}/lists", Open.MACHINES)
def leave_lists(token: str, who: Anyone, sent: Sent) -> Response:
    """Take the reader off the lists that they ticked, or off all."""
    who.house.rates.spend("link", who.address)
    with who.house.app.database.write() as session:
        found = _reader(session, token)
        if found is None:
            return _unknown(who)
        chosen = [(key, row) for key, row in audiences.standing(session, found) if _wants_off(sent, key)]
        for _, row in chosen:
            mailing.unsubscribe(session, row.token, who.house.now())
        session.flush()
        return _lists(who, session, found, token, [key for key, _ in chosen], chose=bool(chosen))


class _Facts(NamedTuple):
    """Who mails a reader's list, its key, and the partner's others on which they stand."""

    names: list[str]
    key: str
    others: list[str]


def _facts(session: Session, reader: Subscriber) -> _Facts:
    others = [key for key, row in audiences.standing(session, reader) if row.list_id != reader.list_id]
    return _Facts(mailing.speakers(session, reader.list_id), mailing.key_of(session, reader.list_id), others)


def _of_one(who: Anyone, name: str, facts: _Facts, token: str) -> Response:
    """Return a page about the reader's own list. It is made when they have left: no fault of it brings them back."""
    return _page(who, name, facts.names, token=token, list=facts.key, others=facts.others)


def _wants_off(sent: Posted, key: str) -> bool:
    return sent.one("leave") == "all" or key in sent.many("list")


def _lists(
    who: Anyone, session: Session, reader: Subscriber, token: str, gone: Sequence[str] = (), *, chose: bool = True
) -> Response:
    """Return the page with the lists that are left; ``gone``: those that the reader has just left."""
    standing = [key for key, _ in audiences.standing(session, reader)]
    names = mailing.speakers(session, reader.list_id)
    error = "" if chose or not standing else "Choose the newsletters that you want no more"
    return _page(
        who, "lists", names, status=WRONG if error else 200, token=token, standing=standing, gone=gone, error=error
    )


def _reader(session: Session, token: str) -> Subscriber | None:
    return mailing.subscriber_by_token(session, token) if _is_token(token) else None


def _is_token(text: str) -> bool:
    """Say whether this could be a token of ours; PostgreSQL answers some other texts (a NUL) with an error."""
    return re.fullmatch(r"[\w.-]{1,200}", text, re.ASCII) is not None


def _page(who: Anyone, name: str, names: list[str], status: int = 200, **more: object) -> Response:
    """Return a page; ``names`` are those of the partners whose newsletter it is about."""
    return who.page(f"unsubscribe/{name}.html", status=status, whose=" and ".join(names), **more)


def _unknown(who: Anyone) -> Response:
    return who.page("unsubscribe/unknown.html", status=404)
