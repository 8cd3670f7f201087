"""Accounts from a file, their credentials sealed; and those taken out of the campaign."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.errors import BadInput, UnknownName, WrongUse
from campaign.identities import name
from campaign.intake import AccountRow
from campaign.models import audit, holds, listing, partners
from campaign.models.moves import void_approval
from campaign.models.partners import Account, AccountMode
from campaign.models.status import Status
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.ports import MAIL
from campaign.register import Taken
from campaign.register.foreseen import State, Value, differing, state_of
from campaign.register.pairing import paired, spelt
from campaign.vault import Vault


@dataclass(frozen=True, slots=True)
class Change:
    """What a row of a file would do. ``returns``: how many approved posts it sends back to review; ``reconnects``: its
    access is for another id, so that the account has to be connected again.
    """

    partner: str
    channel: str
    handle: str
    state: State
    values: tuple[Value, ...]
    returns: int
    reconnects: bool


def preview(session: Session, rows: Sequence[AccountRow], vault: Vault, *, by: User) -> list[Change]:
    """Return what ``take`` would do with each row, in their order; nothing is written. Raises BadInput as it does."""
    demand(by, Right.ADMINISTER)
    _, pairs = _paired(session, rows)
    return [_foreseen(session, row, found, vault) for row, found in pairs]


def _foreseen(session: Session, row: AccountRow, found: Account | None, vault: Vault) -> Change:
    ahead = Account(**found.model_dump()) if found else _new(row, 0)
    changed = _change(ahead, row, vault)
    values = differing(_told(found) if found else {}, _told(ahead))
    state = state_of(known=found is not None, changed=changed)
    moved = found is not None and _speaks(found) != _speaks(ahead)
    returns = len(_approved(session, found)) if found is not None and moved else 0
    reconnects = found is not None and found.sealed is not None and ahead.sealed is None
    return Change(row.partner, row.channel, row.handle, state, values, returns, reconnects)


def take(session: Session, rows: Sequence[AccountRow], vault: Vault, *, by: User, now: datetime) -> Taken:
    """Store the accounts of a file; what it has no column for is kept.

    New credentials let a stopped account go again; a new id, sender or reply address voids the approval of its posts.

    Raises:
        BadInput: a row may mean more than one of the partner's accounts, or asks for API access that nothing opens.

    """
    demand(by, Right.ADMINISTER)
    taken, corrected = Taken(), dict[str, str]()
    keys, pairs = _paired(session, rows)
    # Those that are there come first: one of them may have to give its place without an id to a new one.
    for row, found in sorted(pairs, key=lambda pair: pair[1] is None):
        account = found or _new(row, keys[row.partner])
        before, envelope = account.external_id, _envelope(account)
        changed = _change(account, row, vault)
        if found is None:
            partners.add_account(session, account, now)
        elif changed:
            taken.touched.append(account.ident)
        if account.external_id != before:
            corrected[f"{row.partner} {row.channel} {row.handle}"] = f"{before or 'no id'} -> {account.external_id}"
        session.add(account)
        session.flush()
        if found is not None and envelope != _envelope(account):
            _void_issues(session, account, by, now)
        taken.count(added=found is None, changed=changed)
    facts: dict[str, object] = {"added": taken.added, "changed": taken.changed}
    if corrected:
        facts["ids"] = corrected
    audit.record(session, who=by.name, action="import accounts", subject="accounts", at=now, facts=facts)
    return taken


def _paired(
    session: Session, rows: Sequence[AccountRow]
) -> tuple[dict[str, int], list[tuple[AccountRow, Account | None]]]:
    """Return the partners' numbers by key, and each row with its account, None where that is new."""
    keys = {partner.key: partner.ident for partner in partners.partners(session)}
    stored = [(account, partner.key) for account, partner in partners.accounts(session)]
    # A partner removed since intake has checked the file has no accounts.
    pairs = list(paired([row for row in rows if row.partner in keys], stored))
    if unopened := [row.fault("mode", _NOT_YET.format(row=row), _BY_HAND) for row in _unopened(pairs)]:
        raise BadInput(unopened)
    return keys, pairs


_NOT_YET = "{row.partner} {row.channel} {row.handle} is not connected yet"
_BY_HAND = "Write by-hand, then connect it in the pages"


def _unopened(pairs: Iterable[tuple[AccountRow, Account | None]]) -> list[AccountRow]:
    """Return the rows that ask for API access to a platform for which nothing is there that opens it."""
    return [
        row
        for row, found in pairs
        if (row.mode, row.credentials) == (AccountMode.API, None)
        and not (row.channel == MAIL or (found and found.mode == AccountMode.API))
    ]


def _new(row: AccountRow, partner_id: int) -> Account:
    return Account(
        partner_id=partner_id,
        channel=row.channel,
        handle=row.handle,
        external_id=row.external_id,
        mode=row.mode,
    )


def _told(account: Account) -> dict[str, str | None]:
    return {name: getattr(account, name) for name in ("handle", "external_id", "mode", "sender", "reply_to")}


