"""One call to X as an endpoint sees it: the caller, the checked body, the query."""

import json
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.world import World
from campaign.sandbox.x_problem import forbidden, invalid, problem, read_only

EPOCH_MS = 1288834974657
"""The first millisecond of X's ids: ``id >> 22`` counts from here."""

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose caller is known. ``signed`` says that it came by OAuth 1.0a."""

    world: World
    request: Request
    body: bytes
    account: SandboxAccount
    signed: bool

    def needs(self, scope: str) -> None:
        """Decline unless the token carries ``scope``."""
        if not self.account.may(scope):
            raise read_only() if self.signed else forbidden()

    def checked(self, shape: type[Body]) -> Body:
        """Return the JSON body in its strict shape: an unknown key or a wrong type is declined with 400."""
        try:
            given = json.loads(self.body or b"{}")
        except ValueError as error:
            raise problem(400, "Bad Request", "The request body is not valid JSON.") from error
        try:
            return shape.model_validate(given, strict=True)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"])) or "body"
            raise invalid(place, fault.get("input", ""), f"{place}: {fault['msg']}") from error

    def switch(self, name: str, default: float) -> float:
        """Return a number that PUT /switches may have set (``x.<name>``)."""
        value = self.world.switches.get(f"x.{name}", default)
        return float(value) if isinstance(value, (int, float)) else default
