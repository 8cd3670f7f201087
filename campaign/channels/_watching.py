"""What the channels know for watching: when API versions and credentials end, and the platform's own time."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from campaign.channels._tokens import ends_at
from campaign.channels._wire import Times, once
from campaign.ports.watching import Sunset

GRAPH: Mapping[str, date] = {
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}
"""Graph API changelog, *Available Graph API versions*, as of 2026-11. A version that is not here has no end yet."""

LINKEDIN: Mapping[str, date] = {
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202602": date(2027, 2, 15),
    "202603": date(2027, 3, 16),
    "202604": date(2027, 4, 15),
    "202605": date(2027, 5, 15),
    "202606": date(2027, 6, 15),
    "202607": date(2027, 7, 15),
}
"""LinkedIn developer documentation, *Versioning*, as of 2026-11. Each version lives for a year at least."""


def sunset(setting: str, version: str, table: Mapping[str, date]) -> Sunset | None:
    """Return when ``version`` ends: as the table says, with its oldest where it is older; None where it is newer."""
    oldest = min(table, key=_order)
    if version not in table and _order(version) >= _order(oldest):
        return None
    return Sunset(version, setting, table.get(version, table[oldest]))


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split(".") if part.isdigit())


def consent_ends_at(credentials: Mapping[str, str], *, renewable: bool) -> datetime | None:
    """Return when a person must consent again: at the end of the refresh token where the access token is renewed
    by the program (``refresh_expires_at``), else at the end of the access token (``expires_at``).
    """
    if not renewable:
        return ends_at(credentials)
    return ends_at({"expires_at": credentials.get("refresh_expires_at", "")})


def platform_time(url: str, times: Times, now: Callable[[], datetime]) -> datetime | None:
    """Return the server's time from the Date header (RFC 9110, section 6.6.1), reckoned to the end of the call.

    The header counts whole seconds, so half a second is added. Raises an Outcome when no answer comes.
    """
    began = now()
    answer = once(times, "GET", url)
    took = now() - began
    try:
        stated = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return stated.astimezone(UTC) + timedelta(seconds=0.5) + took / 2
