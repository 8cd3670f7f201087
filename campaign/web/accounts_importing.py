"""Accounts from a CSV file: uploaded, shown row by row with nothing stored, then taken in all together.

No row brings credentials: an account is connected in the pages, or imported on the command line.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.intake import AccountRow, accounts_of
from campaign.intake.accounts import SENT
from campaign.models import partners
from campaign.people import Right
from campaign.register import accounts as register
from campaign.register.accounts import Change
from campaign.reports.log import LogRow
from campaign.review.decisions import Desk
from campaign.review.rebinding import take_accounts, told
from campaign.web.area import Area
from campaign.web.carrying import MOST, Carrier, counts
from campaign.web.downloads import as_csv
from campaign.web.forms import Form, Sent, Upload
from campaign.web.house import House
from campaign.web.visitor import Actor, Who

area = Area()

_HOME = "/accounts/import"


@area.get(_HOME, Right.ADMINISTER)
def ask(who: Who) -> Response:
    """Ask for the file, and say what it holds."""
    return _carrier(who).ask(Form())


@area.get(f"{_HOME}/template.csv", Right.ADMINISTER)
def template_csv(who: Who) -> Response:
    """Give a file to fill in, with the accounts that there are."""
    with who.reading() as session:
        rows = list(_known(session))
    return as_csv(iter(rows), SENT, "accounts")


def _known(session: Session) -> Iterator[LogRow]:
    for account, partner in partners.accounts(session):
        told = {name: getattr(account, name) for name in SENT if name != "partner"}
        yield told | {"partner": partner.key, "handle": account.handle.removeprefix("@")}


@area.post(_HOME, Right.ADMINISTER, most_bytes=2 * MOST)
def take(who: Who, sent: Sent) -> Response:
    """Show what the file would do, or take it in."""
    return _carrier(who).answer(sent)


def account_rows(house: House, name: str, content: bytes) -> list[AccountRow]:
    """Read what was sent as a file of this name, against the channels and partners that there are. Raises BadInput."""
    with house.app.database.read() as session:
        known = [key for key, _ in partners.names(session)]
    return accounts_of(name, content, set(house.app.channels), known, MOST)


def _carrier(who: Actor) -> Carrier[AccountRow, Change]:
    vault = who.house.app.vault

    def read(file: Upload) -> list[AccountRow]:
        return account_rows(who.house, file.name or "accounts.csv", file.content)

    def foresee(session: Session, rows: Sequence[AccountRow]) -> list[Change]:
        return register.preview(session, rows, vault, by=who.person)

    def store(desk: Desk, rows: Sequence[AccountRow]) -> str:
        return " ".join(told(*take_accounts(desk, rows, vault)))

    pages = ("accounts/import.html", "accounts/preview.html", "/accounts")
    return Carrier(who, *pages, read, foresee, store, _sums, {"channels": list(who.house.app.channels)})


def _sums(changes: Sequence[Change]) -> Mapping[str, Any]:
    sums = {"returns": sum(one.returns for one in changes), "reconnects": sum(one.reconnects for one in changes)}
    return {"counts": counts(changes), **sums}
