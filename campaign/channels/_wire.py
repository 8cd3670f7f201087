"""What every channel over HTTP does alike: settings of time, the tone of failures, patience with a refused token."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from threading import Event
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from campaign.clock import Clock, iso
from campaign.config import Duration
from campaign.errors import (
    CannotLook,
    CredentialDead,
    Forbidden,
    NeverSent,
    Outcome,
    Pace,
    Unknown,
    Withheld,
)
from campaign.http import Answer
from campaign.ports import Media
from campaign.scrubbing import scrub

_DETAIL_MAX = 300
UNSURE = frozenset({HTTPStatus.REQUEST_TIMEOUT})


class Times(BaseModel):
    """Settings of time that every channel has.

    ``connect`` and ``read`` bound a call (see ``campaign.http.Session``), ``token_pause`` is waited before a refused
    token is tried once more, ``back_off`` when a platform says to slow down without saying for how long.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    connect: Duration = timedelta(seconds=5)
    read: Duration = timedelta(seconds=30)
    token_pause: Duration = timedelta(seconds=3)
    back_off: Duration = timedelta(minutes=1)


@contextmanager
def unseen() -> Iterator[None]:
    """Around a step that makes nothing visible: the post was not sent, whatever became of it."""
    try:
        yield
    except Unknown as error:
        raise NeverSent(error.detail) from error


@contextmanager
def paced(pace: Pace | None) -> Iterator[None]:
    """Around the reading of an answer: an outcome carries what the answer said of the account's budget."""
    try:
        yield
    except Outcome as outcome:
        outcome.pace = pace
        raise


@contextmanager
def looking(shown: Callable[[], Iterable[str]] = tuple) -> Iterator[None]:
    """Around a look-up: whatever fails proves nothing. Only a lack of permission will surely not pass by itself.

    ``shown`` tells which posts the platform has shown so far, where it charges for them: that is paid for all the same.
    """
    try:
        with _proving_nothing():
            yield
    except CannotLook as error:
        error.shown = frozenset(shown())
        raise


@contextmanager
def _proving_nothing() -> Iterator[None]:
    try:
        yield
    except CannotLook:
        raise
    except Forbidden as error:
        raise CannotLook(error.detail, permanent=True) from error
    except Outcome as error:
        raise CannotLook(error.detail) from error


def patiently(clock: Clock, pause: timedelta, ask: Callable[[], Answer]) -> Answer:
    """Ask; if the answer is 401, ask once more after a pause.

    X had outages in which good tokens were refused, LinkedIn refuses fresh ones for a moment. A 401 posts nothing.
    """
    answer = ask()
    if answer.status != HTTPStatus.UNAUTHORIZED:
        return answer
    clock.wait(Event(), pause.total_seconds())
    return ask()


def unclear(answer: Answer) -> bool:
    """Say whether nobody can tell from this answer what became of the call: 5xx, 408, a redirect."""
    status = answer.status
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in UNSURE or status < HTTPStatus.BAD_REQUEST


def taken_down(answer: Answer, good: Callable[[Answer], Answer], *, gone: bool) -> None:
    """Take the answer to a delete in. ``gone`` says that the platform itself says that the post is not there.

    Raises what ``good`` does, Unknown for any other 404 or success: an edge in front of the platform, and an outage of
    it, answer so too, while the post stands. Asking again harms nobody.
    """
    if gone:
        return
    if answer.status != HTTPStatus.NOT_FOUND:
        good(answer)
    raise Unknown(f"the answer does not say that it is gone: {said(answer)}")


def said(answer: Answer, words: object = "") -> str:
    """Return a short line of what the platform answered, fit to be shown and kept."""
    text = words if isinstance(words, str) and words else answer.content[:_DETAIL_MAX].decode("utf-8", "replace")
    return scrub(f"{answer.status} {' '.join(text.split())}".strip())[:_DETAIL_MAX]


def picture(media: Media, limit: int) -> bytes:
    """Return the bytes of an image: those that were approved, for the approval is bound to their digest.

    Raises Withheld if the file holds others or more than the platform takes, NeverSent if it cannot be read here:
    another machine may.
    """
    try:
        data = media.path.read_bytes()
    except OSError as error:
        raise NeverSent(f"the image {media.digest[:12]} cannot be read: {error.strerror}") from error
    if sha256(data).hexdigest() != media.digest:
        raise Withheld(f"the file of the image {media.digest[:12]} is not the one that was approved: {media.path.name}")
    if len(data) > limit:
        raise Withheld(f"the image {media.digest[:12]} has {len(data)} bytes; the platform takes {limit}")
    return data


def token_of(credentials: Mapping[str, str]) -> str:
    """Return the access token of opened credentials. Raises CredentialDead if there is none."""
    token = credentials.get("access_token")
    if not token:
        raise CredentialDead("no access token is stored for this account")
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
