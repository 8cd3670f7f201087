"""The email lists: how many people want their mail, how many have left, who mails them, and what is suppressed."""

from fastapi.responses import Response

from campaign.models import audiences, mailing
from campaign.people import Right
from campaign.register import lists as register
from campaign.reports.readers import READER_COLUMNS, each_reader
from campaign.web.area import Area
from campaign.web.downloads import as_csv
from campaign.web.visitor import Who

area = Area()


@area.get("/admin/lists", Right.ADMINISTER)
def lists(who: Who) -> Response:
    """Show the lists."""
    with who.reading() as session:
        return who.page(
            "admin/lists.html",
            section="lists",
            lists=[(one, mailing.speakers(session, one.ident)) for one in audiences.counts(session)],
            suppressed=audiences.suppressed(session),
        )


@area.get("/admin/lists/{key}.csv", Right.ADMINISTER)
def list_csv(key: str, who: Who) -> Response:
    """Give a list as a file, with consent and who has left, as `campaign lists export` prints it."""
    with who.desk() as desk:
        ident = register.hand_out(desk.session, key, by=desk.person, now=desk.now)
    return as_csv(each_reader(who.house.app.database, ident), READER_COLUMNS, f"list-{ident}")
