"""How the Graph API is spoken to: one facebook-sdk client per conversation, and what each error of it means.

The SDK knows no version of this decade, no app secret proof and no batch, loses statuses and headers, and encodes
nested values wrongly without a word: so the version is set after construction, nested values are given as JSON text,
and answers are read from the session.

Sources: Graph API documentation (Error handling; Rate limits; Securing requests).
"""

import hashlib
import hmac
import json
import re
import warnings
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

import structlog
from pydantic import Field

from campaign.channels._consent import ConfidentialApp
from campaign.channels._facebook_pace import Slowing, regained
from campaign.channels._tokens import token_of
from campaign.channels._wire import Conversation, said, well_formed
from campaign.config import Duration, WebAddress
from campaign.errors import AccountBlocked, CredentialDead, Duplicate, Forbidden, Outcome, Refused, Unknown, Wait
from campaign.http import Answer, Session, asked
from campaign.ports import Identity

with warnings.catch_warnings():
    # The SDK of 2018 has escapes in its patterns of which newer Pythons warn when they compile it.
    warnings.filterwarnings("ignore", message="invalid escape sequence")
    warnings.filterwarnings("ignore", message=".*is an invalid escape sequence")
    import facebook

log = structlog.get_logger(__name__)

_ID = re.compile(r"[0-9]+(?:_[0-9]+)?")

_THROTTLED = frozenset({4, 17, 32, 341, 613, 80001})
_TOO_FAST = frozenset({1390008})
_TOKEN = frozenset({102, 190})
# A missing permission or feature; 200 to 299 all say so.
_PERMISSION = frozenset({3, 10, *range(200, 300)})
_BLOCKED = frozenset({368})
_BLOCKED_FOR = timedelta(hours=4)
"""Facebook does not say how long a block for policy lasts; the account is tried again after so long."""
# The page's owner has to confirm an identity or an authorisation to publish.
_OWNER_ASKED = frozenset({1404078, 4854002})
_DUPLICATE = frozenset({506})
_UNSURE = frozenset({1, 2})
_DOWN = frozenset({1363047, 1609010})
_NOT_THERE = (100, 33)


class Settings(ConfidentialApp):
    """Settings of the channel Facebook: the Graph API's address and its version (v25.0 lives until 2028-07-29).

    ``slow_from`` is the percentage of Facebook's budget of calls from which on a page slows down, ``slowest`` the
    pause after each post when it is nearly used up. ``dialog_url`` is the host of the page on which a person consents.
    """

    graph_url: WebAddress = "https://graph.facebook.com"
    graph_version: str = "v25.0"
    dialog_url: WebAddress = "https://www.facebook.com"
    back_off: Duration = timedelta(minutes=5)
    slow_from: int = Field(default=75, ge=1, le=99)
    slowest: Duration = timedelta(minutes=5)

    @property
    def slowing(self) -> Slowing:
        """Return the rule of the pace."""
        return Slowing(self.slow_from, self.slowest, self.back_off)


class Wire(Conversation):
    """A short conversation with the Graph API in the name of one page. Use it as a context manager."""

    def __init__(self, settings: Settings, who: Identity, before: Callable[[], None] | None = None) -> None:
        token = token_of(who.credentials)
        self.version = settings.graph_version
        self.session = Session(
            {facebook.FACEBOOK_GRAPH_URL: f"{settings.graph_url.rstrip('/')}/"},
            before,
            connect=settings.connect,
            read=settings.read,
        )
        self._graph = facebook.GraphAPI(access_token=token, session=self.session)
        self._graph.version = self.version
        secret = who.credentials.get("app_secret")
        self._proof = {"appsecret_proof": proof(secret, token)} if secret else {}

    def get(self, path: str, **args: str) -> Answer:
        """Read from a path of our version."""
        return self._ask(f"{self.version}/{path}", args={**args, **self._proof})

    def post(self, path: str, files: Mapping[str, tuple[str, bytes, str]] | None = None, **args: str) -> Answer:
        """Write to a path of our version. Every value is text already."""
        return self._ask(f"{self.version}/{path}", post_args={**args, **self._proof}, files=files, method="POST")

    def delete(self, path: str) -> Answer:
        """Delete the object at a path of our version."""
        return self._ask(f"{self.version}/{path}", args=dict(self._proof), method="DELETE")

    def batch(self, paths: list[str]) -> Answer:
        """Read up to 50 paths at once. Never for writing: a part that times out is answered with null."""
        parts = [{"method": "GET", "relative_url": f"{self.version}/{path}"} for path in paths]
        return self.post("", batch=json.dumps(parts))

    def _ask(self, path: str, **call: Any) -> Answer:
        answer = asked(self.session, lambda: self._graph.request(path, **call))
        if note := other_version(answer, self.version):
            _tell_once(note)
        return answer


