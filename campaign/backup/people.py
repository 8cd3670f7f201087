"""What becomes of people when a database is put back: the copy lets nobody in who was sent away since, and gives nobody
back a role that they lost. What else has fallen back is named, as far as the database that stood there before tells.
"""

from collections.abc import Mapping
from itertools import groupby

from sqlmodel import Session

from campaign.models import restoring, users
from campaign.models.replaced import Standing
from campaign.models.users import User

_LESS_TO_MORE = ("officer", "reviewer", "admin")


def keep_out(session: Session, before: Mapping[str, Standing], *, but: User) -> list[str]:
    """Carry over who was sent away, and who has a lesser role or another partner, and let no open invitation serve.
    Whoever restores stays as the copy has them, so that somebody can. Returns the names.
    """
    restoring.drop_tickets(session)
    kept = list[str]()
    for person in users.users(session):
        was = before.get(person.name)
        if was is None or person.name == but.name or not _carry(person, was):
            continue
        session.add(person)
        kept.append(person.name)
    session.flush()
    return kept


def _carry(person: User, was: Standing) -> bool:
    """Give a person what they may not be without; says whether anything changed."""
    before = (person.active, person.role, person.partner_key)
    person.active = person.active and was.active
    if _LESS_TO_MORE.index(was.role) <= _LESS_TO_MORE.index(person.role):
        person.role, person.partner_key = was.role, was.partner_key
    return before != (person.active, person.role, person.partner_key)


def fallen_back(before: Mapping[str, Standing], after: Mapping[str, Standing]) -> list[str]:
    """Return who has anything of old again, each with what it is: ``rita (password, recovery code)``."""
    found = {name: _of_old(before[name], now) for name, now in after.items() if name in before}
    return [f"{name} ({', '.join(what)})" for name, what in found.items() if what]


def _of_old(was: Standing, now: Standing) -> list[str]:
    found = ["access"] if now.active and not was.active else []
    if (was.role, was.partner_key) != (now.role, now.partner_key):
        found.append(f"{_place(now)} where they were {_place(was)}")
    return [*found, *(kind for kind, _ in groupby(sorted(now.ways - was.ways), lambda way: way[0]))]


def _place(one: Standing) -> str:
    return f"{one.role} of {one.partner_key}" if one.partner_key else one.role
