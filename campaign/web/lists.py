"""The email lists: how many people want their mail, how many have left, who mails them, and what is suppressed."""

from collections.abc import Iterator

from fastapi.responses import Response

from campaign.clock import iso
from campaign.errors import UnknownName
from campaign.models import audiences, mailing
from campaign.people import Right
from campaign.reports.log import LogRow
from campaign.web.area import Area
from campaign.web.engagement import as_csv
from campaign.web.visitor import Who

area = Area()

COLUMNS = ("email", "name", "consent_source", "consent_at", "unsubscribed_at")


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
    with who.reading() as session:
        found = mailing.list_by_key(session, key) if key.isprintable() else None
        if found is None:
            raise UnknownName(kind="list", name=key, mend="The page shows those that there are.")
        rows = mailing.subscribers(session, found.id or 0)
    return as_csv(_rows(rows), COLUMNS, f"list-{found.id}")


def _rows(rows: list[mailing.Subscriber]) -> Iterator[LogRow]:
    for row in rows:
        left = iso(row.unsubscribed_at) if row.unsubscribed_at else None
        yield dict(zip(COLUMNS, (row.email, row.name, row.consent_source, iso(row.consent_at), left), strict=True))
