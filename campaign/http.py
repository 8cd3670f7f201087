"""The one way out to the web: a session with base addresses, bounds on time, no redirects, and nothing secret in words.

Client libraries are given this session as their own. What a platform answered is read from ``Session.last`` and not
from the libraries, which lose statuses, headers and bodies on the way, or fail on answers they did not expect.
"""

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3

from campaign.errors import NeverSent, Outcome, Unknown
from campaign.scrubbing import scrub
from campaign.sockets import Adapter

__all__ = ["Answer", "Session", "asked", "causes", "in_words", "network_outcome"]

# These write headers, bodies or whole addresses with tokens at DEBUG.
_TALKATIVE = (
    "tweepy.client",
    "urllib3",
    "urllib3.connectionpool",
    "requests_oauthlib",
    "requests_oauthlib.oauth1_auth",
)

_CHUNK = 65_536
_BODY_MAX = 20_000_000

_BEFORE_THE_WIRE = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.NewConnectionError,
    ssl.SSLCertVerificationError,
)
_IN_WORDS = (
    (ssl.SSLError, "its certificate is not good"),
    (urllib3.exceptions.NewConnectionError, "nobody answers at its address"),
    ((requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError), "no answer came in time"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, whole: a body that was cut off is no answer. Header names match in any case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def fine(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def body(self) -> object:
        """The parsed JSON, whatever the content type says; None where there is none."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None

    @property
    def facts(self) -> dict[str, Any]:
        """The parsed JSON object; empty where the body is anything else."""
        body = self.body
        return body if isinstance(body, dict) else {}


class Session(requests.Session):
    """A ``requests.Session`` for one short conversation, to be closed after it.

    ``rewrites`` maps address prefixes that libraries carry as literals to those that are configured. ``before`` is
    called once the connection stands, right before a request is written to it; what it raises leaves untouched.
    ``wrote``: any of a request may have been written since the last call was ``asked``. ``connect`` bounds the time to
    a connection, ``read`` the writing of a request, each wait for bytes and the time of a whole body, twice ``read``
    the whole answer. Proxies, ``.netrc`` (which would replace our Authorization header) and certificates from the
    environment are not read. Nothing is tried twice.
    """

    def __init__(
        self,
        rewrites: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
        connect: timedelta = timedelta(seconds=5),
        read: timedelta = timedelta(seconds=30),
    ) -> None:
        super().__init__()
        _quieten()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, Adapter(read.total_seconds(), self._about_to_write))
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.last: Answer | None = None
        self.wrote = False
        self._before = before
        self._rewrites = dict(rewrites or {})
        self._connect = connect.total_seconds()
        self._read = read.total_seconds()

    def _about_to_write(self) -> None:
        if self._before is not None:
            self._before()
        self.wrote = True

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request. Signatures are made after this, so they hold for the rewritten address."""
        self.last = None
        kwargs["timeout"] = (self._connect, self._read)
        # A followed 301 or 302 would turn a POST into a GET.
        kwargs["allow_redirects"] = False
        return super().request(method, self._rewritten(url), *args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send, and take in the whole answer within the bounds of time."""
        kwargs["stream"] = True
        response = super().send(request, **kwargs)
        try:
            content = b"".join(self._pieces(response))
        finally:
            response.close()
        response._content = content  # noqa: SLF001 - requests itself reads without an end to the time a body may take
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - as above
        self.last = Answer(response.status_code, response.headers, content)
        return response

    def reconnect(self) -> None:
        """Let go of idle connections: one that the server closed meanwhile would make the next outcome unknown."""
        self.close()

    def _rewritten(self, url: str | bytes) -> str:
        text = url.decode() if isinstance(url, bytes) else url
        for prefix, replacement in self._rewrites.items():
            if text.startswith(prefix):
                return replacement + text[len(prefix) :]
        return text

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        end, total = time.monotonic() + self._read, 0
        try:
            # read1 hands over what is there; read would wait for more and so outlast the bound.
            while piece := response.raw.read1(_CHUNK, decode_content=True):
                total += len(piece)
                if time.monotonic() > end or total > _BODY_MAX:
                    raise requests.ReadTimeout("the body came too slowly or was too long", request=response.request)
                yield piece
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if isinstance(error, requests.RequestException):
                raise
            raise requests.ConnectionError(error, request=response.request) from error


def asked(session: Session, call: Callable[[], object]) -> Answer:
    """Let a client library make its call and return what the server answered.

    Whatever the library makes of the answer is left aside: it may raise on an error, or choke on the body.

    Raises:
        campaign.errors.NeverSent: the request did not leave this machine.
        campaign.errors.Unknown: it left, and no whole answer came.
        campaign.errors.CampaignError: what ``before`` raised.

    """
    session.last, session.wrote = None, False
    try:
        call()
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        if session.last is None:
            raise network_outcome(error) from error
    except Exception as error:
        if session.last is None:
            _refuse_unwritable(session, error)
            raise
        logging.getLogger(__name__).debug("a library failed on an answer: %s", type(error).__name__)
    if session.last is None:
        raise Unknown("no request was seen to go out")
    return session.last


def _refuse_unwritable(session: Session, error: Exception) -> None:
    """Raise NeverSent for a request that cannot be put into bytes: a header with a character that none may have."""
    if isinstance(error, ValueError) and not session.wrote:
        # Its name alone: the message may carry what could not be written.
        raise NeverSent(f"the request cannot be made: {type(error).__name__}") from error


def network_outcome(error: BaseException) -> Outcome:
    """Say whether a request that got no answer can have reached the server.

    Never sent: no address, refused, no connection in time, a certificate or handshake that failed. Everything else
    may have arrived, so it is unknown.
    """
    detail = scrub(f"{type(error).__name__}: {error}")
    if any(isinstance(link, _BEFORE_THE_WIRE) for link in causes(error)):
        return NeverSent(detail)
    return Unknown(detail)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it carries: requests and urllib3 wrap causes as ``reason`` or as an argument."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or link in seen:
            continue
        seen.append(link)
        yield link
        waiting += [getattr(link, "reason", None), *link.args]


def in_words(error: BaseException) -> str:
    """Say in plain words how a call failed that got no whole answer."""
    kinds = [words for kind, words in _IN_WORDS if any(isinstance(link, kind) for link in causes(error))]
    return kinds[0] if kinds else "the connection broke off"


def _quieten() -> None:
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)
