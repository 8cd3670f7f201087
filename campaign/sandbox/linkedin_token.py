"""The local LinkedIn's token endpoint: a new access token for a refresh token.

LinkedIn, *Programmatic refresh tokens*: an access token lives 60 days; a refresh token lives 365 days from the first
consent and refreshing does not lengthen that.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_urlsafe

from starlette.responses import JSONResponse, Response

from campaign.errors import Declined
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.linkedin_call import CHANNEL, instant
from campaign.sandbox.world import World

ACCESS_LIFE = timedelta(days=60)
REFRESH_LIFE = timedelta(days=365)


def refresh(world: World, form: Mapping[str, str]) -> Response:
    """Give out a new access token, with the seconds that both tokens still have to live."""
    for name in ("grant_type", "refresh_token", "client_id", "client_secret"):
        if not form.get(name):
            raise _refused("invalid_request", f'A required parameter "{name}" is missing')
    if form["grant_type"] != "refresh_token":
        raise _refused("unsupported_grant_type", "The local LinkedIn knows the grant refresh_token alone")
    account = _holder(world, form)
    now, ends = world.clock.now(), _refresh_ends(world, account, form["refresh_token"])
    if ends <= now:
        raise _refused("invalid_grant", "The provided authorization grant or refresh token is expired or revoked")
    life = min(ACCESS_LIFE, ends - now)
    access = f"AQX{token_urlsafe(32)}"
    facts = {"refresh_token": form["refresh_token"], "expires_at": (now + life).isoformat()}
    world.keep(f"linkedin/token/{access}", facts)
    return JSONResponse(
        {
            "access_token": access,
            "expires_in": int(life.total_seconds()),
            "refresh_token": form["refresh_token"],
            "refresh_token_expires_in": int((ends - now).total_seconds()),
            "scope": ",".join(sorted(account.scopes or ())),
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
