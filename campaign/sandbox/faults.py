"""The faults that the local platforms commit, as data: which call of which endpoint goes wrong, and how.

A plan is a list of faults, in TOML (``[[fault]]``) or JSON (a list, or ``{"faults": [...]}``)::

    [[fault]]
    channel = "x"                 # default "*": every channel ("email" too)
    endpoint = "create"           # create, upload, list, read, measure, delete, token, rcpt, data; default "*"
    kind = "store-then-drop"      # see KINDS
    nth = [1, 4]                  # only these calls, counted from 1 for this fault; default: every call
    rate = 0.1                    # this share of the calls, by `seed`
    times = 2                     # at most so often
    seconds = 5.0                 # length of a delay, lag or wait

The first fault of the list that fires is applied. Counts of what was really applied are kept.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from random import Random
from threading import Lock

from campaign.errors import BadInput, Finding

KINDS: Mapping[str, str] = {
    "store-then-drop": "the post is stored, then the connection is cut without an answer",
    "store-then-5xx": "the post is stored, the answer is a server error",
    "store-then-delay": "the post is stored, the answer comes `seconds` late",
    "drop-before-store": "the connection is cut, nothing was stored",
    "5xx-before-store": "a server error, nothing was stored",
    "silence-before-store": "no answer for `seconds`, then the connection is cut; nothing was stored",
    "edge-403": "403 with a page of HTML, as a server in front of the platform gives one; nothing was stored",
    "edge-404": "404 with a page of HTML, as in an outage; nothing was stored, deleted or looked up",
    "truncated": "2xx, but the JSON ends half way",
    "cut-body": "2xx, but the connection ends half way through the body",
    "empty-2xx": "2xx without a body",
    "html-2xx": "2xx with a page of HTML",
    "no-content-type": "2xx without a content type",
    "id-less-2xx": "2xx, but the id is missing",
    "slow-drip": "the body drips in over `seconds`",
    "read-lag": "a new post stays out of reads for `seconds`; on a read: posts younger than that are hidden",
    "stale-list": "one listing as it was `seconds` ago (default an hour)",
    "429": "throttled, with the time of the reset where the platform gives one",
    "429-no-reset": "throttled, without the time of the reset",
    "dead-token": "the token is refused",
    "no-permission": "the token lacks the permission for this call",
    "stale-duplicate": "refused as a duplicate, of a post from long ago; nothing was stored",
    "out-of-credits": "X: the prepaid credits are used up",
    "policy-block": "Facebook: the account is blocked for a policy",
    "version-sunset": "LinkedIn: the version of the API has ended",
    "tempfail": "mail: a 4xx answer",
    "permfail": "mail: a 5xx answer",
    "drop-after-dot": "mail: the message is stored, then the connection is cut",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. An empty ``nth`` means every call; ``seconds`` 0 means the kind's own default."""

    kind: str
    channel: str = "*"
    endpoint: str = "*"
    nth: tuple[int, ...] = ()
    rate: float = 1.0
    seed: int = 0
    seconds: float = 0.0
    times: int | None = None

    def fits(self, channel: str, endpoint: str) -> bool:
        """Say whether this fault looks at calls of this endpoint."""
        return self.channel in {"*", channel} and self.endpoint in {"*", endpoint}


class Faults:
    """The plan in force and the counts of what was applied. Thread-safe."""

    def __init__(self, plan: Iterable[Fault] = ()) -> None:
        self._lock = Lock()
        self._applied: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self.replace(plan)

    def replace(self, plan: Iterable[Fault]) -> None:
        """Put another plan in force. Its calls are counted from the start; what was applied stays counted."""
        with self._lock:
            self.plan = tuple(plan)
            self._seen = [0] * len(self.plan)
            self._fired = [0] * len(self.plan)

    def next(self, channel: str, endpoint: str) -> Fault | None:
        """Count one call and return the fault that it meets, if any."""
        with self._lock:
            self._calls[f"{channel}.{endpoint}"] += 1
            met: Fault | None = None
            for place, fault in enumerate(self.plan):
                if fault.fits(channel, endpoint) and self._due(place, fault) and met is None:
                    self._fired[place] += 1
                    met = fault
            return met

    def _due(self, place: int, fault: Fault) -> bool:
        self._seen[place] += 1
        count = self._seen[place]
        if fault.times is not None and self._fired[place] >= fault.times:
            return False
        if fault.nth and count not in fault.nth:
            return False
        return fault.rate >= 1 or Random(f"{fault.seed}:{place}:{count}").random() < fault.rate  # noqa: S311 - a plan, no secret

    def note(self, channel: str, endpoint: str, fault: Fault) -> None:
        """Count a fault that was really applied."""
        with self._lock:
            self._applied[f"{channel}.{endpoint}.{fault.kind}"] += 1

    def report(self) -> dict[str, object]:
        """Return the plan, the calls and what was applied (``channel.endpoint.kind`` to count), for GET /faults."""
        with self._lock:
            return {
                "faults": [asdict(fault) for fault in self.plan],
                "applied": dict(self._applied),
                "calls": dict(self._calls),
            }


def read_faults(path: Path) -> tuple[Fault, ...]:
    """Read a plan from a TOML or JSON file. Raises BadInput naming every fault in it."""
    try:
        text = path.read_text("utf-8")
        return parse_faults(tomllib.loads(text) if path.suffix == ".toml" else json.loads(text), path.name)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput([Finding(path.name, "file", str(error), "Mend the syntax")]) from error


def parse_faults(plan: object, source: str = "faults") -> tuple[Fault, ...]:
    """Build a plan from parsed data. Raises BadInput naming every unknown key, kind or ill-typed value."""
    if isinstance(plan, dict):
        plan = plan.get("fault", plan.get("faults", []))
    if not isinstance(plan, list):
        raise BadInput([Finding(source, "faults", "no list of faults", "Give [[fault]] tables or a JSON list")])
    findings: list[Finding] = []
    faults: list[Fault] = []
    for number, entry in enumerate(plan, 1):
        problem = _problem(entry)
        if problem:
            findings.append(Finding(source, f"fault {number}", problem, f"Kinds: {', '.join(KINDS)}"))
        else:
            faults.append(Fault(**{**entry, "nth": _numbers(entry.get("nth"))}))
    if findings:
        raise BadInput(findings)
    return tuple(faults)


def _problem(entry: object) -> str | None:
    if not isinstance(entry, dict):
        return "no table"
    unknown = set(entry) - {part.name for part in fields(Fault)}
    if unknown:
        return f"unknown key {', '.join(sorted(unknown))}"
    if entry.get("kind") not in KINDS:
        return f"unknown kind {entry.get('kind')!r}"
    numbers = [entry.get(key, 0) for key in ("rate", "seed", "seconds")] + [entry.get("times") or 0]
    return None if all(isinstance(number, (int, float)) for number in numbers) else "a number is no number"


def _numbers(nth: object) -> tuple[int, ...]:
    if isinstance(nth, int):
        return (nth,)
    return tuple(int(number) for number in nth) if isinstance(nth, (list, tuple)) else ()
