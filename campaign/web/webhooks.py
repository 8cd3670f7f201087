"""Webhooks: other programs that are told of posts; each with its last calls."""

from typing import Any, ClassVar

from fastapi.responses import Response
from pydantic import Field

from campaign.errors import UnknownName, WrongUse
from campaign.hooks import managing
from campaign.intake.values import row_id
from campaign.models import hooks
from campaign.models.hooks import EVENTS
from campaign.people import Right
from campaign.web.area import Area
from campaign.web.forms import WRONG, Fields, Form, Sent, read
from campaign.web.visitor import Actor, RowId, Who
from campaign.web.words import TOLD
from campaign.wording import counted

area = Area()

_HOME = "/admin/webhooks"
_SHOWN = 50


class NewHook(Fields):
    """The address of a new webhook; what it is told of is ticked."""

    missing: ClassVar = {"url": "Enter an https address in at most 1,000 characters"}
    url: str = Field(min_length=1, max_length=1000)


@area.get(_HOME, Right.ADMINISTER)
def everything(who: Who) -> Response:
    """List the webhooks."""
    return _list(who, Form())


def _list(who: Actor, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        rows = hooks.hooks(session)
        waiting = hooks.waiting(session, [row.ident for row in rows])
    return who.page(
        "admin/webhooks.html", status=status, section="webhooks", form=form, hooks=rows, waiting=waiting, told=TOLD
    )


@area.post(_HOME, Right.ADMINISTER)
def add(who: Who, sent: Sent) -> Response:
    """Add a webhook, and show its secret, this once."""
    form, kinds = read(NewHook, sent), [kind.value for kind in EVENTS if kind.value in sent.many("kinds")]
    if not kinds:
        form = form.wrong("kinds", "Choose what it is told of")
    if form.found is None:
        return _list(who, form, WRONG)
    app = who.house.app
    try:
        with who.desk() as desk:
            loopback = app.settings.webhooks.loopback
            hook, secret = managing.add(desk, app.vault, url=form.found.url, kinds=kinds, loopback=loopback)
    except WrongUse as error:
        return _list(who, form.wrong(str(error.facts.get("field", "url")), str(error)), WRONG)
    return _page(who, hook.ident, secret=secret)


@area.get("/admin/webhooks/{ident}", Right.ADMINISTER)
def show(ident: str, who: Who) -> Response:
    """Show a webhook with its last calls."""
    number = row_id(ident)
    if number is None:
        raise UnknownName(kind="webhook", name=ident, mend="The list of webhooks numbers them.")
    return _page(who, number)


def _page(who: Actor, ident: int, secret: str = "") -> Response:
    with who.reading() as session:
        hook = managing.found(session, ident)
        calls = hooks.last_calls(session, ident, limit=_SHOWN)
    return who.page("admin/webhook.html", section="webhooks", hook=hook, calls=calls, secret=secret, told=TOLD)


@area.post("/admin/webhooks/{ident}/off", Right.ADMINISTER)
def switch_off(ident: RowId, who: Who) -> Response:
    """Call a webhook no more."""
    with who.desk() as desk:
        managing.switch_off(desk, managing.found(desk.session, ident))
    return _back(who, ident, "It is switched off. What happens meanwhile is told when you switch it on.")


@area.post("/admin/webhooks/{ident}/on", Right.ADMINISTER)
def switch_on(ident: RowId, who: Who) -> Response:
    """Call a webhook again."""
    with who.desk() as desk:
        again = managing.switch_on(desk, managing.found(desk.session, ident))
    return _back(who, ident, f"It is switched on. {counted(again, 'call')} that it has not taken go again.")


@area.post("/admin/webhooks/{ident}/test", Right.ADMINISTER)
def test(ident: RowId, who: Who) -> Response:
    """Have the daemon make a call that tells of nothing."""
    with who.desk() as desk:
        managing.test(desk, managing.found(desk.session, ident))
    return _back(who, ident, "The test is on its way. Load this page again in a few seconds to see the answer.")


def _back(who: Actor, ident: int, words: str) -> Response:
    return who.redirect(f"{_HOME}/{ident}", words)
