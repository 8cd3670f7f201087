"""The person whom the program asks: looks at the accounts, says what is there, and brings new credentials."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet import Fleet
from sqlmodel import col, select

from campaign.models import listing
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.status import Status

WHO = "operator"
_ADDRESSES: Mapping[str, str] = {
    "x": "https://x.com/i/status/{}",
    "facebook": "https://www.facebook.com/{}",
    "linkedin": "https://www.linkedin.com/feed/update/{}/",
    "email": "https://lists.example.org/archive/{}",
}


@dataclass
class Person:
    """Answers from the world's ledger alone. ``asked`` counts the questions by what was said to be unclear."""

    fleet: Fleet
    asked: Counter[str] = field(default_factory=Counter)
    _renewals: int = 0

    def answer(self) -> bool:
        """Answer every question that stands open now; say whether there was any."""
        before = self.asked.total()
        self._say_what_is_there()
        self._renew_stopped()
        return self.asked.total() > before

    def _say_what_is_there(self) -> None:
        with self.fleet.app.database.read() as session:
            unclear = listing.posts(session, listing.PostFilter(statuses=(Status.UNCONFIRMED.value,)))
        open_ones = [row for row in unclear if row.post.needs_person]
        if not open_ones:
            return
        ledger = self.fleet.trial.sandbox.world.ledger()
        for row in open_ones:
            self._settle(row, ledger)
            self.asked[_in_short(row)] += 1

    def _settle(self, row: PostRow, ledger: list[dict[str, Any]]) -> None:
        message = self.fleet.app.contents.message(row.post)
        if row.post.channel == "email":
            found = [entry for entry in ledger if entry.get("subject") == message.subject]
        else:
            key = (row.post.channel, row.account.external_id, message.text)
            found = [entry for entry in ledger if (entry["channel"], entry["account"], entry["text"]) == key]
        word = ("--published", _ADDRESSES[row.post.channel].format(found[0]["id"])) if found else ("--not-published",)
        self.fleet.desk.run("settle", str(row.post.id), *word, "--as", WHO)

    def _renew_stopped(self) -> None:
        """Bring the accounts that have stopped new credentials, as the doctor says."""
        with self.fleet.app.database.read() as session:
            stopped = select(Account, Partner).where(
                col(Account.stopped_why).is_not(None), col(Account.partner_id) == col(Partner.id)
            )
            found = [
                (account.channel, partner.key, account.stopped_why or "") for account, partner in session.exec(stopped)
            ]
        if not found:
            return
        self._renewals += 1
        folder = self.fleet.desk.folder
        for channel, key, why in found:
            path = folder / f"{key}-{channel}.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"renewal": str(self._renewals)}), "utf-8")
            self.asked[f"{channel} account stopped: {why[:40]}"] += 1
        self.fleet.desk.run("accounts", "import", str(folder / "accounts.csv"))


def _in_short(row: PostRow) -> str:
    return f"{row.post.channel}: {(row.post.needs_person or '')[:60]}"
