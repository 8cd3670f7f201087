"""How LinkedIn's REST API is spoken to, and what each answer that is not a success means.

Sources: LinkedIn developer documentation (API versioning; Posts API; Images API; Error handling; Rate limits).
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from pydantic import Field

from campaign.channels._consent import ConfidentialApp
from campaign.channels._linkedin_pace import DAILY_POSTS, throttled
from campaign.channels._tokens import token_of
from campaign.channels._wire import Conversation, said, unclear, well_formed
from campaign.config import Duration, WebAddress
from campaign.errors import AccountBlocked, CredentialDead, Duplicate, Forbidden, Outcome, Refused, Unknown
from campaign.http import Answer, Session, asked
from campaign.ports import Identity

_URN = re.compile(r"urn:li:(?:share|ugcPost):[0-9]+")
_NEW_VERSION = timedelta(minutes=10)
"""After so long an account is tried again whose API version has ended: a person may have named another meanwhile."""


class Settings(ConfidentialApp):
    """Settings of the channel LinkedIn: hosts, API version, how long to wait for an image to be worked through, and
    ``daily_limit``, the posts that an account may make in a day (UTC).
    """

    api_url: WebAddress = "https://api.linkedin.com"
    version: str = "202607"
    auth_url: WebAddress = "https://www.linkedin.com"
    image_poll: Duration = timedelta(seconds=1)
    image_wait: Duration = timedelta(seconds=45)
    daily_limit: int = Field(default=DAILY_POSTS, ge=1)


class Wire(Conversation):
    """A short conversation with LinkedIn in the name of one organisation page. Use it as a context manager."""

    def __init__(self, settings: Settings, who: Identity, before: Callable[[], None] | None = None) -> None:
        self._root = settings.api_url.rstrip("/")
        self._bearer = {"Authorization": f"Bearer {token_of(who.credentials)}"}
        self._headers = {
            **self._bearer,
            "LinkedIn-Version": settings.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        self.session = Session(None, before, connect=settings.connect, read=settings.read)

    def ask(
        self, method: str, path: str, body: Mapping[str, object] | None = None, finder: str | None = None
    ) -> Answer:
        """Make one call. ``path`` is sent as it is, query included: Rest.li refuses what requests would encode."""
        headers = {**self._headers, **({"X-RestLi-Method": finder} if finder else {})}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        return asked(
            self.session,
            lambda: self.session.request(method, f"{self._root}/rest/{path}", data=data, headers=headers),
        )

    def put(self, url: str, data: bytes, mime: str) -> Answer:
        """Hand in bytes at an address that LinkedIn gave. The token goes over TLS, or to the host that we speak to."""
        if urlsplit(url).scheme != "https" and urlsplit(url).netloc != urlsplit(self._root).netloc:
            raise Refused("LinkedIn gave an address for the image that is not https")
        headers = {**self._bearer, "Content-Type": mime}
        return asked(self.session, lambda: self.session.request("PUT", url, data=data, headers=headers))


def encoded(urn: str) -> str:
    """Return a URN as it stands in paths and lists: wholly percent-encoded."""
    return quote(urn, safe="")


def urn_in(text: str) -> str | None:
    """Return the first URN of a post in ``text``, or None."""
    found = _URN.search(text)
    return found[0] if found else None


def new_urn(answer: Answer) -> str:
    """Return the URN of a created post, which stands in a header. Raises Unknown if there is no well-formed one."""
    return well_formed(answer.headers.get("x-restli-id"), _URN, answer)


def good(answer: Answer, now: datetime, back_off: timedelta) -> Answer:
    """Return a 2xx answer; raise what any other one means."""
    if answer.fine:
        return answer
    raise refusal(answer, now, back_off)


def refusal(answer: Answer, now: datetime, back_off: timedelta) -> Outcome:
    """Return what an answer other than 2xx means (LinkedIn developer documentation, Error handling)."""
    facts = answer.facts
    words = " ".join(str(facts[key]) for key in ("code", "message") if facts.get(key))
    detail = said(answer, words)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return throttled(detail, words, now, back_off)
    if answer.status == HTTPStatus.UPGRADE_REQUIRED:  # the API version has ended; another one takes the same post
        return AccountBlocked(f"{detail} (see channels.linkedin.version in config.toml)", after=_NEW_VERSION)
    if unclear(answer) or not facts:
        return Unknown(detail)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return CredentialDead(detail)
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and _is_duplicate(answer):
        return Duplicate(detail, external_id=urn_in(words))
    return Forbidden(detail) if answer.status == HTTPStatus.FORBIDDEN else Refused(detail)


def gone(answer: Answer) -> bool:
    """Say whether LinkedIn itself says that a post was taken down, or that there is none.

    A delete is idempotent (204, Posts API), so a 404 is rare. LinkedIn words so too that it knows no such *resource*,
    where the path, the version or the app's product is wrong: that says nothing of the post.
    """
    facts = answer.facts
    if answer.fine:
        return not answer.content or isinstance(answer.body, dict)
    words = f"{facts.get('code')} {facts.get('message')}".lower()
    return answer.status == HTTPStatus.NOT_FOUND == facts.get("status") and "resource" not in words


def _is_duplicate(answer: Answer) -> bool:
    return b"DUPLICATE_POST" in answer.content or b"duplicate of urn:li:" in answer.content
