"""Connecting a LinkedIn organisation page: a member's consent, and the organisations that the member administers.

LinkedIn has PKCE for programs on a person's own machine alone; here the app's secret and ``state`` guard the code. A
member consents to all that is asked or to nothing. Sources: LinkedIn developer documentation (Authorization code flow;
Programmatic refresh tokens; Organization access control; Organization lookup; Community Management permissions).
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from campaign.channels._consent import address, granted, scopes_in
from campaign.channels._linkedin_wire import Settings, Wire, good
from campaign.channels._tokens import renewed
from campaign.channels._wire import once, patiently
from campaign.clock import Clock
from campaign.errors import Outcome, Stranger, Unknown
from campaign.ports import Identity
from campaign.ports.connecting import Client, ClientNames, Consent, Offer, Scope

_PAGES = 5
_AT_ONCE = 100
_POSTERS = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR"})
"""The roles whose holders may write in a page's name (Organization access control)."""
_URN = "urn:li:organization:"


class Consents:
    """The side of the channel LinkedIn that asks a person for consent."""

    _settings: Settings
    _clock: Clock

    accounts_word: ClassVar[str] = "page"
    scopes: ClassVar[tuple[Scope, ...]] = (
        Scope("w_organization_social", "nothing can be posted"),
        Scope("rw_organization_admin", "your pages cannot be listed, nor figures read"),
        Scope("r_organization_social", "posts cannot be looked up: a person settles what is unsure", needed=False),
    )

    @property
    def client_names(self) -> ClientNames:
        """What config.toml says of the app."""
        return self._settings.client_names

    def consent_address(self, client: Client, back: str, state: str, challenge: str) -> str:  # noqa: ARG002 - no PKCE
        """Return LinkedIn's page with the question."""
        return address(
            f"{self._settings.auth_url.rstrip('/')}/oauth/v2/authorization",
            {
                "response_type": "code",
                "client_id": client.id,
                "redirect_uri": back,
                "scope": " ".join(scope.name for scope in self.scopes),
                "state": state,
            },
        )

    def consented(self, client: Client, back: str, code: str, verifier: str) -> Consent:  # noqa: ARG002 - no PKCE
        """Return the organisations in whose name the member may write; one token serves for all of them."""
        own = {"client_id": client.id, "client_secret": client.secret or ""}
        form = {**own, "grant_type": "authorization_code", "code": code, "redirect_uri": back}
        url = f"{self._settings.auth_url.rstrip('/')}/oauth/v2/accessToken"
        answer = once(self._settings, "POST", url, data=form)
        scopes = scopes_in(granted(answer).get("scope"))
        credentials = renewed(own, answer, self._clock.now())
        if "rw_organization_admin" not in scopes:
            return Consent(scopes, ())
        member = Identity(0, "", "", "linkedin", "", "", credentials)
        with Wire(self._settings, member) as wire:
            numbers = dict.fromkeys(self._organisations(wire))
            return Consent(scopes, tuple(Offer(one, self._name(wire, one), credentials) for one in numbers))

    def _organisations(self, wire: Wire) -> Iterator[str]:
        for page in range(_PAGES):
            query = f"q=roleAssignee&state=APPROVED&start={page * _AT_ONCE}&count={_AT_ONCE}"
            elements = self._facts(wire, f"organizationAcls?{query}", "FINDER").get("elements")
            if not isinstance(elements, list):
                raise Unknown("the listing of organisations came without elements")
            for one in elements:
                urn = str(one.get("organization") or "")
                number = urn.removeprefix(_URN)
                if one.get("role") in _POSTERS and urn.startswith(_URN) and number.isdecimal():
                    yield number
            if len(elements) < _AT_ONCE:
                return

    def _refuse_strangers(self, wire: Wire, who: Identity) -> None:
        """Raise Stranger where LinkedIn says for which pages the token's member writes, and this is none of them. A
        token without the right to ask is not known to be anybody's.
        """
        try:
            pages = dict.fromkeys(self._organisations(wire))
        except Outcome:
            return
        own = who.external_id.removeprefix(_URN)
        if own.isdecimal() and own not in pages:
            theirs = ", ".join(pages) or "no page"
            raise Stranger(f"whoever they are of writes for {theirs}, and the page is {own}")

    def _name(self, wire: Wire, number: str) -> str:
        return str(self._facts(wire, f"organizations/{number}").get("localizedName") or number)

    def _facts(self, wire: Wire, path: str, finder: str | None = None) -> dict[str, Any]:
        """Read; a fresh token is refused for a moment at times."""
        answer = patiently(self._clock, self._settings.token_pause, lambda: wire.ask("GET", path, finder=finder))
        return good(answer, self._clock.now(), self._settings.back_off).facts
