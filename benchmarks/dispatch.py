"""Posts due at one instant over many accounts: ours, the bare thread pool, Celery with Redis, raw APScheduler.

Each contender is a process of its own that makes the same calls with the same client libraries. The platform notes when
each create came; lateness is that instant less the due one. Rounds take turns, so that a machine whose speed drifts
drifts for all.
"""

import json
import platform
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version

_PATIENCE = 240.0
_THREADS = 16


@dataclass
class Contender:
    """A program to measure. It takes ``start_up`` seconds to be there and ``lead`` more to load a thousand posts."""

    name: str
    module: str
    lead: float
    start_up: float = 4
    threads: int = _THREADS
    more: Sequence[str] = ()
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        return {
            "posts_per_second": round(statistics.median(self.rates)),
            "lateness_p50_seconds": round(statistics.median(self.p50), 3),
            "lateness_p99_seconds": round(statistics.median(self.p99), 3),
        }


@contextmanager
def the_platform() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.platforms"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def arrivals(url: str) -> list[float]:
    with urllib.request.urlopen(f"{url}/arrivals", timeout=10) as answer:
        found: list[float] = json.load(answer)
    return found


def run(contender: Contender, url: str, posts: int, accounts: int) -> list[float]:
    """Let a contender send; return how long after the first due instant each create came, in seconds."""
    due_at = time.time() + contender.start_up + contender.lead * posts / 1000
    command = [sys.executable, "-m", f"benchmarks.{contender.module}", url]
    command += [*map(str, (posts, accounts, contender.threads, due_at)), *contender.more]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    if time.time() > due_at:
        print(f"{contender.name}: loaded {time.time() - due_at:.1f} s after the due instant", file=sys.stderr)
    late: list[float] = []
    end = due_at + _PATIENCE
    while len(late) < posts and time.time() < end:
        time.sleep(0.5)
        late += [instant - due_at for instant in arrivals(url)]
    process.communicate("\n", timeout=60)
    if len(late) != posts:
        print(f"{contender.name}: {len(late)} of {posts} posts came", file=sys.stderr)
    return sorted(late)


def note(contender: Contender, late: Sequence[float]) -> None:
    contender.rates.append(len(late) / late[-1])
    contender.p50.append(late[len(late) // 2])
    contender.p99.append(late[int(len(late) * 0.99)])


def contenders(*, quick: bool) -> list[Contender]:
    """Return who is measured; a quick run leaves out whoever takes many seconds to be there."""
    found = [
        Contender("bare_thread_pool", "pool", 0.1),
        Contender("ours_sqlite", "ledger", 1.5, more=["0", "0"]),
    ]
    if not quick:
        found += [
            Contender("ours_sqlite_2_senders", "ledger", 1.5, 20, 2 * _THREADS, more=["0", "2"]),
            Contender("ours_postgresql_1_worker", "workers", 1.5, 20, more=["1"]),
            Contender("ours_postgresql_2_workers", "workers", 1.5, 30, more=["2"]),
            Contender("apscheduler_sqlalchemy", "raw_apscheduler", 4),
        ]
    if shutil.which("redis-server"):
        found += [
            Contender("celery_redis_threads", "celery_peer", 3, more=["threads"]),
            Contender("celery_redis_prefork", "celery_peer", 3, more=["prefork"]),
        ]
    else:
        print("no redis-server here: Celery is not measured (Debian: apt-get install redis-server)", file=sys.stderr)
    return found


def measure(*, quick: bool) -> dict[str, object]:
    """Return posts a second and lateness of each contender, and the ratios that the design asks for."""
    posts, accounts, rounds = (600, 100, 1) if quick else (10_000, 500, 3)
    field_ = contenders(quick=quick)
    with the_platform() as url:
        for _ in range(rounds):
            for contender in field_:
                note(contender, run(contender, url, posts, accounts))
        even = steady(url, quick=quick)
    by_name = {contender.name: contender for contender in field_}
    peers = [name for name in by_name if not name.startswith("ours")]
    ratios = {
        f"{name}_vs_{peer}": ratio(by_name[name], by_name[peer]) for name in by_name.keys() - peers for peer in peers
    }
    figures = {name: contender.figures() for name, contender in by_name.items()}
    return {"posts": posts, "accounts": accounts, **figures, **even, "ratios": ratios}


def ratio(ours: Contender, peer: Contender) -> float:
    """Return how much faster ours is than the peer, as the middle one of the rounds says."""
    return round(statistics.median(a / b for a, b in zip(ours.rates, peer.rates, strict=True)), 2)


def steady(url: str, *, quick: bool) -> dict[str, float]:
    """Return the lateness of ours at ten posts a second; each post is late by its own due instant."""
    posts, gap = (100, 0.1) if quick else (1200, 0.1)
    came = run(Contender("ours_steady", "ledger", 1.5, more=[str(gap), "0"]), url, posts, 100)
    late = sorted(instant - number * gap for number, instant in enumerate(came))
    return {
        "steady_p50_seconds": round(late[len(late) // 2], 3),
        "steady_p99_seconds": round(late[int(len(late) * 0.99)], 3),
    }


def versions() -> dict[str, str]:
    names = (
        "apscheduler",
        "celery",
        "redis",
        "tweepy",
        "facebook-sdk",
        "requests",
        "sqlalchemy",
        "psycopg",
        "pgqueuer",
    )
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
