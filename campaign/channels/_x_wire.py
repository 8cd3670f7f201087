"""How X is spoken to: one tweepy client per conversation, and what each answer that is not a success means.

Sources: X API v2 reference (Response codes and errors; Rate limits; Create Post; Upload media), tweepy's client.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

import tweepy

from campaign.channels._consent import PublicApp
from campaign.channels._tokens import token_of
from campaign.channels._wire import Conversation, said, unclear, well_formed
from campaign.channels._x_pace import lifted_at
from campaign.config import WebAddress
from campaign.config.money import Money
from campaign.errors import AccountBlocked, CredentialDead, Duplicate, Forbidden, Outcome, Refused, Unknown, Wait
from campaign.http import Answer, Session, asked
from campaign.ports import Identity

# The literal host inside tweepy's BaseClient.request.
_LITERAL = "https://api.twitter.com"
_ID = re.compile(r"[0-9]{1,19}")
_EPOCH_MS = 1_288_834_974_657
_TOP_UP = timedelta(minutes=10)
"""After so long an account without credits is tried again: a person may have topped it up meanwhile."""


class Settings(PublicApp):
    """Settings of the channel X. ``api_url`` is the host of the API, without a path of a version; ``authorize_url`` is
    the page on which a person consents.

    Prices are in US dollars, those of 2026-04-20. The caps bound what posts and readings cost in a month (UTC).
    """

    api_url: WebAddress = "https://api.x.com"
    authorize_url: WebAddress = "https://x.com/i/oauth2/authorize"
    price_post: Money = Decimal("0.015")
    price_link: Money = Decimal("0.20")
    price_alt_text: Money = Decimal("0.005")
    price_delete: Money = Decimal("0.010")
    price_read: Money = Decimal("0.005")
    monthly_cap: Money | None = None
    account_monthly_cap: Money | None = None


class Wire(Conversation):
    """A short conversation with X in the name of one account. Use it as a context manager.

    A client of its own each time: tweepy's keeps cookies, and swaps its tokens in some of its calls. Credentials with a
    consumer key are signed (OAuth 1.0a), others sent as a bearer token (OAuth 2.0).
    """

    def __init__(self, settings: Settings, who: Identity, before: Callable[[], None] | None = None) -> None:
        keys = who.credentials
        token = token_of(keys)
        self._signed = "consumer_key" in keys
        self.session = Session(
            {_LITERAL: settings.api_url.rstrip("/")}, before, connect=settings.connect, read=settings.read
        )
        self._client = tweepy.Client(
            bearer_token=None if self._signed else token,
            consumer_key=keys.get("consumer_key"),
            consumer_secret=keys.get("consumer_secret"),
            access_token=token if self._signed else None,
            access_token_secret=keys.get("access_token_secret"),
            wait_on_rate_limit=False,
        )
        self._client.session = self.session

    def ask(
        self,
        method: str,
        route: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        """Make one call and return the raw answer, whatever its status."""
        return asked(
            self.session,
            lambda: self._client.request(method, route, params=params, json=body, user_auth=self._signed),
        )


def good(answer: Answer, now: datetime, back_off: timedelta) -> Answer:
    """Return a 2xx answer; raise what any other one means."""
    if answer.fine:
        return answer
    raise refusal(answer, now, back_off)


def refusal(answer: Answer, now: datetime, back_off: timedelta) -> Outcome:
    """Return what an answer other than 2xx means (X API v2, Response codes and errors)."""
    detail = said(answer, _words(answer.facts))
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        until = lifted_at(answer.headers, now)
        return Wait(detail, until=until) if until else Wait(detail, after=back_off, stated=False)
    if answer.status == HTTPStatus.PAYMENT_REQUIRED:  # the app's credits are used up
        return AccountBlocked(detail, after=_TOP_UP)
    # A page of an edge server, in place of a problem in JSON, says nothing of what stands behind it.
    if unclear(answer) or not answer.facts:
        return Unknown(detail)
    if answer.status == HTTPStatus.FORBIDDEN:
        return Duplicate(detail) if "duplicate content" in detail.lower() else Forbidden(detail)
    return CredentialDead(detail) if answer.status == HTTPStatus.UNAUTHORIZED else Refused(detail)


def new_id(answer: Answer) -> str:
    """Return the id in ``data`` of a successful create or upload. Raises Unknown if there is no well-formed one."""
    data = answer.facts.get("data")
    return well_formed(data.get("id") if isinstance(data, dict) else None, _ID, answer)


def gone(answer: Answer) -> bool:
    """Say whether X itself says that a post or repost was taken down, or that there is none (resource-not-found)."""
    facts = answer.facts
    data, problems = facts.get("data"), facts.get("errors")
    if answer.fine and isinstance(data, dict):
        return data.get("deleted") is True or any(data.get(name) is False for name in ("retweeted", "reposted"))
    told = [facts, *(problems if isinstance(problems, list) else ())]
    return (answer.fine or answer.status == HTTPStatus.NOT_FOUND) and any(map(_names_no_post, told))


def _names_no_post(problem: object) -> bool:
    return (
        isinstance(problem, dict)
        and str(problem.get("type")).endswith("/problems/resource-not-found")
        and problem.get("resource_type", "tweet") in {"tweet", "post"}
    )


def snowflake(instant: datetime) -> int:
    """Return the smallest id that a post of this instant can have: milliseconds since X's epoch, times 2**22."""
    return max(0, int(instant.timestamp() * 1000) - _EPOCH_MS) << 22


def instant_of(number: int | str) -> datetime:
    """Return the instant that an id carries (aware UTC)."""
    return datetime.fromtimestamp(((int(number) >> 22) + _EPOCH_MS) / 1000, UTC)


def _words(facts: Mapping[str, object]) -> str:
    """Return the problem's own words: ``detail``, then what each entry of ``errors`` says."""
    errors = facts.get("errors")
    listed = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    words = [facts.get("title"), facts.get("detail")]
    words += [error.get("message") or error.get("detail") for error in listed]
    words += [facts.get("type"), facts.get("reason"), facts.get("error_description")]
    return "; ".join(dict.fromkeys(word for word in words if isinstance(word, str) and word != "about:blank"))
