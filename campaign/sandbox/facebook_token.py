"""The local Facebook's tokens of persons: a code for a short one, a short for a long one, and what a person may do.

Sources: Facebook Login, *Manually build a login flow* (exchanging code for a token), *Long-lived access tokens*; Graph
API, *User accounts*, *User permissions*, *Page access tokens*: the token of a page that was read with a long-lived
one does not end.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.consent import CLIENT_ID, CLIENT_SECRET, Manner, redeemed
from campaign.sandbox.facebook_call import CHANNEL, Call
from campaign.sandbox.facebook_error import bad_token, declined, not_permitted, parameter
from campaign.sandbox.world import World

SCOPES = frozenset(
    {
        *("pages_manage_posts", "pages_read_engagement", "pages_show_list", "pages_manage_engagement"),
        *("read_insights", "pages_read_user_content"),
    }
)
MANNER = Manner(
    channel=CHANNEL,
    scopes=SCOPES,
    denial={
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
    },
    life=timedelta(minutes=10),
    separator=",",
    declines=True,
)
"""*Manually build a login flow*: scopes are separated by commas, and a person may take single ones away."""

SHORT, LONG = timedelta(hours=1), timedelta(days=60)
TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]
PAGES_MAX = 100


def exchange(world: World, call: Call) -> dict[str, object]:
    """Answer GET /oauth/access_token."""
    if call.method != "GET":
        raise parameter("Unsupported method")
    _check_app(call)
    if call.text("grant_type") == "fb_exchange_token":
        facts, life = _person(world, call.text("fb_exchange_token") or ""), LONG
        return _issued(world, facts, life)
    if not call.text("redirect_uri"):
        raise declined(191, "Missing redirect_uri parameter.")
    form = {"code": call.text("code") or "", "redirect_uri": call.text("redirect_uri") or ""}
    allowed = redeemed(world, MANNER, form, CLIENT_ID)
    if allowed is None:
        message = (
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used "
            "in the OAuth dialog request"
        )
        raise declined(100, message, subcode=36008)
    return _issued(world, {"pages": list(allowed.accounts), "scopes": list(allowed.scopes)}, SHORT)


def _check_app(call: Call) -> None:
    if call.text("client_id") != CLIENT_ID:
        raise declined(101, "Error validating application. Cannot get application info due to a system error.")
    if call.text("client_secret") != CLIENT_SECRET:
        raise declined(1, "Error validating client secret.")


def _issued(world: World, facts: Mapping[str, object], life: timedelta) -> dict[str, object]:
    token = f"EAAU{token_urlsafe(40)}"
    ends_at = (world.clock.now() + life).isoformat()
    world.keep(f"facebook/user/{token}", {**facts, "ends_at": ends_at, "long": life == LONG})
    return {"access_token": token, "token_type": "bearer", "expires_in": int(life.total_seconds())}


def _person(world: World, token: str) -> dict[str, Any]:
    facts = world.recall(f"facebook/user/{token}")
    if not isinstance(facts, dict):
        raise bad_token(467)
    if datetime.fromisoformat(facts["ends_at"]) <= world.clock.now():
        raise bad_token(463)
    return facts


def is_person(world: World, token: str | None) -> bool:
    """Say whether a token is a person's and no page's."""
    return bool(token) and world.recall(f"facebook/user/{token}") is not None


def of_person(world: World, call: Call, token: str) -> dict[str, object]:
    """Answer what a person's token may ask: who it is, what was allowed, which pages there are."""
    facts = _person(world, token)
    _check_proof(call, token)
    match (call.method, *call.path):
        case ("GET", "me"):
            return {"id": "1", "name": "Sandbox Person"}
        case ("GET", "me", "permissions"):
            call.only(())
            granted = frozenset(facts["scopes"])
            state = {True: "granted", False: "declined"}
            return {"data": [{"permission": one, "status": state[one in granted]} for one in sorted(SCOPES)]}
        case ("GET", "me", "accounts"):
            return _pages(world, call, facts)
        case _:
            raise declined(2500, f"Unknown path components: /{'/'.join(call.path[1:])}")


def _check_proof(call: Call, token: str) -> None:
    """The app asks for proofs (*Secure Graph API calls*), as its setting *Require App Secret* has it."""
    expected = hmac.new(CLIENT_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest((call.text("appsecret_proof") or "").encode(), expected.encode()):
        message = "API calls from the server require an appsecret_proof argument"
        raise declined(100, message, kind="GraphMethodException")


def _pages(world: World, call: Call, facts: Mapping[str, Any]) -> dict[str, object]:
    call.only({"limit", "after"})
    if "pages_show_list" not in facts["scopes"]:
        raise not_permitted("Requires pages_show_list permission", code=200)
    limit = call.text("limit") or "25"
    if not limit.isdigit() or not 0 < int(limit) <= PAGES_MAX:
        raise parameter(f"Param limit must be a number between 1 and {PAGES_MAX}")
    every = [account for one in facts["pages"] if (account := world.account(CHANNEL, one)) is not None]
    after = call.text("after") or ""
    start = int(after) if after.isdigit() else 0
    shown = every[start : start + int(limit)]
    paging: dict[str, object] = {"cursors": {"before": str(start), "after": str(start + len(shown))}}
    if start + len(shown) < len(every):
        paging["next"] = f"{call.here}/me/accounts?after={start + len(shown)}"
    return {"data": [_page(world, one, facts) for one in shown], "paging": paging}


def _page(world: World, page: SandboxAccount, facts: Mapping[str, Any]) -> dict[str, object]:
    token = f"EAAP{token_urlsafe(40)}"
    ends_at = None if facts["long"] else facts["ends_at"]
    kept = {"page": page.external_id, "scopes": " ".join(facts["scopes"]), "ends_at": ends_at}
    world.keep(f"facebook/page/{token}", kept)
    return {"id": page.external_id, "name": page.partner_name, "access_token": token, "tasks": TASKS}


def page_of(world: World, token: str | None) -> SandboxAccount | None:
    """Return the page whose token this is: one of accounts.csv, or one given out here."""
    if not token:
        return None
    held = next((one for one in world.on(CHANNEL) if one.credentials.get("access_token") == token), None)
    facts = None if held else world.recall(f"facebook/page/{token}")
    page = world.account(CHANNEL, facts["page"]) if isinstance(facts, dict) else None
    if page is None or not isinstance(facts, dict):
        return held
    keys = {"access_token": token, "app_secret": CLIENT_SECRET, "scopes": facts["scopes"]}
    return replace(page, credentials=keys | ({"expires_at": facts["ends_at"]} if facts["ends_at"] else {}))
