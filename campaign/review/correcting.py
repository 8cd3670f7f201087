"""A correction: an issue to exactly those who got another one. It is reviewed and approved like any issue."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from campaign.errors import UnknownName, WrongUse
from campaign.models import corrections, partners
from campaign.models.listing import PostRow
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.people import Right
from campaign.plan.gather import Source
from campaign.plan.refill import NewPost, about, unknown_fields
from campaign.plan.rows import PlanRow
from campaign.plan.template import CORRECTION, Template
from campaign.ports import MAIL
from campaign.review import queue
from campaign.review.decisions import Desk

_OVER = frozenset(
    {Status.PUBLISHED, Status.RETRACTING, Status.RETRACTED, Status.FAILED, Status.MISSED, Status.WITHDRAWN}
)
_SUBJECT = "corrected"


def can_be_corrected(session: Session, row: PostRow) -> int:
    """Return how many would get a correction of the post: nobody, where it is no issue or still goes out."""
    if row.post.channel != MAIL or row.post.status not in _OVER:
        return 0
    return corrections.recipients(session, row.post.ident)


def wording(source: Source) -> Template:
    """Return the template of corrections. Raises UnknownName with what to do where a campaign has none."""
    try:
        return source.copy.templates.pick(CORRECTION, MAIL)
    except UnknownName as error:
        mend = f"Put {CORRECTION}.md into the campaign's templates; a new workspace (`campaign init`) has one."
        raise UnknownName(kind="template", name=CORRECTION, mend=mend) from error


def subject_of(row: PostRow, template: Template) -> str:
    """Return the subject of the issue, cut to what the template's field takes."""
    subject, longest = " ".join(str(row.post.draft.get("subject") or "").split()), template.fields[_SUBJECT].max
    cut = longest is not None and len(subject) > longest
    return f"{subject[: (longest or 1) - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}" if cut else subject


def correction(session: Session, source: Source, row: PostRow, due_at: datetime, fields: Mapping[str, str]) -> PlanRow:
    """Return the row of a correction of an issue; what is wrong with it is in its findings.

    Raises:
        WrongUse: nobody got the post by mail from here, or it still goes out.

    """
    if not can_be_corrected(session, row):
        problem = f"Nobody has got post {row.post.id} as a newsletter, or it still goes out"
        raise WrongUse(problem=problem, mend="A correction is for an issue that has ended.")
    template = wording(source)
    values = {_SUBJECT: subject_of(row, template)} | dict(fields)
    made = about(session, source, NewPost(row.account, row.partner, CORRECTION, due_at, values))
    if unknown := unknown_fields(template.name, template.fields, fields):
        return replace(made, action="blocked", findings=(*unknown, *made.findings))
    if made.draft is None:
        return made
    first = corrections.audience(str(row.post.draft.get("audience") or row.account.external_id), row.post.ident)
    return replace(made, draft=replace(made.draft, audience=first))


def queue_correction(desk: Desk, source: Source, row: PostRow, due_at: datetime, fields: Mapping[str, str]) -> Post:
    """Queue a correction of an issue and submit it.

    Raises:
        NotAllowed: the person may not queue for this partner.
        WrongUse: see ``correction``; or the time is past.
        BadInput: naming every field that is missing, ill-typed or too long.

    """
    desk.demand(Right.QUEUE, row)
    made = correction(desk.session, source, row, due_at, fields)
    account, _ = partners.account_with_partner(desk.session, row.account.ident)
    own = {_SUBJECT: subject_of(row, wording(source))} | dict(fields)
    post = queue.add_single(desk, account, made, own)
    desk.record("correct", row.post, {"correction": post.ident})
    return post
