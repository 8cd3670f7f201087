"""Every kind of fault that the local platforms know, at random over every kind of call, and what became possible."""

from collections import Counter
from collections.abc import Mapping

from trial import PLATFORMS

from campaign.sandbox.faults import Fault, Faults

# Seconds. A lag must end before three good reads can be had (``lookup_spread`` of the workshop is 2 s); a silence must
# outlast ``call_timeout`` (3 s).
_LAG, _SILENCE = 1.2, 4.0
_ANYWHERE: Mapping[str, float] = {
    "store-then-drop": 0,
    "store-then-5xx": 0,
    "store-then-delay": _SILENCE,
    "drop-before-store": 0,
    "5xx-before-store": 0,
    "silence-before-store": _SILENCE,
    "edge-403": 0,
    "edge-404": 0,
    "truncated": 0,
    "cut-body": 0,
    "empty-2xx": 0,
    "html-2xx": 0,
    "no-content-type": 0,
    "id-less-2xx": 0,
    "slow-drip": 1,
    "read-lag": _LAG,
    "429-no-reset": 0,
    "dead-token": 0,
}
"""Kinds that hit any call, with their seconds."""
_REFUSED = (("no-permission", PLATFORMS), ("stale-duplicate", PLATFORMS))
_STOPPED = (("out-of-credits", "x"), ("policy-block", "facebook"), ("version-sunset", "linkedin"))
_TIMES = 2
"""So often a platform refuses for good, or stops an account, by one fault of the plan."""


def every_kind(seed: int, calls: int) -> list[Fault]:
    """Return a plan under which a fifth of all calls go wrong; ``calls`` is about how many creates a platform gets.

    Only X says to the second when it takes calls again: LinkedIn would mean the rest of its day, Facebook minutes.
    """
    rare = [
        Fault(kind, platform, "create", nth=_nths(calls, place), times=_TIMES)
        for place, (kind, platform) in enumerate(
            [*((kind, name) for kind, names in _REFUSED for name in names), *_STOPPED]
        )
    ]
    blind = [Fault("no-permission", platform, "list", nth=(7, 40)) for platform in PLATFORMS]
    stale = [Fault("stale-list", platform, "list", rate=0.05, seed=seed) for platform in PLATFORMS]
    wait = Fault("429", "x", "*", rate=0.012, seed=seed, seconds=1)
    anywhere = [
        Fault(kind, platform, "*", rate=0.013, seed=seed, seconds=seconds)
        for kind, seconds in _ANYWHERE.items()
        for platform in PLATFORMS
    ]
    slow = [Fault("store-then-delay", platform, "create", rate=0.06, seed=seed, seconds=0.7) for platform in PLATFORMS]
    return [*rare, *blind, *stale, wait, *anywhere, *slow, *_mail(seed)]


def _nths(calls: int, place: int) -> tuple[int, ...]:
    """Return the numbers of calls that a rare fault hits, each kind at other ones: early, so that all are hit."""
    return (calls // 20 + 3 * place + 1, calls // 4 + 3 * place + 1)


def _mail(seed: int) -> list[Fault]:
    often = [
        Fault(kind, "email", "data", rate=rate, seed=seed, seconds=0.3)
        for kind, rate in (("drop-after-dot", 0.04), ("drop-before-store", 0.03), ("store-then-delay", 0.08))
    ]
    refused = Fault("permfail", "email", "data", nth=(30, 90), times=_TIMES)
    return [refused, *often, *(Fault("tempfail", "email", place, rate=0.03, seed=seed) for place in ("rcpt", "data"))]


def applied(faults: Faults) -> Counter[str]:
    """Return how often each kind of fault was really applied."""
    counts: Counter[str] = Counter()
    for name, times in _report(faults, "applied").items():
        counts[name.split(".")[2]] += times
    return counts


def share(faults: Faults) -> float:
    """Return which share of all calls went wrong."""
    return sum(_report(faults, "applied").values()) / max(1, sum(_report(faults, "calls").values()))


def refusals(faults: Faults) -> int:
    """Return how many posts and copies the world refused for good: those were not possible."""
    found = _report(faults, "applied")
    final = ("create.no-permission", "create.stale-duplicate", "data.permfail")
    return sum(times for name, times in found.items() if name.endswith(final))


def _report(faults: Faults, name: str) -> Mapping[str, int]:
    counts = faults.report()[name]
    if not isinstance(counts, dict):
        raise TypeError(counts)
    return counts