def proof(secret: str, token: str) -> str:
    """Return the proof that a call comes from the app: hex HMAC-SHA256 of the token under the app's secret."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


@cache
def _tell_once(note: str) -> None:
    log.warning("another version of the Graph API", note=note)


def other_version(answer: Answer, wanted: str) -> str:
    """Say so when another version than ``wanted`` served the call: one that has ended falls to the oldest that lives.

    Source: Graph API documentation, Versioning; the header ``facebook-api-version``.
    """
    served = answer.headers.get("facebook-api-version")
    if served in {None, wanted}:
        return ""
    return f"Facebook serves {served} in place of {wanted}: set graph_version under [channels.facebook]"


def good(answer: Answer, back_off: timedelta) -> Answer:
    """Return a 2xx answer that carries no error; raise what any other one means."""
    if answer.fine and "error" not in answer.facts:
        return answer
    raise refusal(answer, back_off)


def refusal(answer: Answer, back_off: timedelta) -> Outcome:
    """Return what an error of the Graph API means (Graph API documentation, Error handling)."""
    error = answer.facts.get("error")
    facts = error if isinstance(error, dict) else {}
    codes = {facts.get("code"), facts.get("error_subcode")}
    detail = said(answer, _words(facts))
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(detail)
    if codes & (_THROTTLED | _TOO_FAST) or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        regain = regained(answer.headers)
        return Wait(detail, after=regain) if regain else Wait(detail, after=back_off, stated=False)
    if codes & (_BLOCKED | _OWNER_ASKED):
        return AccountBlocked(detail, after=_BLOCKED_FOR)
    for meaning, known in _MEANINGS:
        if codes & known:
            return meaning(detail)
    if not isinstance(facts.get("code"), int) or facts.get("is_transient") is True:
        return Unknown(detail)
    return Forbidden(detail) if facts["code"] in _PERMISSION else Refused(detail)


_MEANINGS: tuple[tuple[type[Outcome], frozenset[int]], ...] = (
    (CredentialDead, _TOKEN),
    (Duplicate, _DUPLICATE),
    (Unknown, _UNSURE | _DOWN),
)


def gone(answer: Answer) -> bool:
    """Say whether Facebook itself says that a post was taken down."""
    return answer.fine and answer.facts.get("error") is None and answer.facts.get("success") is True


def out_of_reach(answer: Answer) -> bool:
    """Say whether Facebook says that there is no such post, or that this token may not touch it: in one breath (code
    100, subcode 33).
    """
    error = answer.facts.get("error")
    codes = (error.get("code"), error.get("error_subcode")) if isinstance(error, dict) else ()
    return answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and codes == _NOT_THERE


def new_id(answer: Answer) -> str:
    """Return the id of a successful create or upload. Raises Unknown if there is no well-formed one."""
    return well_formed(answer.facts.get("id"), _ID, answer)


def _words(facts: Mapping[str, Any]) -> str:
    """Return the error's own words; ``error_user_msg`` is meant for people."""
    numbers = "/".join(str(facts[key]) for key in ("code", "error_subcode") if facts.get(key))
    words = [facts.get("message"), facts.get("error_user_msg"), f"({numbers})" if numbers else ""]
    return " ".join(word for word in words if isinstance(word, str) and word)
