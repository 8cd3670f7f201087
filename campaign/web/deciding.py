"""What a person does with a post: decide about it, submit, withdraw, move, hold and release it."""

from functools import partial
from typing import ClassVar, Literal

from fastapi.responses import Response
from pydantic import Field

from campaign.errors import Changed, Unread, WrongUse
from campaign.models.listing import PostRow
from campaign.models.partners import AccountMode
from campaign.models.status import Status
from campaign.people import Right
from campaign.review import decisions, grouping, holding, rearranging
from campaign.web import times
from campaign.web.area import Area
from campaign.web.forms import CONFLICT, WRONG, Fields, Form, Sent, read
from campaign.web.groups import refuse_unread
from campaign.web.post import page
from campaign.web.visitor import Who

area = Area()

_LONGEST = 500
_READ = "Tick “I have read the check” to approve this post"


class Decision(Fields):
    """A reviewer's decision, bound to the content that was seen."""

    missing: ClassVar = {
        "decision": "Choose what you decide",
        "seen": "Load the page again: it does not say which words you saw",
        "comment": f"Keep it to {_LONGEST} characters",
        "read": _READ,
        "reason": f"Keep it to {_LONGEST} characters",
    }
    decision: Literal["approve", "return", "reject"]
    seen: str = Field(min_length=64, max_length=64)
    comment: str = Field(default="", max_length=_LONGEST)
    reason: str = Field(default="", max_length=_LONGEST)
    read: Literal["", "yes"] = ""

    @property
    def lacks(self) -> tuple[str, str] | None:
        """A return needs a comment and a rejection a reason."""
        if self.decision == "return" and not self.comment:
            return "comment", "Enter what needs to change"
        if self.decision == "reject" and not self.reason:
            return "reason", "Enter why it is not to go out"
        return None


class Withdrawal(Fields):
    """Why a post is withdrawn."""

    missing: ClassVar = {"why": f"Enter why it is withdrawn, in at most {_LONGEST} characters"}
    why: str = Field(min_length=1, max_length=_LONGEST)


class Moved(Fields):
    """A new time, as the person typed it."""

    missing: ClassVar = {"day": times.DAY_HINT, "time": "Enter the time, like 9:30am"}
    day: str = Field(min_length=1, max_length=40)
    time: str = Field(min_length=1, max_length=40)


class Pause(Fields):
    """Why a post is held."""

    missing: ClassVar = {"hold": f"Enter why it is held, in at most {_LONGEST} characters"}
    hold: str = Field(min_length=1, max_length=_LONGEST)


@area.post("/posts/{ident}/decision", Right.REVIEW)
def decide(ident: str, who: Who, sent: Sent) -> Response:
    """Approve the words that were seen, ask for changes, or reject the post."""
    form = read(Decision, sent)
    if form.found is None:
        return page(who, ident, form, status=WRONG)
    try:
        with who.desk() as desk:
            row = who.post(desk.session, ident)
            notice = _decided(desk, row, form.found)
            if form.found.decision == "approve" and not form.found.read:
                refuse_unread(who.house.app, desk.session, row)
    except Unread:
        return page(who, ident, form.wrong("read", _READ), status=WRONG)
    except Changed:
        words = "This post changed since you opened it. Check it again, then decide"
        return page(who, ident, form.wrong("decide", words), status=CONFLICT)
    return who.redirect("/review/words" if sent.one("from") == "words" else f"/posts/{int(ident)}", notice)


def _decided(desk: decisions.Desk, row: PostRow, wanted: Decision) -> str:
    """Do what was decided; returns what to say of it."""
    if wanted.decision == "return":
        grouping.send_back(desk, [(row, wanted.seen)], wanted.comment)
        return "Returned. The officer of the partner is told."
    if wanted.decision == "reject":
        grouping.refuse_unseen(desk, row, wanted.seen)
        decisions.reject(desk, row, wanted.reason)
        return "Rejected. It will not go out."
    if decisions.approve(desk, row, wanted.seen):
        by_hand = row.account.mode == AccountMode.BY_HAND
        return f"Approved. {'Its organisation publishes it by hand' if by_hand else 'It goes out'} at its time."
    if row.post.status == Status.MISSED:
        return "Its time has passed, so it was not approved. It needs a new time."
    return "Your approval counts. The other side must approve it too."


@area.post("/posts/{ident}/submit", Right.QUEUE)
def submit(ident: str, who: Who) -> Response:
    """Hand a draft to review."""
    with who.desk() as desk:
        decisions.submit(desk, who.post(desk.session, ident))
    return who.redirect(f"/posts/{int(ident)}", "Sent for review.")


@area.post("/posts/{ident}/withdraw", Right.EDIT)
def withdraw(ident: str, who: Who, sent: Sent) -> Response:
    """Take a post out before it is published."""
    form = read(Withdrawal, sent)
    if form.found is None:
        return page(who, ident, form, status=WRONG)
    with who.desk() as desk:
        decisions.withdraw(desk, who.post(desk.session, ident), form.found.why)
    return who.redirect(f"/posts/{int(ident)}", "Withdrawn. It will not go out.")


@area.post("/posts/{ident}/move", Right.EDIT)
def move(ident: str, who: Who, sent: Sent) -> Response:
    """Give a post a new time; inside its slot's window it keeps its approval, as does an issue that goes on."""
    form = read(Moved, sent)
    if form.found is None:
        return page(who, ident, form, status=WRONG)
    due_at = times.moment(form.found.day, form.found.time, who.house.zone)
    if isinstance(due_at, dict):
        return page(who, ident, Form(sent, None, due_at), status=WRONG)
    files = partial(who.house.app.source, placeholders=True)
    try:
        with who.desk() as desk:
            row = who.post(desk.session, ident)
            rearranging.new_time(desk, files, row, due_at)
            kept = row.post.status == Status.APPROVED
    except WrongUse as error:
        return page(who, ident, form.wrong("day", str(error)), status=WRONG)
    return who.redirect(f"/posts/{int(ident)}", "It has its new time." if kept else "It has its new time, to review.")


@area.post("/posts/{ident}/hold", Right.EDIT)
def hold(ident: str, who: Who, sent: Sent) -> Response:
    """Hold one post; an officer may hold its own partner's."""
    form = read(Pause, sent)
    if form.found is None:
        return page(who, ident, form, status=WRONG)
    with who.desk() as desk:
        scope = f"post:{who.post(desk.session, ident).post.ident}"
        holding.hold(desk.session, desk.person, scope, form.found.hold, desk.now)
    return who.redirect(f"/posts/{int(ident)}", "It is on hold. It does not go out.")


@area.post("/posts/{ident}/release", Right.EDIT)
def release(ident: str, who: Who) -> Response:
    """Let go the hold on one post; what a reviewer held, no officer lets go."""
    with who.desk() as desk:
        holding.release(desk.session, desk.person, f"post:{who.post(desk.session, ident).post.ident}", desk.now)
    return who.redirect(f"/posts/{int(ident)}", "It is released.")
