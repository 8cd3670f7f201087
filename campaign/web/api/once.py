"""Idempotency: a write that names a key is done once, however often it is sent; each later time it is answered alike.

The answer is stored in the transaction of the write itself: either both are there or neither. An answer that refuses is
not kept, for then nothing was done.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel

from campaign.errors import TurnedAway
from campaign.models import tokens
from campaign.models.tokens import Answered
from campaign.models.users import User
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Caller

KEPT = timedelta(days=1)
"""How long an answer is kept."""

Answer = TypeVar("Answer", bound=BaseModel)
_KEY = Header(
    alias="Idempotency-Key",
    min_length=1,
    max_length=100,
    pattern="^[!-~]+$",
    description="Names this write: sent again under the same key within a day, it is not done twice.",
)


class KeyUsed(TurnedAway):
    """This key was used for another request, or in another role."""

    status, code = 422, "key-used"


class Once:
    """What makes a write happen once."""

    def __init__(self, request: Request, key: Annotated[str | None, _KEY] = None) -> None:
        self._request = request
        self._key = key

    def do(
        self, who: Caller, sent: BaseModel | None, kind: type[Answer], act: Callable[[Desk], Mapping[str, object]]
    ) -> Answer:
        """Do the write in one transaction and return its answer, or the answer of the time before.

        Raises:
            KeyUsed: the key was used for another request, or when the person had another role or partner.

        """
        with who.desk() as desk:
            # As the person is before the act, which may be about themselves.
            request, before = self._digest(desk.person, sent), self._before(desk, who)
            if before is not None:
                if before.request != request:
                    raise KeyUsed
                return kind.model_validate(before.body)
            answer = kind.model_validate(act(desk))
            if self._key:
                self._keep(desk, who, request, answer)
            return answer

    def _before(self, desk: Desk, who: Caller) -> Answered | None:
        if not self._key:
            return None
        tokens.lock_key(desk.session, who.token.ident, self._key)
        return tokens.answered(desk.session, who.token.ident, self._key, desk.now - KEPT)

    def _keep(self, desk: Desk, who: Caller, request: str, answer: BaseModel) -> None:
        tokens.forget_answers(desk.session, desk.now - KEPT)
        desk.session.add(
            Answered(
                token_id=who.token.ident,
                key=self._key or "",
                request=request,
                body=jsonable_encoder(answer),
                at=desk.now,
            )
        )

    def _digest(self, person: User, sent: BaseModel | None) -> str:
        """Return the digest of what is asked, and by whom as what: an answer is not for who has other rights by now."""
        asked = f"{self._request.method} {self._request.url.path}"
        body = sent.model_dump_json() if sent is not None else ""
        return hashlib.sha256(f"{person.role} {person.partner_key}\n{asked}\n{body}".encode()).hexdigest()


Onced = Annotated[Once, Depends(Once)]
