"""The way of an account through a platform's consent and back, for the pages and for programs alike.

What is needed for the way back lies in a visit: in a page's own session, or in one that a program's call began.
"""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.models import partners
from campaign.models.partners import Account
from campaign.models.sign_in import Visit
from campaign.models.users import User
from campaign.people import visits
from campaign.ports.connecting import Offer
from campaign.register import checking, connecting
from campaign.register.connecting import Connector, meant, not_connected, own_account
from campaign.review.rebinding import rebind
from campaign.web.house import House

_CHOICES = 25
"""So many pages fit into what a session keeps; whoever has more is asked to name one first."""
_CHOICE_LASTS = timedelta(minutes=10)


def connector(house: House) -> Connector:
    """Return what leads people through a platform's consent."""
    return Connector(house.app.channels, house.app.workspace, os.environ)


@dataclass(frozen=True, slots=True)
class Connected:
    """An account that is connected: what its platform says of it, which permissions lack, and how many posts went back
    to review because it is another account now.
    """

    account: Account
    probe: Mapping[str, object]
    warnings: tuple[str, ...]
    anew: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A consent for several, of which the person chooses the one that this account is."""

    account: Account
    offers: Sequence[Offer]


@dataclass(frozen=True, slots=True)
class Journey:
    """A person's way to a platform and back, for one account at a time."""

    house: House
    person: User
    visit: Visit

    def begin(self, session: Session, account_id: int) -> str:
        """Return the address at which the person consents. Raises NotAllowed, UnknownName, WrongUse."""
        account, _ = own_account(session, account_id, self.person)
        back = self._back(account.channel)
        begun = connector(self.house).start(session, account, self.person, back, self.house.now())
        visits.keep(session, self.visit, connect=begun.kept, offers=None)
        return begun.address

    @property
    def account_id(self) -> int | None:
        """The account whose platform was asked and has not answered yet."""
        kept = self.visit.kept.get("connect")
        return int(kept["account"]) if kept else None

    def _back(self, channel: str) -> str:
        """Return where a platform sends people back: one address for each, so that no answer is taken for another's."""
        return self.house.address(f"/accounts/connected/{channel}")

    def come_back(self, channel: str, sent: Mapping[str, str]) -> Connected | Offered:
        """Take a platform's answer; it serves once. Where there is nothing to choose the account is connected.

        Raises:
            UnknownName: the account is no longer there for this person.
            WrongUse: the answer is not to what was asked, or connects nothing.

        """
        self.house.rates.spend("connect", self.person.name)
        kept = dict(self.visit.kept.get("connect") or {})
        account = self._taken(channel, sent, kept)
        leads = connector(self.house)
        consent = leads.consented(channel, sent, kept, self._back(channel))
        title, word = self.house.app.channels[channel].title, leads.channel(channel).accounts_word
        offers = meant(account, consent.offers, title, word)
        if account.external_id or (len(offers) == 1 and _is_named(account, offers[0])):
            return self._stored(account.ident, offers[0])
        return self._offered(account, offers)

    def _taken(self, channel: str, sent: Mapping[str, str], kept: Mapping[str, str]) -> Account:
        """Use the answer's state up, and return the account for which it was made."""
        with self.house.app.database.write() as session:
            connector(self.house).taken(session, sent, kept, self.person, self.house.now())
        self._keep(connect=None)  # now, whatever else is wrong with the answer: it serves once
        with self.house.app.database.read() as session:
            account, _ = own_account(session, int(kept["account"]), self.person)
        if account.channel != channel:
            raise not_connected("Another platform was asked than the one that answers")
        return account

    def _offered(self, account: Account, offers: Sequence[Offer]) -> Offered:
        """Keep the offers, sealed, until the person has chosen one."""
        if len(offers) > _CHOICES:
            problem = f"You may post for {len(offers)} of them, too many to choose from here"
            mend = "Ask an admin to give this account its id (external_id), then connect it again."
            raise not_connected(problem, mend)
        plain = {one.external_id: json.dumps([one.handle, dict(one.credentials)]) for one in offers}
        sealed = self.house.app.vault.seal(plain, self._bound_to(account.ident))
        until = self.house.now() + _CHOICE_LASTS
        text = base64.b64encode(sealed).decode()
        self._keep(offers={"account": account.ident, "sealed": text, "until": until.isoformat()})
        return Offered(account, offers)

    def choose(self, account_id: int, choice: str) -> Connected | Offered:
        """Connect the one that was chosen; what was offered, where it is none of that.

        Raises:
            NotAllowed, UnknownName: see ``own_account``.
            WrongUse: nothing is offered, or no longer.

        """
        with self.house.app.database.read() as session:
            account, _ = own_account(session, account_id, self.person)
        kept = self.visit.kept.get("offers") or {}
        if kept.get("account") != account_id or datetime.fromisoformat(kept["until"]) < self.house.now():
            raise not_connected("The choice took too long, or was made already")
        plain = self.house.app.vault.open(base64.b64decode(kept["sealed"]), self._bound_to(account_id))
        offers = {number: Offer(number, *json.loads(text)) for number, text in plain.items()}
        if choice not in offers:
            return Offered(account, list(offers.values()))
        self._keep(offers=None)
        return self._stored(account_id, offers[choice])

    def _stored(self, account_id: int, offer: Offer) -> Connected:
        """Store the credentials, and ask the platform what they may do."""
        app = self.house.app
        with self.house.desk(self.person) as desk:
            account, _ = own_account(desk.session, account_id, self.person)
            changed = connecting.store(desk.session, account, offer, app.vault, by=self.person, now=desk.now)
            desk.session.flush()
            anew = rebind(desk, [account_id]) if changed else 0
        with app.database.read() as session:
            account, partner = partners.account_with_partner(session, account_id)
        found = checking.probe(app.database, app.channels[account.channel], app.identities, account, partner)
        warnings = connector(self.house).warnings(account.channel, offer.credentials)
        return Connected(account, found, warnings, anew)

    def _keep(self, **values: object) -> None:
        with self.house.app.database.write() as session:
            visits.keep(session, self.visit, **values)

    def _bound_to(self, account_id: int) -> str:
        return f"connecting/{self.visit.id}/{account_id}"


def _is_named(account: Account, offer: Offer) -> bool:
    """Say whether an account without an id goes by the offer's name, so that nobody needs to be asked."""
    return account.handle.removeprefix("@").casefold() == offer.handle.removeprefix("@").casefold()
