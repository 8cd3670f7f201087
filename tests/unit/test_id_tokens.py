"""Whom an identity provider's token speaks for: nobody, unless its signature and every fact in it hold."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import Any

import pytest
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from campaign.config.oidc import OidcSection
from campaign.errors import WrongUse
from campaign.http import Answer
from campaign.people.provider import Provider

ISSUER = "https://login.example.org"
SETTINGS = OidcSection(profile="generic", issuer=ISSUER, client_id="campaign")
KEY, OTHER = jwk.RSAKey.generate_key(2048, {"kid": "one"}), jwk.RSAKey.generate_key(2048, {"kid": "one"})
DESCRIBED = {
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}/keys",
    "token_endpoint": f"{ISSUER}/token",
    "authorization_endpoint": f"{ISSUER}/ask",
}


@dataclass
class Told:
    """What the provider answers, in place of a conversation."""

    body: Mapping[str, Any]
    last: Answer | None = None
    asked: list[str] = field(default_factory=list)

    def request(self, _method: str, url: str, **_: object) -> None:
        self.asked.append(url)
        self.last = Answer(200, {}, json.dumps(self.body).encode())


def facts(**changed: object) -> dict[str, object]:
    return {
        "iss": ISSUER,
        "aud": "campaign",
        "sub": "somebody",
        "nonce": "asked",
        "exp": int(time()) + 300,
        **changed,
    }


def claims(token: str) -> dict[str, Any]:
    told = Told({"keys": [KEY.as_dict(private=False)]})
    found = Provider(SETTINGS, "https://campaign.example.org/sign-in/back")._proven(told, DESCRIBED, token, "asked")  # type: ignore[arg-type]
    assert told.asked == [DESCRIBED["jwks_uri"]], "keys come from the provider alone, whatever the token names"
    return found


def test_a_token_that_holds_is_believed() -> None:
    assert claims(jwt.encode({"alg": "RS256", "kid": "one"}, facts(), KEY))["sub"] == "somebody"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another program"},
        {"nonce": "asked by somebody else"},
        {"exp": int(time()) - 300},
        {"nbf": int(time()) + 86_400},
        {"sub": None},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_token_about_something_else_is_not_believed(changed: Mapping[str, object]) -> None:
    whole = {name: value for name, value in facts(**changed).items() if value is not None}
    with pytest.raises(JoseError, match=f"{next(iter(changed))}|not yet valid"):
        claims(jwt.encode({"alg": "RS256", "kid": "one"}, whole, KEY))


def test_the_provider_is_asked_for_the_strength_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Provider, "_described", lambda *_: DESCRIBED)
    named = SETTINGS.model_copy(update={"acr": "two-factors"})
    questions = [Provider(settings, "https://campaign.example.org/back").start()[0] for settings in (SETTINGS, named)]
    assert ["acr_values=two-factors" in question for question in questions] == [False, True]


def test_a_person_whom_the_provider_asked_too_little_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.SETTINGS", SETTINGS.model_copy(update={"acr": "two-factors"}))
    head = {"alg": "RS256", "kid": "one"}
    assert claims(jwt.encode(head, facts(acr="two-factors"), KEY))["acr"] == "two-factors"
    for found in (facts(acr="password"), facts()):
        with pytest.raises(JoseError, match="acr"):
            claims(jwt.encode(head, found, KEY))


def part(what: Mapping[str, object] | bytes) -> str:
    raw = what if isinstance(what, bytes) else json.dumps(what).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned() -> str:
    return f"{part({'alg': 'none'})}.{part(facts())}."


def with_the_public_key_as_a_secret() -> str:
    words = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(facts())}"
    return f"{words}.{part(hmac.digest(KEY.as_pem(private=False), words.encode(), 'sha256'))}"


def with_a_key_of_its_own() -> str:
    return jwt.encode({"alg": "RS256", "kid": "one", "jku": "https://elsewhere.example/keys"}, facts(), OTHER)


@pytest.mark.parametrize("made", [unsigned, with_the_public_key_as_a_secret, with_a_key_of_its_own])
def test_a_token_that_the_provider_did_not_sign_is_not_believed(made: Any) -> None:
    with pytest.raises(JoseError, match=r"(?i)signature|algorithm|alg"):
        claims(made())


def test_a_provider_that_describes_itself_as_another_is_not_believed() -> None:
    provider = Provider(SETTINGS, "https://campaign.example.org/sign-in/back")
    assert provider._described(Told(DESCRIBED)) == DESCRIBED  # type: ignore[arg-type]
    for issuer in ("https://login.example.org.evil.example", "https://elsewhere.example", ""):
        with pytest.raises(WrongUse, match="does not describe itself"):
            provider._described(Told(DESCRIBED | {"issuer": issuer}))  # type: ignore[arg-type]
