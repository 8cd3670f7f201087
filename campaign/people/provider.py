"""Signing in elsewhere: OpenID Connect's code flow with PKCE, state and nonce, through Authlib.

Two profiles: ``generic`` reads roles out of a claim; ``dfe-sign-in`` asks DfE Sign-in's own API, because its tokens
carry none.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from time import time
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from requests import RequestException

from campaign import http
from campaign.config.oidc import OidcSection
from campaign.errors import WrongUse

_ALGORITHMS = ["RS256", "PS256", "ES256"]
_READ = timedelta(seconds=10)
_LEEWAY = 60
_API_AUDIENCE = "signin.education.gov.uk"
_API_TOKEN_LASTS = 300
_ORDER = ("admin", "reviewer", "officer")


class _Client(OAuth2Session, http.Session):  # type: ignore[misc] # Authlib has no types
    """Authlib's client over our session: bounded times and sizes, no redirects, no proxies of the environment."""

    def __init__(self, settings: OidcSection, back: str) -> None:
        secret = settings.client_secret.get_secret_value() if settings.client_secret else None
        OAuth2Session.__init__(
            self,
            client_id=settings.client_id,
            client_secret=secret,
            scope=settings.scopes,
            redirect_uri=back,
            code_challenge_method="S256",
        )
        http.Session.__init__(self, read=_READ)


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who the provider says has signed in. ``email`` only when the provider has confirmed it. ``lacks_role``: it rules
    roles, and names none of ours for them.
    """

    issuer: str
    subject: str
    name: str
    email: str | None
    role: str | None
    partner: str | None
    lacks_role: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of config.toml. ``back`` is our address to which it sends people back."""

    settings: OidcSection
    back: str

    def start(self) -> tuple[str, dict[str, str]]:
        """Return the provider's address for a sign-in, and what must be kept for the way back. Raises WrongUse."""
        kept = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24)}
        kept["verifier"] = secrets.token_urlsafe(48)
        strength = {"acr_values": self.settings.acr} if self.settings.acr else {}
        with self._talking() as client:
            asked, _ = client.create_authorization_url(
                self._described(client)["authorization_endpoint"],
                **strength,
                state=kept["state"],
                nonce=kept["nonce"],
                code_verifier=kept["verifier"],
            )
        return str(asked), kept

    def finish(self, sent: Mapping[str, str], kept: Mapping[str, str]) -> Stranger:
        """Return who came back with a code.

        Raises:
            WrongUse: the provider said no, or this is not the answer to the question that was asked.

        """
        state = kept.get("state", "")
        # An empty state equals an empty state; as bytes, because letters beyond ASCII cannot be compared.
        if not state or not secrets.compare_digest(sent.get("state", "").encode(), state.encode()):
            raise _failed("the sign-in was begun elsewhere, or long ago")
        if "code" not in sent:
            raise _failed("the provider did not sign you in")
        with self._talking() as client:
            described = self._described(client)
            try:
                token = client.fetch_token(
                    described["token_endpoint"], code=sent["code"], code_verifier=kept["verifier"]
                )
                claims = self._proven(client, described, str(token["id_token"]), kept["nonce"])
                more = self._more(client, described.get("userinfo_endpoint"), claims["sub"])
                return self._stranger(client, claims | (more or {}), whole=more is not None)
            except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError) as error:
                raise _failed("the provider's answer does not hold") from error

    def _talking(self) -> _Client:
        return _Client(self.settings, self.back)

    def _described(self, client: _Client) -> dict[str, Any]:
        """Return what the provider says of itself, which must be about this very issuer."""
        try:
            client.request("GET", f"{self.settings.issuer}/.well-known/openid-configuration", withhold_token=True)
            found = client.last.facts if client.last and client.last.fine else {}
        except RequestException as error:
            raise _failed("it cannot be reached") from error
        if str(found.get("issuer", "")).rstrip("/") != self.settings.issuer or "token_endpoint" not in found:
            raise _failed("it does not describe itself as config.toml says")
        return found

    def _proven(self, client: _Client, described: Mapping[str, Any], token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token whose signature and facts hold."""
        client.request("GET", described["jwks_uri"], withhold_token=True)
        keys = jwk.KeySet.import_key_set({"keys": client.last.facts["keys"] if client.last else []})
        claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": described["issuer"]},
            aud={"essential": True, "value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
            acr={"essential": True, "value": self.settings.acr} if self.settings.acr else {},
        )
        registry.validate(claims)
        return dict(claims)

    def _more(self, client: _Client, address: str | None, subject: str) -> dict[str, Any] | None:
        """Return what the provider tells beside the token, about the same person; None where it should and does not."""
        if address is None:
            return {}
        client.request("GET", address)
        found = client.last.facts if client.last and client.last.fine else {}
        return dict(found) if found.get("sub") == subject else None

    def _stranger(self, client: _Client, claims: Mapping[str, Any], *, whole: bool) -> Stranger:
        """Return who the claims are about. ``whole``: nothing lacks of what the provider tells. Raises WrongUse."""
        email = str(claims["email"]) if claims.get("email") and self._confirms(claims) else None
        organisation = _organisation(claims.get(self.settings.partner_claim))
        named = (
            self._roles_of_api(client, claims, organisation) if self._is_dfe else claims.get(self.settings.role_claim)
        )
        ours = {self.settings.roles[name] for name in _texts(named) if name in self.settings.roles}
        role = next((role for role in _ORDER if role in ours), None)
        partner = next((self.settings.partners[name] for name in organisation if name in self.settings.partners), None)
        if not whole and self.settings.roles and (role is None or (role == "officer" and partner is None)):
            raise _failed("what the provider tells of you cannot be read")
        return Stranger(
            issuer=self.settings.issuer,
            subject=str(claims["sub"]),
            name=email or str(claims.get("preferred_username") or claims["sub"]),
            email=email,
            role=role,
            partner=partner,
            lacks_role=bool(self.settings.roles) and role is None,
        )

    @property
    def _is_dfe(self) -> bool:
        return self.settings.profile == "dfe-sign-in"

    def _confirms(self, claims: Mapping[str, Any]) -> bool:
        """Say whether the address is confirmed: DfE Sign-in lets nobody in whose address is not, and has no claim."""
        return claims.get("email_verified") is True or self._is_dfe

    def _roles_of_api(self, client: _Client, claims: Mapping[str, Any], organisation: Iterable[str]) -> list[str]:
        """Ask DfE Sign-in's API for the roles of a person in their organisation, with a token of its own secret. It
        answers 404 for who is not in the organisation or has not the service (its documents, *Get user access*).
        """
        own = self.settings
        secret = own.api_secret.get_secret_value() if own.api_secret else ""
        facts = {"iss": own.client_id, "aud": _API_AUDIENCE, "exp": int(time()) + _API_TOKEN_LASTS}
        token = jwt.encode({"alg": "HS256"}, facts, jwk.OctKey.import_key(secret))
        first = next(iter(organisation), "")
        address = f"{own.api_url}/services/{own.client_id}/organisations/{first}/users/{claims['sub']}"
        try:
            client.request("GET", address, withhold_token=True, headers={"Authorization": f"Bearer {token}"})
        except RequestException as error:
            raise _failed("the provider's roles cannot be read") from error
        if client.last is not None and client.last.status == HTTPStatus.NOT_FOUND:
            return []
        if client.last is None or not client.last.fine:
            raise _failed("the provider's roles cannot be read")
        return [str(role.get("code")) for role in client.last.facts.get("roles", []) if isinstance(role, dict)]


def _organisation(claim: object) -> tuple[str, ...]:
    """Return every name of an organisation, its id first: DfE Sign-in sends an object, others a text or a list."""
    if isinstance(claim, str) and claim.startswith("{"):
        claim = json.loads(claim)
    if isinstance(claim, dict):
        return tuple(str(claim[name]) for name in ("id", "urn", "ukprn", "uid") if claim.get(name))
    return tuple(_texts(claim))


def _texts(claim: object) -> list[str]:
    return [claim] if isinstance(claim, str) else [str(one) for one in claim] if isinstance(claim, list) else []


def _failed(why: str) -> WrongUse:
    return WrongUse(problem=f"You could not be signed in: {why}", mend="Try again, or ask an admin.")
