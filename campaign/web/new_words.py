"""New words: every line of what awaits review that nobody approved before, and the posts that say one of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi.responses import Response

from campaign.models import listing
from campaign.models.listing import PostFilter
from campaign.models.status import Status
from campaign.people import Right
from campaign.review.grouping import MOST, READ
from campaign.web.area import Area
from campaign.web.forms import CONFLICT, WRONG, Form, Sent
from campaign.web.groups import reader
from campaign.web.review import Wanted, decided, returned, undecided
from campaign.web.visitor import Actor, Who

area = Area()

_LINES = 300
"""Lines on the page at most, and of those that are like one."""
_WORDINGS = 20
"""Of a line for whose posts changes are asked: enough to know it by."""


@area.get("/review/words", Right.REVIEW)
def words(who: Who) -> Response:
    """Show every new line of what awaits review once, the rarest first."""
    found = reader(who.house.app, who.partners).new_words(who.house.app.database)
    more = max(0, len(found.lines) - _LINES)
    return who.page(
        "review/words.html",
        lines=found.lines[:_LINES],
        more=more,
        most=_LINES,
        read=READ,
        whole=found.whole,
    )


@area.get("/review/words/line", Right.REVIEW)
def show_line(who: Who, line: str = "") -> Response:
    """Show the posts that say a new line, to ask for changes to them."""
    return _page(who, line, Form())


def _page(who: Actor, name: str, form: Form[Any], refused: Sequence[str] = (), status: int = 200) -> Response:
    lines = reader(who.house.app, who.partners).new_words(who.house.app.database).lines
    found = next((one for one in lines if one.name == name), None)
    if found is None:
        return who.redirect("/review/words", " ".join(refused) or "No post that waits for review says this any more.")
    idents = tuple(one.post.post_id for one in found.posts)
    with who.reading() as session:
        rows = listing.posts(session, PostFilter(ids=idents[:MOST], statuses=(Status.IN_REVIEW,)))
    return who.page(
        "review/line.html",
        status=status,
        form=form,
        line=found,
        wordings=_WORDINGS,
        posts=[(row, who.house.app.contents.digest(row.post, row.account)) for row in rows],
        more=max(0, len(idents) - MOST),
        refused=refused,
    )


@area.post("/review/words/line", Right.REVIEW)
def ask(who: Who, sent: Sent, line: str = "") -> Response:
    """Return the posts that were ticked, with a comment."""
    wanted = replace(Wanted.of(sent), decision="return")  # nothing is approved here, whatever is sent
    form: Form[Any] = Form(sent)
    if lack := wanted.lacks("Tick the posts that need changes, under “Which posts need changes?”"):
        return _page(who, line, form.wrong(*lack), status=WRONG)
    done, refused = decided(who, wanted)
    who.house.app.nudge()
    if refused:
        return _page(who, line, form.wrong("line", undecided(refused)), refused, CONFLICT)
    return who.redirect("/review/words", returned(done))
