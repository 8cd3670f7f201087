"""Connecting an account of X: OAuth 2.0 with PKCE, for a public or a confidential client.

Sources: X API documentation (OAuth 2.0 Authorization Code Flow with PKCE; its scopes; Get my User).
"""

from typing import ClassVar

from campaign.channels._consent import address, granted, scopes_in
from campaign.channels._tokens import renewed
from campaign.channels._wire import once
from campaign.channels._x_wire import Settings, Wire, good
from campaign.clock import Clock
from campaign.errors import Unknown
from campaign.ports import Identity
from campaign.ports.connecting import Client, ClientNames, Consent, Offer, Scope


class Consents:
    """The side of the channel X that asks a person for consent."""

    _settings: Settings
    _clock: Clock

    accounts_word: ClassVar[str] = "account"
    scopes: ClassVar[tuple[Scope, ...]] = (
        Scope("tweet.write", "nothing can be posted"),
        Scope("tweet.read", "posts cannot be looked up, nor their figures read"),
        Scope("users.read", "nobody can tell whose account it is"),
        Scope("media.write", "pictures cannot be posted"),
        Scope("offline.access", "the access would end after two hours"),
    )

    @property
    def client_names(self) -> ClientNames:
        """What config.toml says of the app."""
        return self._settings.client_names

    def consent_address(self, client: Client, back: str, state: str, challenge: str) -> str:
        """Return X's page with the question."""
        return address(
            self._settings.authorize_url,
            {
                "response_type": "code",
                "client_id": client.id,
                "redirect_uri": back,
                "scope": " ".join(scope.name for scope in self.scopes),
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )

    def consented(self, client: Client, back: str, code: str, verifier: str) -> Consent:
        """Return the one account that consented. A confidential client names itself in the header, a public one in the
        form; its later renewals do the same, so both are kept with the tokens.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        login = (client.id, client.secret) if client.secret else None
        own = {"client_id": client.id} | ({"client_secret": client.secret} if client.secret else {})
        url = f"{self._settings.api_url.rstrip('/')}/2/oauth2/token"
        sent = form if login else {**form, "client_id": client.id}
        answer = once(self._settings, "POST", url, data=sent, auth=login)
        scopes = scopes_in(granted(answer).get("scope"))
        credentials = renewed(own, answer, self._clock.now())
        # Whose it is can be asked with one permission alone; without it there is nothing to connect anyway.
        return Consent(scopes, (self._own_account(credentials),) if "users.read" in scopes else ())

    def _own_account(self, credentials: dict[str, str]) -> Offer:
        nobody = Identity(0, "", "", "x", "", "", credentials)
        with Wire(self._settings, nobody) as wire:
            answer = good(wire.ask("GET", "/2/users/me"), self._clock.now(), self._settings.back_off)
        data = answer.facts.get("data")
        if not isinstance(data, dict) or not str(data.get("id")).isdecimal():
            raise Unknown("X did not say who this is")
        number = str(data["id"])
        return Offer(number, f"@{data.get('username')}", {**credentials, "user_id": number})
