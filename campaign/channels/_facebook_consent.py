"""Connecting a Facebook page: a person's short token, a long one for it, and the tokens of the person's pages.

Facebook has PKCE for OpenID Connect alone; here the app's secret and ``state`` guard the code. A page's token that
comes by a long-lived one tells no end.

Sources: Facebook Login (Manually build a login flow; Permissions; Long-lived access tokens), Graph API reference (User
accounts; User permissions; Securing requests).
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from campaign.channels._consent import address, granted
from campaign.channels._facebook_wire import Settings, Wire, good
from campaign.channels._wire import once
from campaign.errors import Unknown
from campaign.ports import Identity
from campaign.ports.connecting import Client, ClientNames, Consent, Offer, Scope

_PAGES = 5
_AT_ONCE = "100"


class Consents:
    """The side of the channel Facebook that asks a person for consent."""

    _settings: Settings

    accounts_word: ClassVar[str] = "page"
    scopes: ClassVar[tuple[Scope, ...]] = (
        Scope("pages_manage_posts", "nothing can be posted"),
        Scope("pages_show_list", "your pages cannot be listed"),
        Scope("pages_read_engagement", "posts cannot be looked up"),
        Scope("read_insights", "figures cannot be read", needed=False),
    )

    @property
    def client_names(self) -> ClientNames:
        """What config.toml says of the app."""
        return self._settings.client_names

    def consent_address(self, client: Client, back: str, state: str, challenge: str) -> str:  # noqa: ARG002 - no PKCE
        """Return Facebook's page with the question. What the person once declined is asked for again."""
        return address(
            f"{self._settings.dialog_url.rstrip('/')}/{self._settings.graph_version}/dialog/oauth",
            {
                "response_type": "code",
                "client_id": client.id,
                "redirect_uri": back,
                "scope": ",".join(scope.name for scope in self.scopes),
                "state": state,
                "auth_type": "rerequest",
            },
        )

    def consented(self, client: Client, back: str, code: str, verifier: str) -> Consent:  # noqa: ARG002 - no PKCE
        """Return the pages on which the person may post, each with its own token, and what was allowed."""
        own = {"client_id": client.id, "client_secret": client.secret or ""}
        short = self._token({**own, "redirect_uri": back, "code": code})
        long = self._token({**own, "grant_type": "fb_exchange_token", "fb_exchange_token": short})
        person = Identity(0, "", "", "facebook", "", "", {"access_token": long, "app_secret": own["client_secret"]})
        with Wire(self._settings, person) as wire:
            allowed = self._facts(wire, "me/permissions")["data"]
            scopes = frozenset(str(one.get("permission")) for one in allowed if one.get("status") == "granted")
            offers = tuple(self._pages(wire, own["client_secret"])) if "pages_show_list" in scopes else ()
        return Consent(scopes, offers)

    def _token(self, query: Mapping[str, str]) -> str:
        url = f"{self._settings.graph_url.rstrip('/')}/{self._settings.graph_version}/oauth/access_token"
        return str(granted(once(self._settings, "GET", url, params=query))["access_token"])

    def _pages(self, wire: Wire, secret: str) -> Iterator[Offer]:
        """Yield the pages on which the person may write. The address of the next page of the list, which Facebook gives
        whole, is not followed: only its cursor is taken.
        """
        after: dict[str, str] = {}
        for _ in range(_PAGES):
            facts = self._facts(wire, "me/accounts", fields="id,name,access_token,tasks", limit=_AT_ONCE, **after)
            for page in facts["data"]:
                number, token = str(page.get("id")), str(page.get("access_token") or "")
                if "CREATE_CONTENT" in page.get("tasks", ()) and token and number.isdecimal():
                    keys = {"access_token": token, "app_secret": secret}
                    yield Offer(number, str(page.get("name") or number), keys)
            paging = facts.get("paging") or {}
            if not paging.get("next"):
                return
            after = {"after": str(paging["cursors"]["after"])}

    def _facts(self, wire: Wire, path: str, **args: str) -> dict[str, Any]:
        facts = good(wire.get(path, **args), self._settings.back_off).facts
        if not isinstance(facts.get("data"), list):
            raise Unknown(f"Facebook's answer on {path} came without data")
        return facts