def add(session: Session, row: AccountRow, vault: Vault, *, by: User, now: datetime) -> Account:
    """Store one new account.

    Raises:
        NotAllowed: the person may not.
        WrongUse: there is no such partner, or it has this account already, by its id or its handle; of several accounts
            on a channel one alone may have no id; or it asks for API access that nothing opens.

    """
    demand(by, Right.ADMINISTER)
    partner = partners.partner_by_key(session, row.partner)
    if partner is None:
        raise UnknownName(field="partner", kind="partner", name=row.partner, mend="The list of partners names them.")
    for other, _ in partners.accounts(session, partner_ids=[partner.ident]):
        if other.channel == row.channel:
            _refuse_twin(row, other)
    if _unopened([(row, None)]):
        raise WrongUse(field="mode", problem=_NOT_YET.format(row=row), mend=f"{_BY_HAND}.")
    account = _new(row, partner.ident)
    _change(account, row, vault)
    partners.add_account(session, account, now)
    facts = {"partner": row.partner, "channel": row.channel, "handle": row.handle, "mode": row.mode}
    audit.record(session, who=by.name, action="add account", subject=_scope(account.ident), at=now, facts=facts)
    return account


def _refuse_twin(row: AccountRow, other: Account) -> None:
    if row.external_id == other.external_id:
        problem = f"The partner has {other.handle} there, " + (
            "without an id too" if not row.external_id else "by this id"
        )
        raise WrongUse(field="external_id", problem=problem, mend="Give this account an id of its own.")
    if row.channel != MAIL and spelt(row.handle) == spelt(other.handle):
        raise WrongUse(field="handle", problem=f"The partner has {other.handle} there already", mend="See Accounts.")


def _void_issues(session: Session, account: Account, by: User, now: datetime) -> None:
    """Take the approval from issues that still name the old sender or reply address; a plan gives them the new one."""
    for row in _approved(session, account):
        why = "sender or reply address of its account changed"
        void_approval(session, row.post, who=by.name, at=now, why=why)


def _approved(session: Session, account: Account) -> list[listing.PostRow]:
    return listing.posts(session, listing.PostFilter(account_id=account.ident, statuses=(Status.APPROVED.value,)))


def _envelope(account: Account) -> tuple[str | None, ...]:
    return account.sender, account.reply_to


def _speaks(account: Account) -> tuple[str | None, ...]:
    """Return as whom its posts speak: an approval is good for that alone."""
    return account.external_id, *_envelope(account)


def _change(account: Account, row: AccountRow, vault: Vault) -> bool:
    before = _values(account)
    account.handle = row.handle
    for column in ("mode", "sender", "reply_to"):
        if column in row.columns:
            setattr(account, column, getattr(row, column))
    if row.external_id and row.external_id != account.external_id:
        # What is sealed is bound to the old id, and was never good for the new one.
        account.external_id, account.sealed, account.imported = row.external_id, None, None
    if row.credentials is not None:
        _seal_new(account, row.credentials, vault)
    return before != _values(account)


def _values(account: Account) -> tuple[str | None, ...]:
    return account.handle, account.mode, account.external_id, account.sender, account.reply_to, account.imported


def _seal_new(account: Account, credentials: Mapping[str, str], vault: Vault) -> None:
    """Seal credentials that were not brought in before: the same file must not undo the renewals since then."""
    imported = vault.fingerprint(credentials, name(account))
    if imported == account.imported:
        return
    account.imported = imported
    seal(account, credentials, vault)


def seal(account: Account, credentials: Mapping[str, str], vault: Vault) -> None:
    """Put new credentials into the row; what had stopped for the old ones goes again."""
    account.sealed = vault.seal(credentials, name(account))
    account.stopped_why = account.stopped_until = None


def disable(session: Session, account_id: int, reason: str, *, by: User, now: datetime) -> str:
    """Take an account out of the campaign: nothing more is planned for it, and what is approved is held. Returns its
    name for people.

    Raises:
        UnknownName: there is no such account.
        WrongUse: it is disabled already.

    """
    demand(by, Right.ADMINISTER)
    account, called = _named(session, account_id)
    if account.disabled_why is not None:
        raise WrongUse(problem=f"{called} is disabled already", mend="`campaign accounts enable` takes it back.")
    account.disabled_why = reason
    session.add(account)
    session.add(holds.Hold(scope=_scope(account_id), reason=f"disabled: {reason}", held_by=by.name, held_at=now))
    facts = {"reason": reason}
    audit.record(session, who=by.name, action="disable account", subject=_scope(account_id), at=now, facts=facts)
    return called


def enable(session: Session, account_id: int, reason: str, *, by: User, now: datetime) -> str:
    """Take an account back into the campaign and let go what was held since it was disabled; other holds on it stay.
    Returns its name for people.

    Raises:
        UnknownName: there is no such account.
        WrongUse: it is not disabled.

    """
    demand(by, Right.ADMINISTER)
    account, called = _named(session, account_id)
    if account.disabled_why is None:
        raise WrongUse(problem=f"{called} is not disabled", mend="`campaign accounts list` shows which are.")
    held = f"disabled: {account.disabled_why}"
    for row in holds.active(session):
        if (row.scope, row.reason) == (_scope(account_id), held):
            row.released_by, row.released_at = by.name, now
            session.add(row)
    account.disabled_why = None
    session.add(account)
    facts = {"reason": reason}
    audit.record(session, who=by.name, action="enable account", subject=_scope(account_id), at=now, facts=facts)
    return called


def _scope(account_id: int) -> str:
    return f"account:{account_id}"


def _named(session: Session, account_id: int) -> tuple[Account, str]:
    try:
        account, partner = partners.account_with_partner(session, account_id)
    except LookupError as error:
        raise UnknownName(kind="account", name=str(account_id), mend="`campaign accounts list` names them.") from error
    return account, f"{partner.key} {account.channel} {account.handle}"
