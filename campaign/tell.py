"""Telling the people whom something concerns: notices, written beside the move that causes them and mailed later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from campaign.models import notices, partners, users
from campaign.models.notices import Notice
from campaign.models.partners import CONTACT, Partner
from campaign.models.posts import Post
from campaign.models.users import User
from campaign.notices.kinds import WORDINGS, Kind
from campaign.plan.days import spoken_day, spoken_time
from campaign.plan.rows import SINGLE
from campaign.wording import channel

_LONDON = "Europe/London"


@dataclass(frozen=True, slots=True)
class News:
    """What people are told. ``path`` is the page that settles it; ``key`` is told to each of them once for ever."""

    kind: Kind
    subject: str
    body: str
    path: str
    key: str = ""

    @property
    def asks(self) -> bool:
        """Say whether it asks something of whoever gets it."""
        return WORDINGS[self.kind].asks

    def notice(self, to: str, now: datetime) -> Notice:
        """Return the notice to one address."""
        return Notice(
            to=to,
            kind=self.kind,
            subject=self.subject,
            body=self.body,
            path=self.path,
            key=f"{self.key}:{to}" if self.key else None,
            created_at=now,
            next_try_at=now,
        )


def of_post(
    session: Session,
    post: Post,
    kind: Kind,
    said: str,
    now: datetime,
    *,
    more: str = "",
    named: str = "",
    details: str = "",
) -> None:
    """Tell a partner's people of a post: ``said`` is what happened, without a full stop, ``more`` what helps; ``named``
    stands for what the kind is called, ``details`` are for whoever looks after the machine.
    """
    partner, wording = session.get_one(Partner, post.partner_id), WORDINGS[kind]
    place = place_of(session, partner, post)
    subject, path = f"{partner.name}: {named or wording.one}", wording.page.format(post=post.id)
    technical = f"Technical details: {details}\n" if details else ""
    of_partner(session, partner, News(kind, subject, f"{place}: {said}.\n{more}{technical}", path), now)


def place_of(session: Session, partner: Partner, post: Post) -> str:
    """Return how a mail names a post: whose it is, where and when; its slot, where it has one."""
    slot = "" if post.slot == SINGLE else f", {post.slot}"
    return f"{partner.name} on {channel(post.channel)}, {moment(session, post.due_at)}{slot}"


def of_partner(session: Session, partner: Partner, news: News, now: datetime) -> None:
    """Tell each of a partner's people; where there are none, the reviewers and admins."""
    people = addressees(users.officers(session, partner.key), partner, asks=news.asks)
    if people:
        write(session, people, news, now)
    else:
        reviewers(session, news, now)


def addressees(officers: Sequence[User], partner: Partner, *, asks: bool) -> set[str]:
    """Return where news of a partner goes: to its officers who want such, and to its contact address. ``asks``:
    something is asked of whoever gets it.
    """
    return willing(officers, asks=asks) | contact(officers, partner)


def willing(officers: Iterable[User], *, asks: bool) -> set[str]:
    """Return the addresses of the officers who want such."""
    return users.addresses(one for one in officers if one.wants(asks=asks))


def contact(officers: Iterable[User], partner: Partner) -> set[str]:
    """Return the partner's contact address, where it has one; that of an officer is theirs to choose about."""
    found = partner.details.get(CONTACT, "").strip()
    theirs = {address.casefold() for address in users.addresses(officers)}
    return {found} if found and found.casefold() not in theirs else set()


def reviewers(session: Session, news: News, now: datetime, *roles: str) -> None:
    """Tell the reviewers and admins, or those of certain roles, who want such: it concerns no single partner, or nobody
    of it can be reached.
    """
    people = users.in_roles(session, *(roles or ("reviewer", "admin")))
    write(session, users.addresses(one for one in people if one.wants(asks=news.asks)), news, now)


def missed(session: Session, post: Post, why: str, now: datetime) -> None:
    """Tell that a post was not published and wants a new time."""
    said, _, details = why.partition("; ")
    of_post(session, post, Kind.MISSED, f"not published, {said}", now, details=details)


def moment(session: Session, at: datetime) -> str:
    """Return an instant as the campaign's people say it: ``Tuesday 2 December, 9:15am``."""
    found = partners.campaign(session)
    local = at.astimezone(ZoneInfo(found.timezone if found else _LONDON))
    return f"{spoken_day(local.date())}, {spoken_time(local.time())}"


def write(session: Session, people: Iterable[str], news: News, now: datetime) -> int:
    """Write a notice to each address; returns to how many it was new."""
    return sum([notices.write(session, news.notice(to, now)) for to in sorted(people)])
