"""The email lists: how many people want their mail, how many have left, who mails them, and what is suppressed."""

from typing import Any, ClassVar

from fastapi.responses import Response
from pydantic import Field

from campaign.errors import UnknownName, WrongUse
from campaign.models import audiences, mailing
from campaign.people import Right
from campaign.register import allowing
from campaign.register import lists as register
from campaign.reports.readers import READER_COLUMNS, each_reader
from campaign.web.area import Area
from campaign.web.downloads import as_csv
from campaign.web.forms import WRONG, Fields, Form, Sent, read
from campaign.web.visitor import Actor, Who

area = Area()


class Refused(Fields):
    """An address that a mail server refused, and why it is to be mailed again."""

    missing: ClassVar = {
        "address": "Enter the address in at most 254 characters",
        "reason": "Enter a reason in at most 500 characters",
    }
    address: str = Field(min_length=1, max_length=254)
    reason: str = Field(min_length=1, max_length=500)


@area.get("/admin/lists", Right.ADMINISTER)
def lists(who: Who) -> Response:
    """Show the lists."""
    return _lists(who, Form())


def _lists(who: Actor, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        return who.page(
            "admin/lists.html",
            status=status,
            section="lists",
            form=form,
            lists=[(one, mailing.speakers(session, one.ident)) for one in audiences.counts(session)],
            suppressed=audiences.suppressed(session),
        )


@area.post("/admin/lists/allow", Right.ADMINISTER)
def allow(who: Who, sent: Sent) -> Response:
    """Mail an address again."""
    form = read(Refused, sent)
    if form.found is None:
        return _lists(who, form, WRONG)
    try:
        with who.desk() as desk:
            allowing.allow(desk.session, form.found.address, form.found.reason, by=desk.person, now=desk.now)
    except UnknownName:
        return _lists(who, form.wrong("address", "No mail server has refused this address"), WRONG)
    except WrongUse as error:
        return _lists(who, form.wrong(str(error.facts.get("field", "reason")), str(error)), WRONG)
    return who.redirect(
        "/admin/lists", "The address gets the next issue of each list that it stands on and has not left."
    )


@area.get("/admin/lists/{key}.csv", Right.ADMINISTER)
def list_csv(key: str, who: Who) -> Response:
    """Give a list as a file, with consent and who has left, as `campaign lists export` prints it."""
    with who.desk() as desk:
        ident = register.hand_out(desk.session, key, by=desk.person, now=desk.now)
    return as_csv(each_reader(who.house.app.database, ident), READER_COLUMNS, f"list-{ident}")
