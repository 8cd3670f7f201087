"""The local LinkedIn's token endpoint: an access token for a code, and a new one for a refresh token.

LinkedIn, *Programmatic refresh tokens*: an access token lives 60 days; a refresh token lives 365 days from the first
consent and refreshing does not lengthen that.
*Authorization code flow*: a code lives 30 minutes; the scopes of an answer are separated by commas.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from starlette.responses import JSONResponse, Response

from campaign.errors import Declined
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.consent import CLIENT_ID, CLIENT_SECRET, Manner, redeemed
from campaign.sandbox.linkedin_call import CHANNEL, instant
from campaign.sandbox.world import World

ACCESS_LIFE = timedelta(days=60)
REFRESH_LIFE = timedelta(days=365)
MANNER = Manner(
    channel=CHANNEL,
    scopes=frozenset({"w_organization_social", "r_organization_social", "rw_organization_admin"}),
    denial={"error": "user_cancelled_authorize", "error_description": "The user cancelled the authorization"},
    life=timedelta(minutes=30),
)
"""*Authorization code flow*: the member consents to all scopes or to none."""


def token(world: World, form: Mapping[str, str]) -> Response:
    """Answer the token endpoint by its grant."""
    return redeem(world, form) if form.get("grant_type") == "authorization_code" else refresh(world, form)


def redeem(world: World, form: Mapping[str, str]) -> Response:
    """Give out a token for a code. The switch ``linkedin.no_refresh`` makes the app one that gets no refresh tokens."""
    for name in ("code", "redirect_uri", "client_id", "client_secret"):
        if not form.get(name):
            raise _refused("invalid_request", f'A required parameter "{name}" is missing')
    if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
        raise _refused("invalid_client", "Client authentication failed", status=401)
    allowed = redeemed(world, MANNER, form, form["client_id"])
    if allowed is None:
        message = "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code."
        raise _refused("invalid_request", f"{message} Or authorization code expired.")
    access, fresh, now = f"AQX{token_urlsafe(32)}", f"AQR{token_urlsafe(32)}", world.clock.now()
    facts = {"accounts": list(allowed.accounts), "scopes": " ".join(allowed.scopes), "client": form["client_id"]}
    world.keep(f"linkedin/token/{access}", facts | {"expires_at": (now + ACCESS_LIFE).isoformat()})
    answer: dict[str, object] = {
        "access_token": access,
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "scope": ",".join(allowed.scopes),
    }
    if not world.switches.get("linkedin.no_refresh"):
        world.keep(f"linkedin/refresh/{fresh}", facts | {"ends_at": (now + REFRESH_LIFE).isoformat()})
        answer |= {"refresh_token": fresh, "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds())}
    return JSONResponse(answer)


def refresh(world: World, form: Mapping[str, str]) -> Response:
    """Give out a new access token, with the seconds that both tokens still have to live."""
    for name in ("grant_type", "refresh_token", "client_id", "client_secret"):
        if not form.get(name):
            raise _refused("invalid_request", f'A required parameter "{name}" is missing')
    if form["grant_type"] != "refresh_token":
        raise _refused("unsupported_grant_type", "The local LinkedIn knows authorization_code and refresh_token")
    issued = world.recall(f"linkedin/refresh/{form['refresh_token']}")
    if isinstance(issued, dict):
        return _again(world, form, issued)
    account = _holder(world, form)
    ends = _refresh_ends(world, account, form["refresh_token"])
    facts: dict[str, object] = {"refresh_token": form["refresh_token"]}
    return _renewed(world, form["refresh_token"], ends, facts, sorted(account.scopes or ()))


def _again(world: World, form: Mapping[str, str], issued: Mapping[str, Any]) -> Response:
    if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
        raise _refused("invalid_client", "Client authentication failed", status=401)
    facts = {name: issued[name] for name in ("accounts", "scopes")}
    return _renewed(world, form["refresh_token"], instant(issued["ends_at"]), facts, issued["scopes"].split())


def _renewed(
    world: World, refresh_token: str, ends: datetime, facts: Mapping[str, object], scopes: Sequence[str]
) -> Response:
    now = world.clock.now()
    if ends <= now:
        raise _refused("invalid_grant", "The provided authorization grant or refresh token is expired or revoked")
    life = min(ACCESS_LIFE, ends - now)
    access = f"AQX{token_urlsafe(32)}"
    world.keep(f"linkedin/token/{access}", {**facts, "expires_at": (now + life).isoformat()})
    return JSONResponse(
        {
            "access_token": access,
            "expires_in": int(life.total_seconds()),
            "refresh_token": refresh_token,
            "refresh_token_expires_in": int((ends - now).total_seconds()),
            "scope": ",".join(scopes),
        }
    )


def _holder(world: World, form: Mapping[str, str]) -> SandboxAccount:
    held = (one for one in world.on(CHANNEL) if one.credentials.get("refresh_token") == form["refresh_token"])
    account = next(held, None)
    if account is None:
        raise _refused("invalid_grant", "The provided authorization grant or refresh token is invalid")
    for name in ("client_id", "client_secret"):
        if account.credentials.get(name, form[name]) != form[name]:
            raise _refused("invalid_client", "Client authentication failed", status=401)
    return account


def _refresh_ends(world: World, account: SandboxAccount, token: str) -> datetime:
    """Return when the refresh token ends: as its credentials say, else a year after it was first used here."""
    written = account.credentials.get("refresh_expires_at")
    if written:
        return instant(written)
    key = f"linkedin/consent/{token}"
    first = world.recall(key)
    if not isinstance(first, str):
        first = world.clock.now().isoformat()
        world.keep(key, first)
    return instant(first) + REFRESH_LIFE


def _refused(error: str, description: str, status: int = 400) -> Declined:
    return Declined(status=status, body={"error": error, "error_description": description})
