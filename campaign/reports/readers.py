"""A list of subscribers as rows of a file, with consent and who has left; read page by page and never held whole."""

from collections.abc import Iterator

from campaign.clock import iso
from campaign.models import Database, mailing
from campaign.models.mailing import Subscriber
from campaign.models.paging import sizes
from campaign.reports.log import LogRow

READER_COLUMNS = ("email", "name", "consent_source", "consent_at", "unsubscribed_at")
_PAGE = 1000


def each_reader(database: Database, list_id: int) -> Iterator[LogRow]:
    """Yield a row for everybody on a list, by address, in short transactions."""
    last = ""
    for size in sizes(_PAGE):
        with database.read() as session:
            found = mailing.subscribers_page(session, list_id, size, last)
        yield from map(reader_row, found)
        if len(found) < size:
            return
        last = found[-1].address_key


def reader_row(reader: Subscriber) -> LogRow:
    """Return somebody on a list as a row."""
    left = iso(reader.unsubscribed_at) if reader.unsubscribed_at else None
    cells = (reader.email, reader.name, reader.consent_source, iso(reader.consent_at), left)
    return dict(zip(READER_COLUMNS, cells, strict=True))
