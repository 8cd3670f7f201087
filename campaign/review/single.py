"""One post by hand: queued outside the timetable, or given other words where its template lets them change."""

from collections.abc import Mapping
from datetime import datetime

from campaign.errors import BadInput, UnknownName, WrongUse
from campaign.models import partners
from campaign.models.listing import PostRow
from campaign.models.posts import Post
from campaign.people import Right, demand
from campaign.plan.gather import Source
from campaign.plan.refill import pictures_named, refilled, single
from campaign.review import decisions, queue
from campaign.review.decisions import Desk

_BY_FORM = "Leave it out: pictures are uploaded in the pages, or come from the partner's details"


def queue_one(
    desk: Desk,
    source: Source,
    *,
    partner: str,
    channel: str,
    template: str,
    due_at: datetime,
    fields: Mapping[str, str],
    files: bool = False,
) -> Post:
    """Queue a post of one template for a partner's account on a channel, and submit it. ``files``: a field may name a
    picture in the workspace, as whoever sits in it may.

    Raises:
        NotAllowed: the person may not queue for this partner.
        UnknownName: there is no such partner.
        WrongUse: it has no account there, there is no such template for the channel, or the time is past.
        BadInput: naming every field that is missing, ill-typed or too long.

    """
    owner = partners.partner_by_key(desk.session, partner)
    if owner is None or desk.person.partner_key not in {None, partner}:
        raise UnknownName(kind="partner", name=partner, mend="`campaign partners list` names them.")
    demand(desk.person, Right.QUEUE, partner)
    found = [account for account, _ in partners.accounts(desk.session, partner_ids=[owner.ident])]
    account = next((one for one in found if one.channel == channel and one.disabled_why is None), None)
    if account is None:
        mend = "`campaign accounts list` names them, and says which are disabled."
        raise WrongUse(problem=f"{partner} has no account on {channel}", mend=mend)
    try:
        row = single(desk.session, source, account, owner, template, due_at, fields)
    except UnknownName as error:
        problem = f"There is no template {template!r} for {channel}"
        raise WrongUse(problem=problem, mend=error.facts["mend"], field="template") from error
    _check_pictures(source, template, channel, {} if files else fields)
    return queue.add_single(desk, account, row, fields)


def refill(desk: Desk, source: Source, row: PostRow, values: Mapping[str, str], *, files: bool = False) -> None:
    """Give a post's fields other values; what is not named stays. ``files`` as for ``queue_one``.

    Raises BadInput, NotAllowed, MoveRefused.
    """
    desk.demand(Right.EDIT, row)
    fresh = {name: text for name, text in values.items() if row.post.fields.get(name) != text}
    _check_pictures(source, row.post.template, row.post.channel, {} if files else fresh)
    fields = row.post.fields | dict(values)
    draft = refilled(desk.session, source, row, fields)
    why = "edited: " + ", ".join(f"{name}={text}" for name, text in values.items())
    decisions.edit(desk, row, draft, fields, why)


def _check_pictures(source: Source, template: str, channel: str, fields: Mapping[str, str]) -> None:
    if found := pictures_named(source.copy.templates.pick(template, channel), fields, _BY_FORM):
        raise BadInput(findings=found)
