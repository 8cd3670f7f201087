"""One call of a webhook, signed as Standard Webhooks 1.0.0 says, so that its receiver can check it with any library.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the header ``webhook-id``
names the call and is the same each time it is made; ``webhook-timestamp`` is the time of this try in seconds;
``webhook-signature`` is ``v1,`` and the base64 of the HMAC-SHA256 of ``ID.TIMESTAMP.BODY``. The key is what stands
after ``whsec_`` in the secret, out of base64.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from campaign.errors import Outcome
from campaign.hooks.outside import Inside, Outward
from campaign.http import Session, asked, causes, in_words

PREFIX = "whsec_"
TIMEOUT = timedelta(seconds=5)
"""For a connection, and for each wait for bytes; a whole answer may take twice as long."""
_KEY_BYTES = 32


def new_secret() -> str:
    """Return the secret of a new webhook."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def new_message() -> str:
    """Return the name of a call: without a full stop, which parts what is signed."""
    return f"msg_{secrets.token_hex(16)}"


def signed(secret: str, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a try at this instant (aware UTC)."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def post(url: str, headers: Mapping[str, str], body: bytes, *, loopback: bool) -> int:
    """Make one try; returns the status of the answer. Nothing that it raises names the address.

    Raises:
        Outcome: no answer came in time. A redirect is an answer: it is not followed.

    """
    with Session(connect=TIMEOUT, read=TIMEOUT) as session:
        for scheme in Outward.pools:
            session.mount(f"{scheme}://", Outward(TIMEOUT.total_seconds(), loopback=loopback))
        try:
            return asked(session, lambda: session.post(url, data=body, headers=headers)).status
        except Outcome as outcome:
            raise type(outcome)(_why(outcome.__cause__)) from None


def _why(cause: BaseException | None) -> str:
    """Return how a call failed; the words of its causes name the address."""
    if cause is None:
        return "no answer"
    inside = any(isinstance(link, Inside) for link in causes(cause))
    return "its address lies inside this network" if inside else in_words(cause)
