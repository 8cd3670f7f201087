"""Whatever the OpenAPI document lets a program send, the API answers as the document says, and never with a fault."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import requests
import schemathesis
from api_room import token_of
from conftest import MovedClock
from hypothesis import HealthCheck, given, settings
from measured import measure
from pages_room import Room, opened_room
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from campaign.models.status import Status
from campaign.models.tokens import ApiToken
from campaign.web.rates import RULES

pytestmark = pytest.mark.thorough

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as rules:
            rules.setitem(RULES, "api", "60000 per minute")  # more examples are sent than a program may
            room = stack.enter_context(opened_room(tmp_path_factory.mktemp("api"), MovedClock()))
        for number in range(12):
            room.office.post("oak", status=list(Status)[number], after=timedelta(hours=number))
        measure(room)
        room.app.settings  # noqa: B018 - read once, so that no example pays for it
        yield room


@pytest.fixture(scope="module")
def token(room: Room) -> Iterator[str]:
    """A token with a number that no example guesses: a person may revoke their own."""
    token_of(room, "rita")
    with room.office.database.write() as session:
        session.get_one(ApiToken, 1).id = 1_000_000
    token = token_of(room, "adam")
    yield token
    found = requests.get(f"{room.address}/api/v1/account", headers={"Authorization": f"Bearer {token}"}, timeout=20)
    assert found.status_code == 200, "every example was sent with a token that serves"


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_nothing_that_may_be_sent_is_answered_with_a_fault(room: Room, token: str, mode: GenerationMode) -> None:
    described = schemathesis.openapi.from_url(f"{room.address}/api/v1/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not _has_input(operation):
            continue

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def sent(case: Any) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=20)
            case.validate_response(answer, checks=CHECKS)

        sent()


def _has_input(operation: Any) -> bool:
    return bool(operation.body or operation.query or operation.path_parameters)
