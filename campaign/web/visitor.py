"""Who asks for a page: a browser with its visit, and once signed in the person with all that a handler needs."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import Depends, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel import Session

from campaign.errors import UnknownName
from campaign.intake.values import ROW_MAX, row_id
from campaign.models import listing, sign_in
from campaign.models.listing import PostRow
from campaign.models.sign_in import Visit
from campaign.models.users import User
from campaign.people import RIGHTS, Right, demand, visits
from campaign.review.decisions import Desk
from campaign.web.house import House
from campaign.web.rates import network_of
from campaign.web.refusals import came_from

Answer = TypeVar("Answer", bound=Response)

RowId = Annotated[int, Path(ge=1, le=ROW_MAX)]
"""The number of a row in an address."""
_SEE_OTHER = 303


class Detour(Exception):
    """No error: what was asked for waits, and the browser goes to ``address`` first."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class SignInFirst(Detour):
    """Nobody has signed in; after that the browser goes on to ``then``."""

    def __init__(self, then: str) -> None:
        super().__init__(sign_in_address(then))


class PasskeyFirst(Detour):
    """The person has shown a password alone, and this workspace asks for a passkey beside it."""

    def __init__(self) -> None:
        super().__init__("/account")


class SignInAgain(Detour):
    """The person signed in too long ago to change how they sign in."""

    def __init__(self) -> None:
        super().__init__("/sign-in?next=/account&again=1")


@dataclass
class Visitor:
    """A browser that asks for a page. ``visit`` None: it holds no cookie of ours; ``person`` None: not signed in."""

    request: Request
    house: House
    visit: Visit | None
    person: User | None
    _new: list[str] = field(default_factory=list)

    @property
    def here(self) -> str:
        """The address of this page, to come back to; nothing after a form was sent."""
        url = self.request.url
        return (url.path + (f"?{url.query}" if url.query else "")) if self.request.method == "GET" else "/"

    @property
    def browser(self) -> str:
        """What the browser says it is."""
        return self.request.headers.get("user-agent", "")

    @property
    def address(self) -> str:
        """Where the request comes from, as rate limits count it."""
        return network_of(came_from(self.request))

    @property
    def actor(self) -> "Actor":
        """The person who acts. Raises SignInFirst."""
        if self.person is None or self.visit is None:
            raise SignInFirst(self.here)
        return Actor(self.request, self.house, self.visit, self.person, self._new)

    def begun(self) -> Visit:
        """Return the visit of this browser, begun now where there is none: its forms need one."""
        if self.visit is not None:
            return self.visit
        self.house.rates.spend("visit", self.address)
        with self.house.app.database.write() as session:
            secret, visit = visits.begin(session, self.house.now(), browser=self.browser)
        self._new.append(secret)
        self.visit = visit
        return visit

    def reading(self) -> AbstractContextManager[Session]:
        """Open a short read transaction."""
        return self.house.app.database.read()

    def page(self, template: str, *, status: int = 200, **names: Any) -> HTMLResponse:
        """Return a page of ``pages/``, with what every page shows: navigation, the person, a notice, the form token."""
        notice = self._taken_notice()
        text = self.house.pages.render(
            template,
            person=self.person,
            tabs=[
                tab for tab in self.house.tabs if self._may(tab.right) and not (tab.unless and self._may(tab.unless))
            ],
            path=self.request.url.path,
            form_token=self.visit.form_token if self.visit else "",
            notice=notice,
            **names,
        )
        return self._with_cookie(HTMLResponse(text, status_code=status))

    def redirect(self, path: str, notice: str | None = None) -> RedirectResponse:
        """Send the browser on to a page of ours after a form; ``notice`` is shown there once."""
        if notice is not None and self.visit is not None:
            self.keep(notice=notice)
        return self._with_cookie(RedirectResponse(path, status_code=_SEE_OTHER))

    def keep(self, **values: object) -> None:
        """Keep something for a later page of this visit; None takes it away."""
        visit = self.begun()
        with self.house.app.database.write() as session:
            visits.keep(session, visit, **values)

    def _taken_notice(self) -> str | None:
        notice = self.visit.kept.get("notice") if self.visit else None
        if notice is not None:
            self.keep(notice=None)
        return notice

    def _may(self, right: Right) -> bool:
        return self.person is not None and right in RIGHTS[self.person.role]

    def _with_cookie(self, answer: Answer) -> Answer:
        for secret in self._new:
            self.house.cookie.put(answer, secret)
        return answer


