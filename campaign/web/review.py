"""The review: posts by what they say, the common words once, then only what partners changed, riskiest first.

Nothing is approved whose differences were not on the page: each button carries the hashes of what the page showed.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import CampaignError, UnknownName
from campaign.models import asides, groups, holds, partners
from campaign.models.groups import GroupKey
from campaign.models.listing import PostRow
from campaign.models.status import Status
from campaign.people import Right
from campaign.plan.gather import Copy
from campaign.review import decisions, grouping
from campaign.review.decisions import Desk
from campaign.review.differences import Section
from campaign.review.grouping import why_not
from campaign.review.subjects import question_of
from campaign.web import held
from campaign.web.area import Area, Tab
from campaign.web.forms import CONFLICT, WRONG, Form, Posted, Sent
from campaign.web.groups import Key, reader, refuse_unread
from campaign.web.subjects import about, copy_of, title
from campaign.web.visitor import Actor, Who
from campaign.wording import counted

area = Area(Tab("Review", "/review", Right.REVIEW))

_LONGEST = 500


def _path(key: GroupKey) -> str:
    pairs = [("template", key.template), ("version", key.version), ("channel", key.channel)]
    return "/review/group?" + urlencode([(name, value) for name, value in pairs if value])


@area.get("/review", Right.REVIEW)
def show(who: Who) -> Response:
    """List the groups of what is in review, and what was set aside."""
    copy = copy_of(who.house.app)
    with who.reading() as session:
        found = grouping.waiting(session, who.partners)
        banners = held.over_lists(session, who, holds.active(session))
        theirs = _left_to_dfe(session, who)
    shown = [
        {"group": one, "title": title(copy, one.key), "path": _path(one.key), "aside": apart} for one, apart in found
    ]
    return who.page(
        "review/review.html",
        groups=shown,
        posts=sum(one.posts for one, _ in found),
        banners=banners,
        may_hold=who.may(Right.HOLD),
        theirs=theirs,
    )


def _left_to_dfe(session: Session, who: Actor) -> bool:
    """Say whether the person may look at what waits, and decide none of it: the partner leaves that to DfE."""
    partner = partners.partner_by_key(session, who.partners[0]) if who.partners else None
    return partner is not None and partner.approver == "dfe"


@area.get("/review/group", Right.REVIEW)
def group(who: Who, key: Key) -> Response:
    """Show a group: the common words, and what is each post's own."""
    return _page(who, key, Form())


def _page(who: Actor, key: GroupKey, form: Form[Any], refused: Sequence[str] = (), status: int = 200) -> Response:
    copy = copy_of(who.house.app)
    with who.reading() as session:
        found = reader(who.house.app, who.partners).sheet(session, key)
        apart = asides.of(session, [one.row.post.ident for one in found.posts])
        banners = held.over_lists(session, who, holds.active(session))
    questions = [part.question for part in found.sections]
    return who.page(
        "review/group.html",
        status=status,
        banners=banners,
        may_hold=who.may(Right.HOLD),
        form=form,
        key=key,
        here=_path(key),
        title=title(copy, key),
        sheet=found,
        sections=[(part, about(copy, part.event, part.question), _unsaid(copy, part)) for part in found.sections],
        numbers={name: at for at, name in enumerate(dict.fromkeys(filter(None, questions)), 1)},
        barred={one.row.post.ident: reason for one in found.posts if (reason := why_not(who.person, one.row))},
        refused=refused,
        apart=apart,
        most=grouping.MOST,
    )


