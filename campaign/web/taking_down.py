"""Taking down what is published: one post, or every post of a slot."""

from typing import Any, ClassVar

from fastapi.responses import Response
from pydantic import Field

from campaign.models import holds
from campaign.people import Right
from campaign.review import taking_down
from campaign.web.area import Area
from campaign.web.forms import CONFLICT, WRONG, Fields, Form, Sent, read, seen
from campaign.web.items import items
from campaign.web.post import page
from campaign.web.visitor import Actor, Who
from campaign.wording import counted

area = Area()

SHOWN = 25
"""Posts that the page names; of more than that it says how many there are."""
_LONGEST = 500


class Removal(Fields):
    """Why posts are taken down."""

    missing: ClassVar = {"remove": f"Enter why it is taken down, in at most {_LONGEST} characters"}
    remove: str = Field(min_length=1, max_length=_LONGEST)


class SlotRemoval(Removal):
    """Why every post of a slot is taken down, and which the person saw."""

    missing: ClassVar = {**Removal.missing, "told": "Load the page again"}
    slot: str = Field(min_length=1, max_length=200)
    told: str = Field(min_length=1, max_length=64)


@area.post("/posts/{ident}/take-down", Right.RETRACT)
def one(ident: str, who: Who, sent: Sent) -> Response:
    """Order one post to be taken down."""
    form = read(Removal, sent)
    if form.found is None:
        return page(who, ident, form, status=WRONG)
    with who.desk() as desk:
        ordered = taking_down.take_down(desk, [who.post(desk.session, ident)], form.found.remove)
    when = "It is taken down as soon as it is found." if ordered.once_found else "It is being taken down."
    return who.redirect(f"/posts/{int(ident)}", f"{when} Where a platform does not allow it, a person is asked.")


@area.get("/take-down", Right.RETRACT)
def ask(who: Who, slot: str = "") -> Response:
    """Show what is out of a slot, or may be, to take it down."""
    return _asked(who, slot, Form())


def _asked(who: Actor, slot: str, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        found = taking_down.out_of_slot(session, slot, who.house.app.channels, who.partners)
        shown = items(holds.active(session), found.rows(session, SHOWN))
    return who.page(
        "taking_down/slot.html",
        status=status,
        form=form,
        slot=slot,
        shown=shown,
        count=len(found.published),
        unsure=len(found.unsure),
        handed=found.handed,
        more=found.more,
        told=seen(found.idents),
        all_partners=not who.partners,
    )


@area.post("/take-down", Right.RETRACT)
def slot(who: Who, sent: Sent) -> Response:
    """Order every post of a slot that is out to be taken down, where they are still those that were shown."""
    form = read(SlotRemoval, sent)
    if form.found is None:
        return _asked(who, sent.one("slot"), form, WRONG)
    wanted = form.found
    with who.desk() as desk:
        found = taking_down.out_of_slot(desk.session, wanted.slot, who.house.app.channels, who.partners)
        same = seen(found.idents) == wanted.told
        count = sum(taking_down.take_down(desk, found.rows(desk.session), wanted.remove)) if same else 0
    if not same:
        words = "Others are published than you saw. Look again"
        return _asked(who, wanted.slot, form.wrong("remove", words), CONFLICT)
    return who.redirect("/posts?status=retracting&status=retracted", f"{counted(count, 'post')} to be taken down.")