@dataclass
class Actor(Visitor):
    """A person who has signed in."""

    visit: Visit
    person: User

    def may(self, right: Right) -> bool:
        """Say whether the person's role has the right."""
        return self._may(right)

    def demand(self, right: Right) -> None:
        """Refuse what the person's role does not allow. Raises NotAllowed."""
        demand(self.person, right)

    @property
    def lacks_passkey(self) -> bool:
        """Whether the person has shown a password alone, and that is not enough here."""
        return self.house.app.settings.web.passkeys == "required" and visits.with_password_alone(self.visit)

    def demand_passkey(self) -> None:
        """Refuse a password alone where more is asked for. Raises PasskeyFirst."""
        if self.lacks_passkey:
            raise PasskeyFirst

    def demand_fresh(self) -> None:
        """Refuse a session that was left open: who changes how they sign in has just done so. Raises SignInAgain."""
        if not visits.just_began(self.visit, self.house.now()):
            raise SignInAgain

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners whose posts the person sees, as a filter has them: nothing stands for all."""
        return own_partners(self.person)

    def desk(self) -> AbstractContextManager[Desk]:
        """Open one transaction of the person's decisions."""
        return self.house.desk(self.person)

    def post(self, session: Session, ident: str) -> PostRow:
        """Return a post by its number in the address. Another partner's is not there for an officer.

        Raises:
            UnknownName: there is no such post for this person.

        """
        return post_for(session, self.person, ident)


def own_partners(person: User) -> tuple[str, ...]:
    """Return the partners whose posts a person sees, as a filter has them: nothing stands for all."""
    return (person.partner_key,) if person.partner_key is not None else ()


def post_for(session: Session, person: User, ident: str) -> PostRow:
    """Return a post by its number. Another partner's is not there for an officer. Raises UnknownName."""
    number = row_id(ident)
    row = listing.post(session, number) if number is not None else None
    own = own_partners(person)
    if row is None or (own and row.partner.key not in own):
        raise UnknownName(kind="post", name=ident, mend="The list of posts shows those that there are.")
    return row


def visitor(request: Request) -> Visitor:
    """Return who asks; read once for each request."""
    found: Visitor | None = getattr(request.state, "visitor", None)
    if found is None:
        found = request.state.visitor = _recognised(request, request.app.state.house)
    return found


def _recognised(request: Request, house: House) -> Visitor:
    secret = house.cookie.of(request)
    if not secret:
        return Visitor(request, house, None, None)
    now = house.now()
    with house.app.database.read() as session:
        found = visits.find(session, secret, now, house.lasting)
    if found is None:
        return Visitor(request, house, None, None)
    visit, person = found
    if visits.grew_old(visit, now):
        with house.app.database.write() as session:
            sign_in.change_visit(session, visit.ident, {"seen_at": now})
    return Visitor(request, house, visit, person)


def actor(request: Request) -> Actor:
    """Return the person who acts. Raises SignInFirst."""
    return visitor(request).actor


def sign_in_address(then: str) -> str:
    """Return the address of the sign-in page that leads on to ``then``."""
    return "/sign-in" if then == "/" else f"/sign-in?next={quote(then, safe='/')}"


Anyone = Annotated[Visitor, Depends(visitor)]
Who = Annotated[Actor, Depends(actor)]
