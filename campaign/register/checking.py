"""Asking the platforms whose the accounts' credentials are, and whether they work."""

from collections.abc import Mapping

from campaign.errors import Outcome, Stranger
from campaign.identities import Identities
from campaign.models import Database, mailing, partners, renewals
from campaign.models.partners import Account, AccountMode, Partner
from campaign.ports import MAIL, Channel, Identity, Standing, Verifies


def check(database: Database, channels: Mapping[str, Channel], identities: Identities) -> list[dict[str, object]]:
    """Ask each platform about each account with API access; what a probe finds is kept.

    One that works and had stopped because its access was refused goes again: the platform refused good tokens. One
    whose credentials are somebody else's stops.
    """
    with database.read() as session:
        pairs = [
            one for one in partners.accounts(session) if one[0].mode == AccountMode.API and not one[0].disabled_why
        ]
    return [probe(database, channels[account.channel], identities, account, partner) for account, partner in pairs]


def probe(
    database: Database, channel: Channel, identities: Identities, account: Account, partner: Partner
) -> dict[str, object]:
    """Ask the platform about one account; what it says is kept, where it says anything. One that mails a list which is
    not there does not work, whatever the mail server says.
    """
    document: dict[str, object] = {
        "id": str(account.id),
        "partner": partner.key,
        "channel": account.channel,
        "handle": account.handle,
        "works": True,
        "can_find": None,
        "note": "",
    }
    if not isinstance(channel, Verifies):
        return document
    try:
        standing = _asked(database, channel, identities.of(account, partner))
    except Outcome as outcome:
        return document | {"works": False, "note": str(outcome)}
    with database.write() as session:
        partners.change_account(session, account.ident, _found(account, standing))
        missing = account.channel == MAIL and mailing.list_by_key(session, account.external_id) is None
    if missing:
        return document | {
            "works": False,
            "note": f"there is no email list {account.external_id!r}: import its readers",
        }
    return document | {"can_find": standing.can_find, "note": standing.note}


def _asked(database: Database, channel: Verifies, who: Identity) -> Standing:
    """Ask; an account whose credentials are somebody else's stops, unless it has others by now."""
    try:
        return channel.verify(who)
    except Stranger as stranger:
        with database.write() as session:
            if renewals.stored(session, who.account_id, who.opened):
                values = {"can_find": False, "stopped_why": str(stranger), "stopped_until": None}
                partners.change_account(session, who.account_id, values)
        raise


def _found(account: Account, standing: Standing) -> dict[str, object]:
    """Return what a probe that worked changes: a stop until a person acts is over, one for a while runs on."""
    values: dict[str, object] = {"can_find": standing.can_find}
    return values | ({"stopped_why": None} if account.stopped_until is None else {})
