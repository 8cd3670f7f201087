"""Runs one call of an endpoint under the fault that it meets, so that the emulators hold none of that.

An emulator writes ``respond(world, channel, endpoint, manners, make)``: ``make`` checks the request, changes the world
and returns the answer, or raises ``Declined``. Faults before the store skip ``make``; faults after it spoil its answer.
A fault that needs a success is not applied to an answer of 400 or more.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from starlette.responses import JSONResponse, Response

from campaign.errors import Declined
from campaign.sandbox.faults import Fault
from campaign.sandbox.wires import MANGLED, Drip, Drop, Late, as_html
from campaign.sandbox.world import World

BAD_ANSWER = 400
NEVER = 86_400.0
DELAY = 60.0
STALE = 3600.0
DRIP = 10.0
LAG = 30.0

REFUSALS = frozenset({"no-permission", "stale-duplicate", "out-of-credits", "policy-block", "version-sunset"})
"""Kinds of fault that a platform words itself, where it knows them at all."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a platform words what any platform can say.

    ``broken`` is its server error, ``throttled`` its "too many requests" (in so many seconds, or without saying when),
    ``dead_token`` its refusal of a token, ``refusals`` what else it refuses, by kind of fault. A kind that a platform
    does not know is not applied there.
    """

    broken: Callable[[], Response]
    throttled: Callable[[float | None], Response]
    dead_token: Callable[[], Response]
    refusals: Mapping[str, Declined] = field(default_factory=dict)


def hangs(world: World, channel: str, external_ids: Collection[str]) -> Response | None:
    """Return the answer that never comes where the switch ``CHANNEL.hangs`` lists one of these accounts."""
    listed = world.switches.get(f"{channel}.hangs")
    hit = isinstance(listed, list) and not set(listed).isdisjoint(external_ids)
    return Late(Response(status_code=504), NEVER) if hit else None


def respond(world: World, channel: str, endpoint: str, manners: Manners, make: Callable[[], Response]) -> Response:
    """Answer one call, under its fault if it meets one."""
    fault = world.faults.next(channel, endpoint)
    if fault is None or (fault.kind in REFUSALS and fault.kind not in manners.refusals):
        return _made(make)
    instead = _instead(fault, manners)
    if instead is not None:
        world.faults.note(channel, endpoint, fault)
        return instead
    with world.lagging(**_lags(fault, endpoint)):
        answer = _made(make)
    if answer.status_code >= BAD_ANSWER:
        return answer
    world.faults.note(channel, endpoint, fault)
    return _spoilt(answer, fault, manners)


def answered(declined: Declined) -> Response:
    """Return the answer that a ``Declined`` stands for."""
    if declined.body is None:
        return Response(status_code=declined.status, headers=declined.headers)
    return JSONResponse(declined.body, declined.status, declined.headers)


def _made(make: Callable[[], Response]) -> Response:
    try:
        return make()
    except Declined as declined:
        return answered(declined)


def _instead(fault: Fault, manners: Manners) -> Response | None:
    """Return what is answered without asking the emulator, None for a fault that comes after the store."""
    if refusal := manners.refusals.get(fault.kind):
        return answered(refusal)
    ways: Mapping[str, Callable[[], Response]] = {
        "drop-before-store": Drop,
        "5xx-before-store": manners.broken,
        "silence-before-store": lambda: Late(Drop(), fault.seconds or DELAY),
        "edge-403": lambda: as_html(Response(status_code=403)),
        "edge-404": lambda: as_html(Response(status_code=404)),
        "429": lambda: manners.throttled(fault.seconds or LAG),
        "429-no-reset": lambda: manners.throttled(None),
        "dead-token": manners.dead_token,
    }
    return ways[fault.kind]() if fault.kind in ways else None


def _lags(fault: Fault, endpoint: str) -> dict[str, timedelta]:
    if fault.kind == "read-lag":
        side = "new_posts" if endpoint == "create" else "reads"
        return {side: timedelta(seconds=fault.seconds or LAG)}
    if fault.kind == "stale-list":
        return {"reads": timedelta(seconds=fault.seconds or STALE)}
    return {}


def _spoilt(answer: Response, fault: Fault, manners: Manners) -> Response:
    if fault.kind in MANGLED:
        return MANGLED[fault.kind](answer)
    match fault.kind:
        case "store-then-drop":
            return Drop()
        case "store-then-5xx":
            return manners.broken()
        case "store-then-delay":
            return Late(answer, fault.seconds or DELAY)
        case "slow-drip":
            return Drip(answer, fault.seconds or DRIP)
        case _:
            return answer
