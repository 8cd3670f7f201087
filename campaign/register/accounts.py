"""Accounts from a file, their credentials sealed; and asking the platforms whether they work."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from campaign.errors import Outcome
from campaign.identities import Identities, name
from campaign.intake import AccountRow
from campaign.models import Database, audit, listing, partners
from campaign.models.moves import void_approval
from campaign.models.partners import Account
from campaign.models.status import Status
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.ports import Channel, Standing, Verifies
from campaign.register import Taken
from campaign.vault import Vault


def take(session: Session, rows: Sequence[AccountRow], vault: Vault, *, by: User, now: datetime) -> Taken:
    """Store the accounts of a file; what it has no column for is kept.

    New credentials let a stopped account go again; a new id, sender or reply address voids the approval of its posts.
    """
    demand(by, Right.ADMINISTER)
    taken = Taken()
    for row in rows:
        partner = partners.partner_by_key(session, row.partner)
        if partner is None:
            continue  # intake has checked it; a partner removed since then has no accounts
        found = _known(session, partner.ident, row)
        account = found or Account(
            partner_id=partner.ident, channel=row.channel, handle=row.handle, external_id=row.external_id
        )
        before = _bound(account)
        changed = _change(account, row, vault)
        if found is None:
            partners.add_account(session, account)
        session.add(account)
        if found is not None and before != _bound(account):
            _void_approvals(session, account, by, now)
        taken.count(added=found is None, changed=changed)
    facts = {"added": taken.added, "changed": taken.changed}
    audit.record(session, who=by.name, action="import accounts", subject="accounts", at=now, facts=facts)
    return taken


def _known(session: Session, partner_id: int, row: AccountRow) -> Account | None:
    """Return the stored account of a row. One that had only a handle gets its id, and is not taken for another one: its
    posts would go out twice.
    """
    found = partners.find_account(session, partner_id, row.channel, row.external_id)
    return found or partners.account_without_id(session, partner_id, row.channel, row.handle)


def _bound(account: Account) -> tuple[str | None, ...]:
    """Return what an approval is bound to."""
    return account.external_id, account.sender, account.reply_to


def _void_approvals(session: Session, account: Account, by: User, now: datetime) -> None:
    """Take the approval from posts that were approved for the account as it was; a plan brings them in line."""
    approved = listing.PostFilter(account_id=account.ident, statuses=(Status.APPROVED.value,))
    for row in listing.posts(session, approved):
        why = "its account changed: id, sender or reply address"
        void_approval(session, row.post, who=by.name, at=now, why=why)


def _change(account: Account, row: AccountRow, vault: Vault) -> bool:
    before = _values(account)
    account.handle, account.external_id = row.handle, row.external_id
    for column in ("mode", "sender", "reply_to"):
        if column in row.columns:
            setattr(account, column, getattr(row, column))
    if row.credentials is not None:
        _seal_new(account, row.credentials, vault)
    return before != _values(account)


def _values(account: Account) -> tuple[str | None, ...]:
    return account.handle, account.external_id, account.mode, account.sender, account.reply_to, account.imported


def _seal_new(account: Account, credentials: Mapping[str, str], vault: Vault) -> None:
    """Seal credentials that were not brought in before: the same file must not undo the renewals since then."""
    imported = vault.fingerprint(credentials, name(account))
    if imported == account.imported:
        return
    account.sealed, account.imported = vault.seal(credentials, name(account)), imported
    account.stopped_why = account.stopped_until = None


def _found(account: Account, standing: Standing) -> dict[str, object]:
    """Return what a probe that worked changes: a stop until a person acts is over, one for a while runs on."""
    values: dict[str, object] = {"can_find": standing.can_find}
    return values | ({"stopped_why": None} if account.stopped_until is None else {})


def check(database: Database, channels: Mapping[str, Channel], identities: Identities) -> list[dict[str, object]]:
    """Ask each platform about each account with API access; what a probe finds is kept.

    One that works and had stopped because its access was refused goes again: the platform refused good tokens.
    """
    with database.read() as session:
        pairs = [pair for pair in partners.accounts(session) if pair[0].mode == "api"]
    documents = []
    for account, partner in pairs:
        channel = channels[account.channel]
        document: dict[str, object] = {
            "id": str(account.id),
            "partner": partner.key,
            "channel": account.channel,
            "handle": account.handle,
            "works": True,
            "can_find": None,
            "note": "",
        }
        if isinstance(channel, Verifies):
            try:
                standing = channel.verify(identities.of(account, partner))
            except Outcome as outcome:
                document |= {"works": False, "note": str(outcome)}
            else:
                document |= {"can_find": standing.can_find, "note": standing.note}
                with database.write() as session:
                    partners.change_account(session, account.ident, _found(account, standing))
        documents.append(document)
    return documents
