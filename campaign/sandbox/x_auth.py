"""Who calls X: OAuth 1.0a signatures and OAuth 2.0 user tokens; the code's exchange, and the refresh that spends the
old token.

Sources: X API documentation, "OAuth 1.0a", "OAuth 2.0 Authorization Code Flow with PKCE".
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import parse_qsl, unquote, urlsplit

from oauthlib.common import Request as SignedRequest
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from campaign.errors import Declined
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.consent import CLIENT_ID, CLIENT_SECRET, PUBLIC_ID, Manner, redeemed
from campaign.sandbox.world import World
from campaign.sandbox.x_problem import unauthorized

ACCESS_LIFE = timedelta(hours=2)
ALL_SCOPES = "tweet.read tweet.write users.read media.write offline.access"
MANNER = Manner(
    channel="x",
    scopes=frozenset(ALL_SCOPES.split()),
    denial={"error": "access_denied"},
    life=timedelta(seconds=30),
    several=False,
    pkce=True,
    clients=(CLIENT_ID, PUBLIC_ID),
)
"""OAuth 2.0 Authorization Code Flow with PKCE: one account consents to all or nothing; a code lives 30 seconds."""
REMEMBERED_NONCES = 100_000


class Door:
    """Lets callers in by their token and tells which account they are."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._lock = Lock()
        self._nonces: dict[tuple[str, str, str], None] = {}
        self._indexed: Mapping[tuple[str, str], SandboxAccount] | None = None
        self._by_token: dict[tuple[str, str], SandboxAccount] = {}

    def let_in(self, request: Request, body: bytes) -> tuple[SandboxAccount, bool]:
        """Return the caller and whether it signed by OAuth 1.0a. Raises Declined with 401."""
        kind, _, rest = request.headers.get("authorization", "").partition(" ")
        match kind.lower():
            case "oauth":
                return self._signed(request, body), True
            case "bearer":
                return self._bearer(rest.strip()), False
            case _:
                raise unauthorized()

    def _signed(self, request: Request, body: bytes) -> SandboxAccount:
        header = request.headers["authorization"]
        try:
            given = {name: unquote(value) for name, value in parse_authorization_header(header)}
        except ValueError as error:
            raise unauthorized() from error
        account = self._known("oauth1", given.get("oauth_token", ""))
        if account is None or account.credentials.get("consumer_key") != given.get("oauth_consumer_key"):
            raise unauthorized()
        if not _signature_holds(request, body, given, account) or not self._new_nonce(given):
            raise unauthorized()
        return account

    def _new_nonce(self, given: Mapping[str, str]) -> bool:
        """Refuse a signature that was used before. Its time is not judged: a rehearsal's clock is not the signer's."""
        mark = (given.get("oauth_token", ""), given.get("oauth_timestamp", ""), given.get("oauth_nonce", ""))
        with self._lock:
            if mark in self._nonces:
                return False
            self._nonces[mark] = None
            if len(self._nonces) > REMEMBERED_NONCES:
                del self._nonces[next(iter(self._nonces))]
        return True

    def _bearer(self, token: str) -> SandboxAccount:
        issued = self.world.recall(f"x/access/{token}")
        if isinstance(issued, dict):
            account = self.world.account("x", str(issued["account"]))
            ends_at = datetime.fromisoformat(str(issued["ends_at"]))
        else:
            account = self._known("oauth2", token)
            ends_at = _end_of(account)
        if account is None or ends_at <= self.world.clock.now():
            raise unauthorized()
        listed = issued.get("scopes") if isinstance(issued, dict) else None
        return replace(account, credentials={**account.credentials, "scopes": listed}) if listed else account

    def _known(self, kind: str, token: str) -> SandboxAccount | None:
        with self._lock:
            if self._indexed is not self.world.accounts:
                self._indexed = self.world.accounts
                self._by_token = _tokens(self.world.on("x"))
            return self._by_token.get((kind, token))

    def token(self, request: Request, body: bytes) -> Response:
        """Answer POST /2/oauth2/token: a pair for a code, or a new pair for a refresh token, which is spent by that."""
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        match form.get("grant_type"):
            case "authorization_code":
                return self._redeem(request, form)
            case "refresh_token":
                return self._refresh(request, form)
            case _:
                raise _bad_token("unsupported_grant_type", "Only authorization_code and refresh_token are emulated.")

    def _redeem(self, request: Request, form: Mapping[str, str]) -> Response:
        client = _app(request, form)
        if client is None:
            raise _bad_token("unauthorized_client", "Missing valid authorization header", status=401)
        allowed = redeemed(self.world, MANNER, form, client)
        account = self.world.account("x", allowed.accounts[0]) if allowed else None
        if allowed is None or account is None:
            raise _bad_token("invalid_request", "Value passed for the authorization code was invalid.")
        return self._issue(account, {"client": client, "scopes": " ".join(allowed.scopes)})

    def _refresh(self, request: Request, form: Mapping[str, str]) -> Response:
        token = form.get("refresh_token", "")
        with self.world.together():
            issued = self.world.recall(f"x/refresh/{token}")
            facts = issued if isinstance(issued, dict) else {}
            account = self._refreshing(token, facts)
            client = facts.get("client")
            fits = _app(request, form) == client if client else account and _client_fits(request, form, account)
            if account is None or not fits:
                raise _bad_token("invalid_request", "Value passed for the token was invalid.")
            self.world.keep(f"x/spent/{token}", value=True)
            return self._issue(account, facts)

    def _refreshing(self, token: str, facts: Mapping[str, str]) -> SandboxAccount | None:
        if self.world.recall(f"x/spent/{token}"):
            return None
        return self.world.account("x", facts["account"]) if facts else self._known("refresh", token)

    def _issue(self, account: SandboxAccount, more: Mapping[str, str]) -> Response:
        """Give out a pair; only the scope ``offline.access`` brings a refresh token."""
        access, refresh = secrets.token_urlsafe(40), secrets.token_urlsafe(40)
        scopes = (more.get("scopes") or " ".join(account.scopes or ()) or ALL_SCOPES).split()
        facts = {name: more[name] for name in ("client", "scopes") if name in more} | {"account": account.external_id}
        ends_at = (self.world.clock.now() + ACCESS_LIFE).isoformat()
        self.world.keep(f"x/access/{access}", facts | {"ends_at": ends_at})
        answer = {
            "token_type": "bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "access_token": access,
            "scope": " ".join(sorted(scopes)),
        }
        if "offline.access" in scopes:
            self.world.keep(f"x/refresh/{refresh}", facts)
            answer["refresh_token"] = refresh
        return JSONResponse(answer)


