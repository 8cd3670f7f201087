"""Posts as rows of a file: what a listing shows, read page by page and never held whole."""

from collections.abc import Iterator

from campaign.clock import iso
from campaign.models import Database
from campaign.models.listing import PostRow
from campaign.models.paging import Place, sizes
from campaign.reports.log import LogRow
from campaign.review.searching import Search

POST_COLUMNS = (
    *("id", "partner", "name", "channel", "account", "template", "slot", "due_at", "status"),
    *("published_at", "url", "subject", "text"),
)
_PAGE = 1000


def each_post(database: Database, wanted: Search, *, newest_first: bool = False) -> Iterator[PostRow]:
    """Yield every post of a search by due time, in short transactions, however far it has to look."""
    place: Place | None = None
    for size in sizes(_PAGE):
        with database.read() as session:
            found = wanted.page(session, size, after=place, newest_first=newest_first)
        yield from found.page.rows
        if (place := found.further) is None:
            return


def post_line(row: PostRow) -> LogRow:
    """Return a post as a row; instants are ISO 8601 with Z."""
    post = row.post
    cells = (
        *(str(post.id), row.partner.key, row.partner.name, post.channel, row.account.handle, post.template, post.slot),
        *(iso(post.due_at), str(post.status), iso(post.published_at) if post.published_at else None, post.url),
        *(post.draft.get("subject"), post.draft.get("words")),
    )
    return dict(zip(POST_COLUMNS, cells, strict=True))
