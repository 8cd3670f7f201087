"""Connecting an account by a person's consent on the platform: OAuth's code flow, guarded by state and PKCE.

``state`` is a ticket that serves once and ends after ten minutes; the browser's own session keeps for which account it
was made. Nothing is stored before everything has been checked, and no transaction is open while the platform is asked.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hmac import compare_digest
from pathlib import Path

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlmodel import Session

from campaign.errors import Outcome, UnknownName, WrongUse
from campaign.http import in_words
from campaign.models import audit, partners
from campaign.models.partners import Account, AccountMode, Partner
from campaign.models.users import User
from campaign.people import Right, demand, tickets
from campaign.people.secrets import digest
from campaign.people.tickets import Purpose
from campaign.ports import Channel
from campaign.ports.connecting import Client, Connects, Consent, Offer
from campaign.register.accounts import seal
from campaign.vault import Vault, read_passphrase

SCOPE = "scope"
"""The key of stored credentials under which the permissions stand that came with them."""

_AGAIN = "Nothing has changed. Go back to the accounts and connect it again."


def not_connected(problem: str, mend: str = _AGAIN) -> WrongUse:
    """Return the refusal that a person reads."""
    return WrongUse(problem=problem, mend=mend)


@dataclass(frozen=True, slots=True)
class Started:
    """Where the person consents, and what their browser's session keeps for the way back."""

    address: str
    kept: dict[str, str]


@dataclass(frozen=True, slots=True)
class Connector:
    """Leads people through a platform's consent. References to secrets are relative to ``beside``."""

    channels: Mapping[str, Channel]
    beside: Path
    environ: Mapping[str, str]

    def ready(self, channel: str) -> bool:
        """Say whether people can connect accounts of this channel."""
        found = self.channels.get(channel)
        return isinstance(found, Connects) and bool(found.client_names.id)

    def channel(self, name: str) -> Connects:
        """Return the channel. Raises WrongUse where nobody can connect accounts of it."""
        found = self.channels.get(name)
        title = found.title if found else name
        if not isinstance(found, Connects):
            raise WrongUse(problem=f"Accounts on {title} are not connected like this", mend="Import the accounts.")
        if not found.client_names.id:
            raise WrongUse(
                problem=f"{title} does not know this program yet",
                mend=f"Set client_id and client_secret under [channels.{name}] in config.toml.",
            )
        return found

    def start(self, session: Session, account: Account, person: User, back: str, now: datetime) -> Started:
        """Return where the person consents for this account. Raises WrongUse."""
        channel = self.channel(account.channel)
        state, verifier = tickets.issue(session, person, Purpose.CONNECT, by=person.name, now=now), _verifier()
        challenge = create_s256_code_challenge(verifier)
        asked = channel.consent_address(self._client(channel), back, state, challenge)
        return Started(asked, {"state": digest(state), "verifier": verifier, "account": str(account.ident)})

    def taken(
        self, session: Session, sent: Mapping[str, str], kept: Mapping[str, str], person: User, now: datetime
    ) -> None:
        """Use the state of an answer up. Raises WrongUse: it is not the answer to what this session asked."""
        state = sent.get("state", "")
        if not compare_digest(digest(state), kept.get("state", "")):
            problem = "The connection was begun elsewhere, or another one was begun since"
            raise not_connected(problem, f"{_AGAIN} If a program began it, hand it the address of this page.")
        user = tickets.use(session, state, Purpose.CONNECT, now)
        if user is None or user.ident != person.ident:
            raise not_connected("The connection took too long, or was made already")

    def consented(self, name: str, sent: Mapping[str, str], kept: Mapping[str, str], back: str) -> Consent:
        """Return what the person allowed, asked of the platform with the code of its answer.

        Raises:
            WrongUse: the person or the platform said no, the code does not serve, or a permission is missing.

        """
        channel, title = self.channel(name), self.channels[name].title
        if "code" not in sent:
            raise _denied(title, sent)
        try:
            consent = channel.consented(self._client(channel), back, sent["code"], kept.get("verifier", ""))
        except Outcome as outcome:
            why = in_words(outcome.__cause__) if outcome.__cause__ is not None else outcome.detail
            raise not_connected(f"{title} gave no access: {why}") from outcome
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise not_connected(f"{title}'s answer cannot be read") from error
        lacking = [scope for scope in channel.scopes if scope.needed and scope.name not in consent.scopes]
        if lacking:
            without = "; ".join(f"without {scope.name} {scope.without}" for scope in lacking)
            raise not_connected(f"{title} did not give all that is needed: {without}", f"{_AGAIN} Allow all of it.")
        scope = {SCOPE: " ".join(sorted(consent.scopes))}
        offers = tuple(replace(one, credentials={**one.credentials, **scope}) for one in consent.offers)
        return replace(consent, offers=offers)

    def warnings(self, name: str, credentials: Mapping[str, str]) -> tuple[str, ...]:
        """Say what does not work for lack of a permission, as far as credentials tell which there are."""
        found = self.channels.get(name)
        if not isinstance(found, Connects) or SCOPE not in credentials:
            return ()
        given = credentials[SCOPE].split()
        return tuple(f"Without {scope.name} {scope.without}" for scope in found.scopes if scope.name not in given)

    def _client(self, channel: Connects) -> Client:
        names = channel.client_names
        if names.secret is None:
            return Client(names.id)
        try:
            return Client(names.id, read_passphrase(names.secret, self.beside, self.environ))
        except WrongUse as error:
            # Where the secret is looked for is nothing for the pages to show.
            problem = "The secret of this program's app on the platform cannot be read"
            raise not_connected(problem, "An admin mends client_secret under [channels] in config.toml.") from error


