"""Access tokens, alike on every channel: which one there is, when it ends, and another for it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from campaign.channels._wire import Times, once, said
from campaign.clock import iso
from campaign.config import odd_sign
from campaign.errors import CredentialDead, Unknown
from campaign.http import Answer

_SPENT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED})


def token_of(credentials: Mapping[str, str]) -> str:
    """Return the access token of opened credentials. Raises CredentialDead if there is none that can be sent."""
    token = credentials.get("access_token")
    if not token:
        raise CredentialDead("no access token is stored for this account")
    if odd := odd_sign(token):
        raise CredentialDead(f"its access token holds {odd}, which no token does: copy it once more")
    return token


def ends_at(credentials: Mapping[str, str]) -> datetime | None:
    """Return when the access token ends (``expires_at``: ISO 8601 with an offset, or seconds of the epoch)."""
    text = credentials.get("expires_at") or ""
    try:
        if text.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(text), UTC)
        instant = datetime.fromisoformat(text) if text else None
    except (ValueError, OverflowError, OSError):
        return None
    return instant.astimezone(UTC) if instant and instant.tzinfo else None


def renewal(times: Times, url: str, form: Mapping[str, str], login: tuple[str, str] | None = None) -> Answer:
    """Hand a refresh token in (RFC 6749, section 6). Raises CredentialDead if it is not taken (section 5.2)."""
    answer = once(times, "POST", url, data=form, auth=login)
    if answer.status in _SPENT and answer.facts:
        raise CredentialDead(said(answer, answer.facts.get("error_description")))
    return answer


def renewed(credentials: Mapping[str, str], answer: Answer, now: datetime) -> dict[str, str]:
    """Return the credentials with the tokens of a token endpoint's answer (RFC 6749, section 5.1) put in.

    Raises:
        campaign.errors.Unknown: the answer carries no token; the old refresh token may be spent all the same.

    """
    facts = answer.facts
    token, seconds = facts.get("access_token"), facts.get("expires_in")
    if not isinstance(token, str) or not token:
        raise Unknown("the renewal's answer carries no token")
    fresh = {**credentials, "access_token": token}
    if isinstance(facts.get("refresh_token"), str) and facts["refresh_token"]:
        fresh["refresh_token"] = facts["refresh_token"]
    fresh.pop("expires_at", None)
    if isinstance(seconds, int):
        fresh["expires_at"] = iso(now + timedelta(seconds=seconds))
    if isinstance(facts.get("refresh_token_expires_in"), int):
        fresh["refresh_expires_at"] = iso(now + timedelta(seconds=facts["refresh_token_expires_in"]))
    return fresh
