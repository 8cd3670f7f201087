"""accounts.csv: ``partner,channel,handle,external_id,mode,credentials`` and, for mail, ``sender,reply_to``.

Credentials are given by reference and read here; they leave this room in a row that does not print them. What is sent
by the pages or by a program has none: a reference would name a file or a variable of this machine, and is nobody's to
send.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from campaign.config import GUESSES, is_mail, named, nearest, odd_sign
from campaign.errors import Finding, WrongUse
from campaign.intake.rows import Row, Sheet
from campaign.intake.sheet import FILE_MAX, one_row, read_sheet, sheet_of
from campaign.models.partners import AccountMode
from campaign.ports import MAIL
from campaign.vault import read_reference

_REQUIRED = ("partner", "channel", "handle", "external_id")
SENT = (*_REQUIRED, "mode", "sender", "reply_to")
"""The columns of a file that is sent."""
_KNOWN = (*SENT, "credentials")
_SECRETS = frozenset(
    {
        "access_token",
        "access_token_secret",
        "app_secret",
        "client_id",
        "client_secret",
        "consumer_key",
        "consumer_secret",
        "refresh_token",
    }
)
_NAME_MAX = 200
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of a partner. For mail ``external_id`` is the list's name. ``credentials`` None: none were given.

    ``columns`` are those that the file has: of others it says nothing. ``file`` and ``line`` are where it stands.
    """

    partner: str
    channel: str
    handle: str
    external_id: str
    mode: str = AccountMode.API
    credentials: dict[str, str] | None = field(default=None, repr=False)
    sender: str | None = None
    reply_to: str | None = None
    columns: frozenset[str] = field(default=frozenset(), compare=False)
    file: str = field(default="", compare=False)
    line: int | None = field(default=None, compare=False)

    def fault(self, column: str, problem: str, mend: str) -> Finding:
        """Return what is wrong with it against what is stored."""
        return Finding(self.file, column, problem, mend, self.line)


Opener = Callable[[str], dict[str, str]]
"""Opens a reference to credentials. Raises WrongUse."""


def read_accounts(
    path: Path, channels: Collection[str], partners: Collection[str], environ: Mapping[str, str]
) -> list[AccountRow]:
    """Read and check the whole file against the channels and partners that there are.

    A ``file:`` reference is relative to the folder of the CSV.

    Raises:
        BadInput: every row and column that is wrong, each with its line and how to mend it; no secret is shown.

    """
    sheet = read_sheet(path, required=_REQUIRED, known=_KNOWN, free=False)
    return _accounts(sheet, channels, partners, partial(read_reference, beside=path.parent, environ=environ))


def accounts_of(
    name: str, content: bytes, channels: Collection[str], partners: Collection[str], file_max: int = FILE_MAX
) -> list[AccountRow]:
    """Read and check the whole of what was sent as a file of this name, of ``file_max`` bytes at most.

    It holds no credentials. Where it says no mode, a known account stays as it is; a new one is by hand, one of mail by
    this service. Raises BadInput as ``read_accounts`` does.
    """
    sheet = sheet_of(name, content, required=_REQUIRED, known=_KNOWN, free=False, file_max=file_max)
    return _accounts(sheet, channels, partners, None)


def account_of(values: Mapping[str, str], channels: Collection[str], partners: Collection[str]) -> AccountRow:
    """Read one account that was typed in or sent, by column; as ``accounts_of`` reads a row. Raises BadInput."""
    (found,) = _accounts(one_row("the account", values).sheet, channels, partners, None)
    return found


def _accounts(
    sheet: Sheet, channels: Collection[str], partners: Collection[str], opener: Opener | None
) -> list[AccountRow]:
    """Check the rows; without an ``opener`` they were sent, and may have no credentials."""
    if opener is None:
        _refuse_credentials(sheet)
    keys = {partner.casefold(): partner for partner in partners}
    accounts = [_account(row, channels, keys, opener) for row in sheet.rows]
    _refuse_repeats(sheet)
    sheet.refuse_faults()
    return accounts


def _refuse_credentials(sheet: Sheet) -> None:
    for row in sheet.rows:
        if row["credentials"]:
            mend = "Connect the account, or import it on the command line"
            row.fault("credentials", "they are not taken from here", mend)
            return


def _refuse_repeats(sheet: Sheet) -> None:
    """Note what stands there twice: an id, or a handle where one of the two rows has no id to tell them apart."""
    named = [(row, " ".join((row["partner"], row["channel"], row["external_id"]))) for row in sheet.rows]
    sheet.refuse_repeats("external_id", named)
    with_id = {_who(row): row for row in sheet.rows if row["external_id"]}
    for row in sheet.rows:
        twin = None if row["external_id"] else with_id.get(_who(row))
        if twin is not None and row["handle"]:
            problem = f"{row['handle']!r} stands in line {twin.line} too, with an external_id"
            row.fault("handle", problem, "Keep one row for the account")


