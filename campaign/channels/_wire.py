"""What every channel over HTTP does alike: settings of time, calls, the tone of failures, patience with a refused
token, ids, and the reading of a listing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from threading import Event
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from campaign.clock import Clock
from campaign.config import Duration
from campaign.errors import (
    CannotLook,
    CredentialDead,
    Forbidden,
    NeverSent,
    Outcome,
    Pace,
    Stranger,
    Unknown,
    Withheld,
)
from campaign.http import Answer, Session, asked
from campaign.ports import Media
from campaign.scrubbing import scrub

_DETAIL_MAX = 300
UNSURE = frozenset({HTTPStatus.REQUEST_TIMEOUT})
_Read = TypeVar("_Read")


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


class Conversation:
    """A short conversation with a platform in the name of one account. Use it as a context manager."""

    session: Session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.session.close()


def once(times: Times, method: str, url: str, **call: Any) -> Answer:
    """Make one call outside of any account's conversation. ``call`` is what requests takes beside these."""
    with Session(connect=times.connect, read=times.read) as session:
        return asked(session, lambda: session.request(method, url, **call))


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
    """Around a look-up: whatever fails proves nothing. Only a lack of permission, or somebody else's credentials, will
    surely not pass by itself.

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
    except (Forbidden, Stranger) as error:
        raise CannotLook(error.detail, permanent=True) from error
    except Outcome as error:
        blind = CannotLook(error.detail)
        blind.refused = isinstance(error, CredentialDead)
        raise blind from error


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


def well_formed(number: object, form: re.Pattern[str], answer: Answer) -> str:
    """Return the id that an answer to a create or an upload carries. Raises Unknown if it is none."""
    if isinstance(number, str) and form.fullmatch(number):
        return number
    raise Unknown(f"the answer carries no id: {said(answer)}")


def all_read(posts: Iterable[Any], read: Callable[[Any], _Read]) -> list[_Read]:
    """Read the posts of a listing. Raises CannotLook if one cannot be read."""
    try:
        return [read(post) for post in posts]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CannotLook(f"a post of the listing cannot be read: {error}") from error


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
