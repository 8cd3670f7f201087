"""accounts.csv: ``partner,channel,handle,external_id,mode,credentials`` and, for mail, ``sender,reply_to``.

Credentials are given by reference and read here; they leave this room in a row that does not print them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path

from campaign.config import is_mail, nearest
from campaign.errors import WrongUse
from campaign.intake.sheet import Row, Sheet, one_row, read_sheet
from campaign.vault import read_reference

MAIL = "email"
_REQUIRED = ("partner", "channel", "handle", "external_id")
_KNOWN = (*_REQUIRED, "mode", "credentials", "sender", "reply_to")
_MODES = ("api", "by-hand")
_NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of a partner. For mail ``external_id`` is the list's name. ``credentials`` None: none were given.

    ``columns`` are those that the file has: of others it says nothing.
    """

    partner: str
    channel: str
    handle: str
    external_id: str
    mode: str = "api"
    credentials: dict[str, str] | None = field(default=None, repr=False)
    sender: str | None = None
    reply_to: str | None = None
    columns: frozenset[str] = field(default=frozenset(), compare=False)


def read_accounts(
    path: Path, channels: Collection[str], partners: Collection[str], environ: Mapping[str, str]
) -> list[AccountRow]:
    """Read and check the whole file against the channels and partners that there are.

    A ``file:`` reference is relative to the folder of the CSV.

    Raises:
        BadInput: every row and column that is wrong, each with its line and how to mend it; no secret is shown.

    """
    sheet = read_sheet(path, required=_REQUIRED, known=_KNOWN, free=False)
    keys = {partner.casefold(): partner for partner in partners}
    accounts = [_account(row, channels, keys, path.parent, environ) for row in sheet.rows]
    _refuse_repeats(sheet)
    sheet.refuse_faults()
    return accounts


def account_of(values: Mapping[str, str], channels: Collection[str], partners: Collection[str]) -> AccountRow:
    """Read one account that was typed in, by column. It has no credentials: a reference would name a file or a variable
    of this machine, and is nobody's to send. Raises BadInput.
    """
    row = one_row("the account", values)
    if row["credentials"]:
        row.fault(
            "credentials", "they are not taken from here", "Connect the account, or import it on the command line"
        )
    if _mode(row) == "api" and row["channel"].lower() != MAIL:
        row.fault("mode", "it is connected first", "Write by-hand, then connect it in the pages")
    row.values |= {"credentials": ""} | ({"mode": "by-hand"} if row["channel"].lower() != MAIL else {})
    found = _account(row, channels, {partner.casefold(): partner for partner in partners}, Path(), {})
    row.sheet.refuse_faults()
    return found


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


def _account(
    row: Row, channels: Collection[str], partners: Mapping[str, str], beside: Path, environ: Mapping[str, str]
) -> AccountRow:
    channel = row["channel"].lower()
    if channel not in channels:
        row.fault("channel", f"there is no channel {row['channel']!r}", nearest(channel, channels))
    mode = _mode(row)
    return AccountRow(
        _partner(row, partners),
        channel,
        _handle(row),
        _external_id(row, channel, mode),
        mode,
        _credentials(row, channel, mode, beside, environ),
        _sender(row, channel),
        _reply_to(row, channel),
        frozenset(row.values),
    )


def _partner(row: Row, partners: Mapping[str, str]) -> str:
    key = row["partner"]
    if key.casefold() not in partners:
        close = nearest(key, partners.values()) if partners else "Import the partners first"
        row.fault("partner", f"there is no partner {key!r}", close)
    return partners.get(key.casefold(), key)


def _mode(row: Row) -> str:
    mode = row["mode"].lower().replace("_", "-").replace(" ", "-") or "api"
    if mode not in _MODES:
        row.fault("mode", f"{row['mode']!r} is no mode", "Write api or by-hand")
    return mode


def _handle(row: Row) -> str:
    """Return the handle without a leading @: platforms show it, none wants it back."""
    return row.need("handle", _NAME_MAX).removeprefix("@")


def _external_id(row: Row, channel: str, mode: str) -> str:
    if mode == "by-hand" and channel != MAIL:
        return row.at_most("external_id", _NAME_MAX)
    return row.need("external_id", _NAME_MAX)


def _credentials(row: Row, channel: str, mode: str, beside: Path, environ: Mapping[str, str]) -> dict[str, str] | None:
    if row["credentials"]:
        try:
            return read_reference(row["credentials"], beside, environ)
        except WrongUse as error:
            row.fault("credentials", str(error.facts["problem"]), str(error.facts["mend"]))
    elif mode == "api" and channel != MAIL:
        row.fault("credentials", "it is empty", "Write env:NAME or file:PATH, or set mode to by-hand")
    return None


def _sender(row: Row, channel: str) -> str | None:
    """Return the From of a mail account: an address, with or without a name before it."""
    text = _for_mail(row, "sender", channel)
    if text and not is_mail(parseaddr(text)[1]):
        row.fault("sender", f"{text!r} is no sender", "Write Name <name@example.org>")
    return text or None


def _reply_to(row: Row, channel: str) -> str | None:
    text = _for_mail(row, "reply_to", channel)
    if text and not is_mail(text):
        row.fault("reply_to", f"{text!r} is no mail address", "Write name@example.org")
    return text or None


def _for_mail(row: Row, column: str, channel: str) -> str:
    text = row.at_most(column, _NAME_MAX)
    if text and channel != MAIL:
        row.fault(column, f"an account on {channel or 'no channel'} has none", "Leave it empty: it is for email alone")
    return text