def _who(row: Row) -> str:
    return " ".join((row["partner"], row["channel"], row["handle"].removeprefix("@"))).casefold()


def _account(row: Row, channels: Collection[str], partners: Mapping[str, str], opener: Opener | None) -> AccountRow:
    channel = row["channel"].lower()
    if channel not in channels:
        row.fault("channel", f"there is no channel {row['channel']!r}", nearest(channel, channels))
    sent = opener is None
    mode = _mode(row, AccountMode.BY_HAND if sent and channel != MAIL else AccountMode.API)
    unsaid = {"mode"} if sent and not row["mode"] else set()
    return AccountRow(
        _partner(row, partners),
        channel,
        _handle(row),
        _external_id(row, channel, needed=channel == MAIL or (mode == AccountMode.API and not sent)),
        mode,
        _credentials(row, channel, mode, opener),
        _sender(row, channel),
        _reply_to(row, channel),
        frozenset(row.values) - unsaid,
        row.sheet.name,
        row.line,
    )


def _partner(row: Row, partners: Mapping[str, str]) -> str:
    key = row["partner"]
    if key.casefold() not in partners:
        row.fault("partner", f"there is no partner {key!r}", _meant(row, partners))
    return partners.get(key.casefold(), key)


def _meant(row: Row, partners: Mapping[str, str]) -> str:
    if not partners:
        return "Import the partners first"
    if len(row.sheet.findings) >= GUESSES:
        return "Write the key of a partner that there is"
    return nearest(row["partner"], partners.values())


def _mode(row: Row, unsaid: str) -> str:
    mode = row["mode"].lower().replace("_", "-").replace(" ", "-") or unsaid
    if mode not in set(AccountMode):
        row.fault("mode", f"{row['mode']!r} is no mode", f"Write {' or '.join(AccountMode)}")
    return mode


def _handle(row: Row) -> str:
    """Return the handle without a leading @: platforms show it, none wants it back."""
    return row.need("handle", _NAME_MAX).removeprefix("@")


def _external_id(row: Row, channel: str, *, needed: bool) -> str:
    if channel != MAIL and _ROUNDED.fullmatch(row["external_id"]):
        mend = "Make the column text in the spreadsheet, then type the id anew: its last digits are lost"
        row.fault("external_id", f"{row['external_id']!r} is an id that a spreadsheet has rounded", mend)
    return row.need("external_id", _NAME_MAX) if needed else row.at_most("external_id", _NAME_MAX)


def _credentials(row: Row, channel: str, mode: str, opener: Opener | None) -> dict[str, str] | None:
    if opener is None:
        return None
    if row["credentials"]:
        try:
            return _sound(row, channel, opener(row["credentials"]))
        except WrongUse as error:
            row.fault("credentials", str(error.facts["problem"]), str(error.facts["mend"]))
    elif mode == AccountMode.API and channel != MAIL:
        row.fault("credentials", "it is empty", "Write env:NAME or file:PATH, or set mode to by-hand")
    return None


def _sound(row: Row, channel: str, credentials: dict[str, str]) -> dict[str, str]:
    """Note a token or key of a platform that holds what none does; it is named, and not shown."""
    for name in sorted(_SECRETS & credentials.keys()) if channel != MAIL else ():
        if odd := odd_sign(credentials[name]):
            problem = f"its {name} holds the character {odd}, which none of a platform does"
            row.fault("credentials", problem, "Copy it once more: only letters, digits and signs of ASCII")
    return credentials


def _sender(row: Row, channel: str) -> str | None:
    """Return the From of a mail account: an address, with or without a name before it."""
    text = _for_mail(row, "sender", channel)
    if text and not is_mail(named(text)[1]):
        row.fault("sender", f"{text!r} is no sender", "Write Name <name@example.org>")
    _refuse_wide(row, "sender", text)
    return text or None


def _reply_to(row: Row, channel: str) -> str | None:
    text = _for_mail(row, "reply_to", channel)
    if text and not is_mail(text):
        row.fault("reply_to", f"{text!r} is no mail address", "Write name@example.org")
    _refuse_wide(row, "reply_to", text)
    return text or None


def _refuse_wide(row: Row, column: str, text: str) -> None:
    """Refuse an address that few mail servers would take; it stands in every copy."""
    if not named(text)[1].rpartition("@")[0].isascii():
        row.fault(column, f"{text!r} is not ASCII before the @", "Name an address that every mail server takes")


def _for_mail(row: Row, column: str, channel: str) -> str:
    text = row.at_most(column, _NAME_MAX)
    if text and channel != MAIL:
        row.fault(column, f"an account on {channel or 'no channel'} has none", "Leave it empty: it is for email alone")
    return text
