"""Calls to addresses that the operator set: a signed webhook, and the outward heartbeat.

An address is never logged: whoever knows it can often use it.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from campaign.errors import Outcome, Refused
from campaign.http import Session, asked

SIGNATURE = "Campaign-Signature"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Sends JSON with a signature over its time and its bytes, so that it can be neither forged nor played again.

    The header ``Campaign-Signature: t=SECONDS,v1=HEX`` carries the HMAC-SHA256 of ``SECONDS.BODY`` under the secret.
    """

    url: str = field(repr=False)
    secret: str = field(repr=False)
    timeout: timedelta

    def send(self, document: Mapping[str, object], now: datetime) -> None:
        """Send once. Raises an Outcome unless a 2xx answer came in time."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        signed = signature(self.secret, int(now.timestamp()), body)
        headers = {"Content-Type": "application/json", SIGNATURE: signed}
        call(self.timeout, lambda session: session.post(self.url, data=body, headers=headers))


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return the value of the header for these bytes at this time (seconds of the epoch)."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


@dataclass(frozen=True, slots=True)
class Ping:
    """The outward heartbeat's address."""

    url: str = field(repr=False)
    method: Literal["get", "post"]
    timeout: timedelta

    def send(self) -> None:
        """Call once. Raises an Outcome unless a 2xx answer came in time."""
        call(self.timeout, lambda session: session.request(self.method.upper(), self.url))


def call(timeout: timedelta, ask: Callable[[Session], object]) -> None:
    """Make one bounded call. Raises an Outcome unless it is answered with 2xx; a redirect is not followed."""
    with Session(connect=timeout, read=timeout) as session:
        try:
            answer = asked(session, lambda: ask(session))
        except Outcome as outcome:
            # Its detail and its causes name the address: the kind of failure alone is passed on.
            raise type(outcome)(type(outcome.__cause__).__name__) from None
    if not answer.fine:
        raise Refused(f"HTTP {answer.status}")
