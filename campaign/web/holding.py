"""Hold and release: what is held now, the one red button, and what a release will do to each item."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from fastapi.responses import Response
from pydantic import Field
from sqlmodel import Session

from campaign.models import holds, partners
from campaign.people import Right
from campaign.review import holding
from campaign.review.foresight import Fate, Release, Terms, foresee, on_their_way
from campaign.web.area import Area, Tab
from campaign.web.forms import CONFLICT, WRONG, Fields, Form, Sent, options, read, seen
from campaign.web.held import Held, named
from campaign.web.visitor import Actor, Who
from campaign.web.words import Tag
from campaign.wording import channel, counted

area = Area(Tab("Hold", "/hold", Right.HOLD))

_LONGEST = 300
_SHOWN = 200
"""Items of a release that a page names; of more than that it says how many there are."""

FATES: Mapping[Fate, Tag] = {
    Fate.SENT: Tag("Sent", "green"),
    Fate.HANDED_OVER: Tag("By hand", "purple"),
    Fate.GOES_ON: Tag("Goes on", "green"),
    Fate.WAITS: Tag("Waits", "yellow"),
    Fate.HELD: Tag("Still held", "red"),
    Fate.REVIEW: Tag("To review", "yellow"),
    Fate.FAILED: Tag("Fails", "red"),
    Fate.MISSED: Tag("Missed", "red"),
}


class Stop(Fields):
    """What is to be held, and why."""

    missing: ClassVar = {
        "scope": "Choose what to hold",
        "reason": f"Enter why, in at most {_LONGEST} characters",
    }
    scope: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=_LONGEST)


class LetGo(Fields):
    """What is to be released, and what the person was told will happen."""

    missing: ClassVar = {"scope": "Choose what to release", "told": "Load the page again"}
    scope: str = Field(min_length=1, max_length=200)
    told: str = Field(min_length=1, max_length=64)


@area.get("/hold", Right.HOLD)
def show(who: Who) -> Response:
    """Show what is held, and the button that holds everything."""
    return _page(who, Form())


def _page(who: Actor, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        on = [Held(hold, named(session, hold.scope)) for hold in holds.active(session)]
        names = {"held": on, "scopes": _scopes(session, who, form)}
    everything = any(one.hold.scope == "everything" for one in on)
    return who.page("holding/hold.html", status=status, form=form, everything=everything, **names)


def _scopes(session: Session, who: Actor, form: Form[Any]) -> list[dict[str, object]]:
    """Return what can be held beside everything: a channel or a partner."""
    pairs = [(f"channel:{name}", f"Everything on {channel(name)}") for name in who.house.app.channels]
    pairs += [(f"partner:{row.key}", f"Everything of {row.name}") for row in partners.partners(session)]
    return options("Choose a channel or a partner", pairs, form.value("scope"))


@area.post("/hold", Right.HOLD)
def hold(who: Who, sent: Sent) -> Response:
    """Stop what falls under the scope, at once."""
    form = read(Stop, sent)
    if form.found is None:
        return _page(who, form, WRONG)
    with who.desk() as desk:
        scope = holding.check_scope(desk.session, form.found.scope, frozenset(who.house.app.channels))
        holding.hold(desk.session, desk.person, scope, form.found.reason, desk.now)
        going = len(on_their_way(desk.session, scope))
        what = named(desk.session, scope)
    on_its_way = f" On the way already: {counted(going, 'post')}; what had left goes through." if going else ""
    return who.redirect("/hold", f"{what} is on hold. Nothing more of it goes out.{on_its_way}")


@area.get("/hold/release", Right.HOLD)
def ask(who: Who, scope: str = "") -> Response:
    """Say what a release will do to each item."""
    return _asked(who, scope, Form())


@area.post("/hold/release", Right.HOLD)
def release(who: Who, sent: Sent) -> Response:
    """Let go, where what was told of it still stands."""
    form = read(LetGo, sent)
    if form.found is None:
        return _page(who, form, WRONG)
    scope = form.found.scope
    with who.desk() as desk:
        holding.standing(desk.session, scope)
        ahead = foresee(desk.session, scope, _terms(who))
        same = form.found.told == _told(ahead)
        if same:
            holding.release(desk.session, desk.person, scope, desk.now)
        what = named(desk.session, scope)
    if same:
        return who.redirect("/hold", f"{what} is released.")
    return _asked(who, scope, form.wrong("told", "What a release will do has changed. Read it again"), CONFLICT)


def _asked(who: Actor, scope: str, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        on = holding.standing(session, scope)
        ahead = foresee(session, scope, _terms(who))
        what = named(session, scope)
    sums = [(FATES[fate], sum(item.fate is fate for item in ahead)) for fate in Fate]
    return who.page(
        "holding/release.html",
        status=status,
        form=form,
        scope=scope,
        what=what,
        on=on,
        ahead=[(item, FATES[item.fate]) for item in ahead[:_SHOWN]],
        more=max(len(ahead) - _SHOWN, 0),
        sums=[(tag, number) for tag, number in sums if number],
        told=_told(ahead),
    )


def _terms(who: Actor) -> Terms:
    app = who.house.app
    return Terms.of(app.clock.now(), app.settings.dispatch.grace, app.contents, app.channels)


def _told(ahead: Sequence[Release]) -> str:
    """Return the digest of what is told: which items, and what becomes of each."""
    return seen((item.row.post.id, item.fate.value) for item in ahead)
