"""What every way to sign in ends with: a new session under a new secret, and the page that was wanted."""

from typing import ClassVar

from fastapi.responses import RedirectResponse
from pydantic import Field
from sqlmodel import Session

from campaign.models.users import User
from campaign.people import visits
from campaign.people.passkeys import Place
from campaign.web.forms import Fields
from campaign.web.visitor import Visitor


class Answer(Fields):
    """What the browser's passkey answered."""

    missing: ClassVar = {"credential": "Use your passkey, or another way to sign in"}
    credential: str = Field(min_length=2, max_length=20_000)


def own_path(text: str) -> str:
    """Return a path of ours to go on to; what would lead elsewhere leads to the first page."""
    fine = text.isprintable() and "\\" not in text and text.startswith("/") and not text.startswith("//")
    return text if fine else "/"


def place(who: Visitor) -> Place:
    """Return the site that passkeys are bound to."""
    return Place(who.house.app.settings.web.public_url)


def entered(who: Visitor, session: Session, person: User, how: str) -> str:
    """Begin the person's session in a transaction; returns the cookie's secret for ``welcomed``."""
    before = who.visit.id if who.visit else None
    now, lasting = who.house.now(), who.house.lasting
    return visits.sign_in_as(session, person, now, lasting, how=how, browser=who.browser, before=before)


def welcomed(who: Visitor, secret: str, path: str = "/") -> RedirectResponse:
    """Send the browser on with its new cookie."""
    answer = RedirectResponse(own_path(path), status_code=303)
    who.house.cookie.put(answer, secret)
    return answer