def _tokens(accounts: list[SandboxAccount]) -> dict[tuple[str, str], SandboxAccount]:
    index: dict[tuple[str, str], SandboxAccount] = {}
    for account in accounts:
        facts = account.credentials
        kind = "oauth1" if facts.get("consumer_key") else "oauth2"
        for name, place in (("access_token", kind), ("bearer_token", "oauth2"), ("refresh_token", "refresh")):
            if facts.get(name):
                index[place, facts[name]] = account
    return index


def _end_of(account: SandboxAccount | None) -> datetime:
    """Return when the token of the accounts file ends: its ``expires_at``, or never."""
    stated = account.credentials.get("expires_at") if account else None
    return datetime.fromisoformat(stated) if stated else datetime.fromisoformat("9999-01-01T00:00:00+00:00")


def _signature_holds(request: Request, body: bytes, given: Mapping[str, str], account: SandboxAccount) -> bool:
    """Check HMAC-SHA1 over the full address, the query and the oauth parameters; a JSON body is no part of it."""
    address = str(request.url)
    form = body if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded") else b""
    signed = SignedRequest(address, http_method=request.method, body="", headers={})
    signed.params = signature.collect_parameters(
        uri_query=urlsplit(address).query,
        body=parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True),
        headers={"Authorization": request.headers["authorization"]},
        exclude_oauth_signature=True,
    )
    signed.signature = given.get("oauth_signature", "")
    facts = account.credentials
    return bool(
        signature.verify_hmac_sha1(signed, facts.get("consumer_secret", ""), facts.get("access_token_secret", ""))
    )


def _client_fits(request: Request, form: Mapping[str, str], account: SandboxAccount) -> bool:
    """Say whether the app is the token's: ``client_id`` in the body (public) or by HTTP Basic (confidential)."""
    expected = account.credentials.get("client_id")
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return expected is None or (form.get("client_id") == expected and not account.credentials.get("client_secret"))
    try:
        name, _, secret = base64.b64decode(rest).decode().partition(":")
    except ValueError:
        return False
    return expected in {None, name} and secret == account.credentials.get("client_secret", "")


def _app(request: Request, form: Mapping[str, str]) -> str | None:
    """Return the registered app that calls: the confidential one by HTTP Basic, the public one by name in the form."""
    kind, _, rest = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return PUBLIC_ID if form.get("client_id") == PUBLIC_ID else None
    try:
        name, _, secret = base64.b64decode(rest).decode().partition(":")
    except ValueError:
        return None
    return CLIENT_ID if (name, secret) == (CLIENT_ID, CLIENT_SECRET) else None


def _bad_token(error: str, description: str, status: int = 400) -> Declined:
    return Declined(status=status, body={"error": error, "error_description": description})