def _unsaid(copy: Copy | None, part: Section) -> bool:
    """Say whether none of the lines that the page shows of a section is the question that it is about."""
    asked = question_of(copy, part.question) if part.question else None
    posts = (*part.changes.own, *part.changes.known, *part.changes.plain)
    lines = [*part.changes.common, *(line.words for one in posts for line in one.own)]
    return asked is None or not any(asked.question in line for line in lines)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form of a group or of a new line says: the hashes that were shown, the posts that are to be set aside or
    returned, the comment.

    ``apart``: those that stood as set aside when they were shown.
    """

    decision: str
    seen: dict[str, str]
    aside: frozenset[str]
    apart: frozenset[str]
    comment: str

    @classmethod
    def of(cls, sent: Posted) -> "Wanted":
        """Read the form. Posts with the common words alone carry the name of their section: it is set aside whole."""
        plain = [text.partition(":") for text in sent.many("plain")]
        given = [*sent.many("seen"), *(text for _, _, text in plain)]
        seen = {ident: digest for ident, at, digest in (text.partition("@") for text in given) if at}
        aside = set(sent.many("aside"))
        aside |= {text.partition("@")[0] for section, _, text in plain if section in aside}
        return cls(
            sent.one("decision"), seen, frozenset(aside), frozenset(sent.many("apart")), sent.one("comment").strip()
        )

    @property
    def meant(self) -> list[str]:
        """The posts that are to be decided."""
        return [ident for ident in self.seen if (ident in self.aside) == (self.decision == "return")]

    def lacks(self, tick: str) -> tuple[str, str] | None:
        """What the form needs and has not, with what to say; ``tick`` says where to mark a post that needs changes."""
        if self.decision not in {"approve", "return"}:
            return "decision", "Choose what to do"
        if self.decision == "approve" and not self.seen.keys() - self.aside:
            return "decision", "Every post is set aside, so there is nothing to approve"
        if self.decision == "return" and not self.seen.keys() & self.aside:
            return "decision", tick
        if self.decision == "return" and not 0 < len(self.comment) <= _LONGEST:
            return "comment", f"Enter what needs to change, in at most {_LONGEST} characters"
        return None


@area.post("/review/group", Right.REVIEW)
def decide(who: Who, key: Key, sent: Sent) -> Response:
    """Approve what was shown and not set aside, or return what was set aside."""
    wanted = Wanted.of(sent)
    form: Form[Any] = Form(sent)
    if lack := wanted.lacks("Tick “Set aside” beside each post that needs changes"):
        return _page(who, key, form.wrong(*lack), status=WRONG)
    done, refused = decided(who, wanted)
    apart = _kept_aside(who, wanted)
    who.house.app.nudge()
    if refused:
        return _page(who, key, form.wrong("group", undecided(refused)), refused, CONFLICT)
    with who.reading() as session:
        left = groups.posts_of(session, key, who.partners, limit=apart + 1)
    return who.redirect(_path(key) if len(left) > apart else "/review", _notice(wanted, done, apart))


def decided(who: Actor, wanted: Wanted) -> tuple[int, list[str]]:
    """Decide each post that is meant, in a transaction of its own: one that changed keeps no other back.

    Returns how many were decided, and why others could not be.
    """
    done, refused = 0, []
    for ident in wanted.meant:
        try:
            with who.house.app.database.write() as session:
                desk = Desk(session, who.house.app.contents, who.person, who.house.now())
                done += _decided(desk, who, ident, wanted)
        except CampaignError as error:
            refused.append(str(error))
    return done, refused


def undecided(refused: Sequence[str]) -> str:
    """Say how many posts could not be decided."""
    return f"{counted(len(refused), 'post')} could not be decided"


def _kept_aside(who: Actor, wanted: Wanted) -> int:
    """Keep what was set aside and left, until somebody decides it or it changes; returns how many posts that are."""
    aside = wanted.aside if wanted.decision == "approve" else frozenset[str]()
    with who.house.app.database.write() as session:
        # What somebody else has set aside since stays so.
        meant = [ident for ident in wanted.seen if ident in aside | wanted.apart]
        rows = [row for ident in meant if (row := _seen_by(who, session, ident))]
        desk = Desk(session, who.house.app.contents, who.person, who.house.now())
        return grouping.set_aside(desk, rows, {row.post.ident for row in rows if str(row.post.ident) in aside})


def _seen_by(who: Actor, session: Session, ident: str) -> PostRow | None:
    """Return a post that is in review; None where it is not, or is not there for the person."""
    with suppress(UnknownName):
        row = who.post(session, ident)
        return row if row.post.status == Status.IN_REVIEW else None
    return None


def _decided(desk: Desk, who: Actor, ident: str, wanted: Wanted) -> bool:
    row = who.post(desk.session, ident)
    if wanted.decision == "return":
        grouping.send_back(desk, [(row, wanted.seen[ident])], wanted.comment)
        return True
    if ident not in wanted.apart:
        grouping.refuse_aside(desk, [row])
    done = decisions.approve(desk, row, wanted.seen[ident]) or row.post.status == Status.APPROVED
    refuse_unread(who.house.app, desk.session, row)  # what has a check is opened, and approved on its own page
    return done


def returned(count: int) -> str:
    """Say how many posts went back."""
    return f"{counted(count, 'post')} returned. The officers of the partners are told."


def _notice(wanted: Wanted, done: int, apart: int) -> str:
    if wanted.decision == "return":
        return returned(done)
    rest = len(wanted.meant) - done
    more = f" {counted(rest, 'post')} not yet: the other side must approve too, or the time has passed." if rest else ""
    aside = f" {counted(apart, 'post')} set aside and left as they are." if apart else ""
    return f"{counted(done, 'post')} approved.{aside}{more}"
