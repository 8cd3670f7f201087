"""One post by hand: queued outside the timetable, or given other words where its template lets them change."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from campaign.config import nearest
from campaign.errors import BadInput, UnknownName, WrongUse
from campaign.models import partners
from campaign.models.listing import PostRow
from campaign.models.partners import Account
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
    handle: str = "",
    files: bool = False,
) -> Post:
    """Queue a post of one template for a partner's account on a channel, and submit it. ``handle`` says which account,
    where there are several; ``files``: a field may name a picture in the workspace, as whoever sits in it may.

    Raises:
        NotAllowed: the person may not queue for this partner.
        UnknownName: there is no such partner.
        WrongUse: see ``one_account``; there is no such template for the channel, or the time is past.
        BadInput: naming every field that is missing, ill-typed or too long.

    """
    owner = partners.partner_by_key(desk.session, partner)
    if owner is None or desk.person.partner_key not in {None, partner}:
        raise UnknownName(kind="partner", name=partner, mend="`campaign partners list` names them.")
    demand(desk.person, Right.QUEUE, partner)
    found = [one for one, _ in partners.accounts(desk.session, partner_ids=[owner.ident])]
    account = one_account(found, partner, channel, handle)
    try:
        row = single(desk.session, source, account, owner, template, due_at, fields)
    except UnknownName as error:
        problem = f"There is no template {template!r} for {channel}"
        raise WrongUse(problem=problem, mend=error.facts["mend"], field="template") from error
    _check_pictures(source, template, channel, {} if files else fields)
    return queue.add_single(desk, account, row, fields)


def one_account(accounts: Sequence[Account], partner: str, channel: str, handle: str) -> Account:
    """Return which of a partner's accounts is meant: the one of this name, or the only one on the channel.

    Raises:
        WrongUse: there is none there, it is disabled, none has this name, or there are several and nobody says which.

    """
    there = [account for account in accounts if account.channel == channel]
    on = [account for account in there if account.disabled_why is None]
    if there and not on:
        problem = f"the account {there[0].handle} of {partner} on {channel} is disabled: {there[0].disabled_why}"
        raise WrongUse(field="channel", problem=problem, mend="Take it back first, or choose another channel.")
    if not on:
        known = sorted({account.channel for account in accounts if account.disabled_why is None})
        mend = nearest(channel, known) if known else "Connect an account first"
        raise WrongUse(field="channel", problem=f"{partner} has no account on {channel}", mend=mend)
    named = [account for account in on if _plain(account.handle) == _plain(handle)] if handle else on
    if len(named) == 1:
        return named[0]
    handles = ", ".join(account.handle for account in on)
    problem = f"there is no account {handle!r}" if handle else f"{partner} has {len(on)} accounts on {channel}"
    raise WrongUse(field="account", problem=problem, mend=f"Write one of {handles}.")


def _plain(handle: str) -> str:
    return handle.removeprefix("@").casefold()


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
    wording = source.copy.templates.pick(template, channel)
    if found := pictures_named(wording.name, wording.fields, fields, _BY_FORM):
        raise BadInput(findings=found)
