"""One post by hand: queued outside the timetable, or given other words where its template lets them change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.config import nearest
from campaign.errors import BadInput, UnknownName, WrongUse
from campaign.models import partners, reasons
from campaign.models.listing import PostRow
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.plan.gather import Source
from campaign.plan.refill import NewPost, Refilled, pictures_named, refilled, single, unknown_fields, wording
from campaign.plan.rows import PlanRow
from campaign.plan.template import Template
from campaign.register.pairing import spelt
from campaign.review import decisions, queue
from campaign.review.decisions import Desk

_BY_FORM = "Leave it out: pictures are uploaded in the pages, or come from the partner's details"


@dataclass(frozen=True, slots=True)
class Asked:
    """A post that somebody asks for outside the timetable: of one template, for a partner's account on a channel.

    ``handle`` says which account, where there are several; ``files``: a field may name a picture in the workspace, as
    whoever sits in it may.
    """

    partner: str
    channel: str
    template: str
    due_at: datetime
    fields: Mapping[str, str]
    handle: str = ""
    files: bool = False


def queue_one(desk: Desk, source: Source, asked: Asked) -> Post:
    """Queue a post and submit it.

    Raises:
        NotAllowed: the person may not queue for this partner.
        UnknownName: there is no such partner.
        WrongUse: see ``proposed``; or the time is past.
        BadInput: naming every field that is missing, ill-typed or too long.

    """
    account, row = proposed(desk.session, source, desk.person, asked)
    return queue.add_single(desk, account, row, asked.fields)


def proposed(session: Session, source: Source, person: User, asked: Asked) -> tuple[Account, PlanRow]:
    """Return what the post would be, and store nothing; what is wrong with it is in its findings.

    Raises:
        NotAllowed: the person may not queue for this partner.
        UnknownName: there is no such partner.
        WrongUse: see ``one_account``; or there is no such template for the channel.
        BadInput: the template has no such field, or a field names a picture.

    """
    key, channel, template = asked.partner, asked.channel, asked.template
    owner = partners.partner_by_key(session, key)
    if owner is None or person.partner_key not in {None, key}:
        raise UnknownName(kind="partner", name=key, mend="`campaign partners list` names them.")
    demand(person, Right.QUEUE, key)
    found = [one for one, _ in partners.accounts(session, partner_ids=[owner.ident])]
    account = one_account(found, key, channel, asked.handle)
    try:
        row = single(session, source, NewPost(account, owner, template, asked.due_at, asked.fields))
    except UnknownName as error:
        problem = f"There is no template {template!r} for {channel}"
        raise WrongUse(problem=problem, mend=error.facts["mend"], field="template") from error
    picked = source.copy.templates.pick(template, channel)
    if unknown := unknown_fields(picked.name, picked.fields, asked.fields):
        raise BadInput(unknown)
    _check_pictures(picked, {} if asked.files else asked.fields)
    return account, row


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
    named = [account for account in on if spelt(account.handle) == spelt(handle)] if handle else on
    if len(named) == 1:
        return named[0]
    handles = ", ".join(account.handle for account in on)
    problem = f"there is no account {handle!r}" if handle else f"{partner} has {len(on)} accounts on {channel}"
    raise WrongUse(field="account", problem=problem, mend=f"Write one of {handles}.")


def refill(desk: Desk, source: Source, row: PostRow, values: Mapping[str, str], *, files: bool = False) -> None:
    """Give a post's fields other values; what is not named stays. ``files`` as in ``Asked``.

    Raises BadInput, NotAllowed, MoveRefused.
    """
    made, fields = reworded(desk, source, row, values, files=files)
    why = reasons.edited(f"{name}={text}" for name, text in values.items())
    decisions.edit(desk, row, made.draft, fields, why, made.carried)


def reworded(
    desk: Desk, source: Source, row: PostRow, values: Mapping[str, str], *, files: bool = False
) -> tuple[Refilled, dict[str, str]]:
    """Return what a post would be with other values of its fields, and all of these. Raises BadInput, NotAllowed, and
    WrongUse of a share.
    """
    desk.demand(Right.EDIT, row)
    fresh = {name: text for name, text in values.items() if row.post.fields.get(name) != text}
    _check_pictures(wording(source.copy.templates, row.post), {} if files else fresh)
    fields = row.post.fields | dict(values)
    return refilled(desk.session, source, row, fields), fields


def _check_pictures(template: Template, fields: Mapping[str, str]) -> None:
    if found := pictures_named(template.name, template.fields, fields, _BY_FORM):
        raise BadInput(findings=found)
