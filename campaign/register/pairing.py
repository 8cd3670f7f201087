"""Which stored account a row of accounts.csv speaks of, so that no account is stored twice and posts twice.

A platform's id tells accounts apart; an account that a person serves has none, or not yet. The rows of a file are
looked at together: what one of them names for certain is no candidate for the others. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from campaign.errors import BadInput
from campaign.intake import AccountRow
from campaign.models.partners import Account
from campaign.ports import MAIL


@dataclass(slots=True)
class _Side:
    """The rows and the stored accounts of one partner on one channel that have not found each other yet."""

    partner: str
    channel: str
    rows: list[AccountRow]
    accounts: list[Account]
    stored: int = 0
    pairs: dict[int, Account] = field(default_factory=dict)

    def pair(self, fits: Callable[[AccountRow, Account], bool]) -> None:
        """Bring each row together with the one account that fits it. Raises BadInput when several do."""
        for row in list(self.rows):
            found = [account for account in self.accounts if fits(row, account)]
            if len(found) > 1:
                raise self._ambiguous(row)
            if found:
                self.pairs[id(row)] = found[0]
                self.rows.remove(row)
                self.accounts.remove(found[0])

    def pair_the_only_one(self) -> None:
        """Take a row without a counterpart for the partner's only account here, where one of the two has no id.

        Raises:
            BadInput: it may be that account or a further one, and nothing tells which.

        """
        unclear = len(self.rows) > 1 or self.stored > 1
        for row in self.rows:
            if unclear and any(_without_id(row, account) for account in self.accounts):
                raise self._ambiguous(row)
        self.pair(_without_id)

    def _ambiguous(self, row: AccountRow) -> BadInput:
        named = ", ".join(f"{account.handle} ({account.external_id or 'no id'})" for account in self.accounts)
        problem = f"{self.partner} {self.channel} {row.handle}: it cannot be told which account this is: {named}"
        mend = "Write its handle or external_id as the list of accounts has it, or every account in the file"
        return BadInput([row.fault("handle", problem, mend)])


def paired(
    rows: Sequence[AccountRow], stored: Iterable[tuple[Account, str]]
) -> Iterator[tuple[AccountRow, Account | None]]:
    """Yield each row with its stored account, None where the account is new. ``stored`` names each one's partner.

    The id decides; then the handle, where it is no list's; then a partner's only account on the channel, if it or the
    row has no id.

    Raises:
        BadInput: a row may mean several accounts.

    """
    sides: dict[tuple[str, str], _Side] = {}
    for row in rows:
        sides.setdefault((row.partner, row.channel), _Side(row.partner, row.channel, [], [])).rows.append(row)
    for account, partner in stored:
        if side := sides.get((partner, account.channel)):
            side.accounts.append(account)
            side.stored += 1
    found: dict[int, Account] = {}
    for side in sides.values():
        side.pair(_same_id)
        side.pair(_same_handle_without_id)
        side.pair(_same_handle)
        side.pair_the_only_one()
        found |= side.pairs
    for row in rows:
        yield row, found.get(id(row))


def _same_id(row: AccountRow, account: Account) -> bool:
    return bool(row.external_id) and row.external_id == account.external_id


def _without_id(row: AccountRow, account: Account) -> bool:
    return not (row.external_id and account.external_id)


def _same_handle_without_id(row: AccountRow, account: Account) -> bool:
    return _without_id(row, account) and spelt(row.handle) == spelt(account.handle)


def _same_handle(row: AccountRow, account: Account) -> bool:
    """A handle that stays while the id changes: the id was wrong, and the file corrects it."""
    # An email account's id is its list: one partner may have several under one handle, and each has its id.
    return row.channel != MAIL and spelt(row.handle) == spelt(account.handle)


def spelt(handle: str) -> str:
    """Return a handle as it is compared."""
    return handle.removeprefix("@").casefold()
