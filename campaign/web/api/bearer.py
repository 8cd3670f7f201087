"""Who calls: the token in the Authorization header, its person, and what both together may do."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from campaign.config.faults import nearest
from campaign.errors import TurnedAway, UnknownName
from campaign.models import partners, tokens
from campaign.models.listing import PostRow
from campaign.models.partners import Partner
from campaign.models.tokens import ApiToken
from campaign.models.users import User
from campaign.people import bearers
from campaign.people.bearers import Scope
from campaign.review.decisions import Desk
from campaign.web.house import House
from campaign.web.rates import network_of
from campaign.web.refusals import came_from
from campaign.web.visitor import own_partners, post_for

_SEEN_EVERY = timedelta(minutes=1)

scheme = HTTPBearer(auto_error=False, description="A token made on the account page or by `campaign tokens add`.")


class NoToken(TurnedAway):
    """Send a token that serves."""

    status, code, noted = 401, "no-token", "no token that serves"

    @property
    def headers(self) -> dict[str, str]:
        """Return what kind of token is asked for."""
        return {"WWW-Authenticate": "Bearer"}


class OutOfScope(TurnedAway):
    """The token has not the scope for this."""

    status, code, noted = 403, "out-of-scope", "out of scope"


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that acts for a person."""

    house: House
    token: ApiToken
    person: User

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners whose posts the person sees, as a filter has them: nothing stands for all."""
        return own_partners(self.person)

    def demand(self, scope: Scope) -> None:
        """Refuse what the token has no scope for. Raises OutOfScope."""
        if scope.value not in self.token.scopes:
            raise OutOfScope(mend=f"Make a token with the scope {scope.value}.")

    def post(self, session: Session, ident: int) -> PostRow:
        """Return a post; another partner's is not there for an officer. Raises UnknownName."""
        return post_for(session, self.person, str(ident))

    def partner(self, session: Session, key: str) -> Partner:
        """Return a partner; another one is not there for an officer. Raises UnknownName."""
        found = partners.partner_by_key(session, key)
        if found is None or (self.partners and key not in self.partners):
            raise UnknownName(kind="partner", name=key, mend="The list of partners names those that there are.")
        return found

    def only(self, session: Session, *named: str) -> tuple[str, ...]:
        """Return the partners that are asked about, as a filter has them; another one is not there for an officer.

        Raises:
            UnknownName: one is not there; a like one is named, where the person sees it.

        """
        known = (self.partners or [key for key, _ in partners.names(session)]) if named else ()
        for key in named:
            if key not in known:
                # They are too many to list.
                near = get_close_matches(key, known, n=1)
                mend = f"Did you mean {near[0]!r}?" if near else "The list of partners names those that there are."
                raise UnknownName(kind="partner", name=key, mend=mend)
        return self.partners or named

    def channels(self, *named: str) -> tuple[str, ...]:
        """Return the channels that are asked about. Raises UnknownName; one that is misspelt would have no posts."""
        for name in named:
            if name not in self.house.app.channels:
                raise UnknownName(kind="channel", name=name, mend=nearest(name, self.house.app.channels))
        return named

    def desk(self) -> AbstractContextManager[Desk]:
        """Open one transaction of the person's decisions."""
        return self.house.desk(self.person)


def caller(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(scheme)]) -> Caller:
    """Return who calls. Raises NoToken, TooMany."""
    house: House = request.app.state.house
    now = house.now()
    with house.app.database.read() as session:
        found = bearers.look(session, sent.credentials, now) if sent is not None else None
    if found is None:
        house.rates.spend("api-door", network_of(came_from(request)))
        raise NoToken
    token, person = found
    house.rates.spend("api", str(token.id))
    if token.used_at is None or now - token.used_at >= _SEEN_EVERY:
        with house.app.database.write() as session:
            tokens.note_use(session, token.ident, now)
    acts = request.state.caller = Caller(house, token, person)
    return acts


def _within(scope: Scope) -> Callable[[Caller], Caller]:
    def admitted(found: Annotated[Caller, Depends(caller)]) -> Caller:
        found.demand(scope)
        return found

    return admitted


Reads = Annotated[Caller, Depends(_within(Scope.READ))]
Queues = Annotated[Caller, Depends(_within(Scope.QUEUE))]
Reviews = Annotated[Caller, Depends(_within(Scope.REVIEW))]
Holds = Annotated[Caller, Depends(_within(Scope.HOLD))]
Settles = Annotated[Caller, Depends(_within(Scope.SETTLE))]
Agrees = Annotated[Caller, Depends(_within(Scope.AGREE))]
Connects = Annotated[Caller, Depends(_within(Scope.CONNECT))]
Owns = Annotated[Caller, Depends(_within(Scope.ACCOUNT))]
Retracts = Annotated[Caller, Depends(_within(Scope.RETRACT))]
Administers = Annotated[Caller, Depends(_within(Scope.ADMINISTER))]