def _verifier() -> str:
    return secrets.token_urlsafe(48)


def _denied(title: str, sent: Mapping[str, str]) -> WrongUse:
    error = sent.get("error", "")
    # LinkedIn tells apart whether the person did not sign in or did not allow it (Authorization code flow).
    if error in {"access_denied", "user_cancelled_login", "user_cancelled_authorize"}:
        return not_connected(f"You did not allow it on {title}")
    return not_connected(f"{title} did not let you decide ({error[:60] or 'it gave no code'})")


def own_account(session: Session, account_id: int, person: User) -> tuple[Account, Partner]:
    """Return an account that the person may connect; another partner's is not there for an officer.

    Raises:
        NotAllowed: the person's role connects none.
        UnknownName: there is no such account for this person.
        WrongUse: it is out of the campaign.

    """
    demand(person, Right.CONNECT)
    unknown = UnknownName(kind="account", name=str(account_id), mend="The accounts page shows those that there are.")
    try:
        account, partner = partners.account_with_partner(session, account_id)
    except LookupError as error:
        raise unknown from error
    if person.partner_key not in {None, partner.key}:
        raise unknown
    if account.disabled_why is not None:
        raise WrongUse(problem="This account is out of the campaign", mend="An admin takes it back.")
    return account, partner


def meant(account: Account, offers: Sequence[Offer], title: str, word: str) -> tuple[Offer, ...]:
    """Return which of the offers may be this account: the one that the row names, or, where it names none, all.

    Raises:
        WrongUse: none is; whose they are is said.

    """
    if not offers:
        raise not_connected(f"You may post for no {word} on {title}", "Ask whoever manages it to give you the right.")
    if not account.external_id:
        return tuple(offers)
    found = tuple(offer for offer in offers if is_same(account.external_id, offer.external_id))
    if not found:
        theirs = ", ".join(f"{offer.handle} ({offer.external_id})" for offer in offers[:5])
        problem = f"You allowed {theirs}, and this account is {account.handle} ({account.external_id})"
        raise not_connected(
            problem, f"Sign in on {title} as {account.handle}, or allow that {word}, and connect again."
        )
    return found


def is_same(stored: str, offered: str) -> bool:
    """Say whether two ids mean the same account; a URN may stand for its number."""
    return stored.rpartition(":")[2] == offered.rpartition(":")[2]


def store(session: Session, account: Account, offer: Offer, vault: Vault, *, by: User, now: datetime) -> bool:
    """Seal the credentials and let a stopped account go again; returns whether it is another account for posts now.

    Raises:
        WrongUse: the row names another account by now, or another row of the partner has this one.

    """
    if account.external_id and not is_same(account.external_id, offer.external_id):
        raise not_connected(f"This account is {account.handle} ({account.external_id}) by now")
    facts: dict[str, object] = {"external_id": account.external_id or offer.external_id}
    changed = not account.external_id
    if changed:
        _refuse_twin(session, account, offer)
        account.external_id, account.handle = offer.external_id, offer.handle.removeprefix("@")
    if account.mode != AccountMode.API:
        facts["mode"] = f"{account.mode} -> {AccountMode.API}"
        account.mode, changed = AccountMode.API.value, True
    seal(account, offer.credentials, vault)
    session.add(account)
    audit.record(
        session, who=by.name, action="connect account", subject=f"account:{account.ident}", at=now, facts=facts
    )
    return changed


def _refuse_twin(session: Session, account: Account, offer: Offer) -> None:
    for other, _ in partners.accounts(session, partner_ids=[account.partner_id]):
        twin = other.channel == account.channel and is_same(other.external_id, offer.external_id)
        if twin and other.ident != account.ident:
            raise not_connected(
                f"{offer.handle} is another account of this organisation already", "Choose another one."
            )
