"""Celery 5 with Redis: a task with an ETA for each post, the same calls, results kept in Redis.

``acks_late`` and threads, as many as ours has: what a careful user sets where posts must not be lost.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from celery import Celery

from benchmarks import stock

ADDRESS = os.environ.get("BENCH_REDIS", "")
app = Celery("bench", broker=ADDRESS, backend=ADDRESS)
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=0,  # ETA tasks wait in the worker: a limit would hide those that are due behind others
    worker_hijack_root_logger=False,
    task_serializer="json",
    result_expires=600,
)
CHANNELS = stock.channels(os.environ["BENCH_URL"]) if "BENCH_URL" in os.environ else {}


@app.task(name="send")
def send(account: int, number: int) -> str:
    return stock.send(CHANNELS, stock.Job(account, number))


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    socket = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--appendonly", "yes", "--dir", str(folder)]
    server = subprocess.Popen([shutil.which("redis-server") or "", *options], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            time.sleep(0.05)
        yield f"redis+socket://{socket}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def worker(pool: str, concurrency: int, environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.celery_peer", "worker"]
    command += ["--pool", pool, "--concurrency", str(concurrency), "--loglevel", "error", "--without-gossip"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(url: str, posts: int, accounts: int, threads: int, due_at: float, pool: str) -> None:
    with tempfile.TemporaryDirectory(prefix="campaign-bench-") as name, redis(Path(name)) as address:
        app.conf.update(broker_url=address, result_backend=address)
        eta = datetime.fromtimestamp(due_at, UTC)
        for job in stock.jobs(posts, accounts):
            send.apply_async((job.account, job.number), eta=eta)
        environment = os.environ | {"BENCH_REDIS": address, "BENCH_URL": url}
        with worker(pool, threads if pool == "threads" else os.cpu_count() or 2, environment):
            print("ready", flush=True)
            input()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), sys.argv[6])
