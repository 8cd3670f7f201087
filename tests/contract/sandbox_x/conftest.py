"""What the tests of X's emulator share: a local X with three accounts, whose clock a test can move."""

from collections.abc import Iterator

import pytest
from x_api import ELM, OAK, READER, Api, ShiftedClock, oauth1

from campaign.sandbox.server import Sandbox


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def box(clock: ShiftedClock) -> Iterator[Sandbox]:
    with Sandbox(accounts=[OAK, ELM, READER], clock=clock) as running:
        yield running


@pytest.fixture
def elm(box: Sandbox) -> Iterator[Api]:
    with Api(box) as api:
        yield api


@pytest.fixture
def oak(box: Sandbox) -> Iterator[Api]:
    with Api(box) as api:
        del api.headers["Authorization"]
        api.auth = oauth1()
        yield api
