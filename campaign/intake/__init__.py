"""What people bring in: CSV files of partners, accounts and subscribers, read and checked whole.

Nothing here touches the database. A file is either read whole or refused with every fault named, so that nothing is
ever half imported.
"""

from campaign.intake.accounts import AccountRow, account_of, accounts_of, read_accounts
from campaign.intake.partners import PartnerRow, partner_of, partners_of, read_partners
from campaign.intake.subscribers import (
    Readers,
    SubscriberRow,
    digest_of,
    each_subscriber,
    read_subscribers,
    subscribers_of,
)

__all__ = [
    "AccountRow",
    "PartnerRow",
    "Readers",
    "SubscriberRow",
    "account_of",
    "accounts_of",
    "digest_of",
    "each_subscriber",
    "partner_of",
    "partners_of",
    "read_accounts",
    "read_partners",
    "read_subscribers",
    "subscribers_of",
]
