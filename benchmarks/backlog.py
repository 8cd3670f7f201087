"""What it costs that many posts wait: start-up, wake-up, memory and idle CPU at a thousand, and at a million.

Each size is a process of its own: it opens the filled database, starts the engine, sends ten probes that fall due half
a second apart, then idles while its CPU time is read.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks import dispatch, ledger, stock
from campaign.engine.local import LocalEngine
from campaign.models import Database

_PROBES = 10
_MONTH = 30 * 86_400.0


def swell(database: Database, wanted: int) -> None:
    """Multiply the posts that stand there to ``wanted``, due one a second from a month on."""
    with database.write() as session:
        columns = [name for name in sa.inspect(session.connection()).get_columns("post") if name["name"] != "id"]
        names = [str(column["name"]) for column in columns]
        have = session.connection().exec_driver_sql("SELECT count(*), max(id) FROM post").one()
        while have[0] < wanted:
            taken = min(have[0], wanted - have[0])
            values = [f"{name} || '-{have[1]}'" if name in {"slot", "token"} else name for name in names]
            session.connection().exec_driver_sql(
                f"INSERT INTO post ({', '.join(names)}) SELECT {', '.join(values)} FROM post ORDER BY id LIMIT {taken}"  # noqa: S608 - names of our own columns
            )
            have = session.connection().exec_driver_sql("SELECT count(*), max(id) FROM post").one()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def main(url: str, waiting: int, idle: float) -> None:
    with ledger.opened("", 28) as (database, folder):
        far = datetime.now(UTC) + _MONTH * ledger.SECOND
        first = min(waiting, 1000)
        ledger.fill(database, folder, stock.jobs(first, 100), (far + n * ledger.SECOND for n in range(first)))
        swell(database, waiting)
        print("filled", flush=True)
        began = time.monotonic()
        engine = LocalEngine(ledger.means(database, folder, url), threads=16, beat=20 * ledger.SECOND)
        soon = datetime.now(UTC) + 3 * ledger.SECOND
        probes = [stock.Job(number, 9_000_000 + number) for number in range(200, 200 + _PROBES)]
        ledger.fill(database, folder, probes, (soon + n * 0.5 * ledger.SECOND for n in range(_PROBES)))
        engine.start()
        started = time.monotonic() - began
        time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()) + _PROBES * 0.5 + 1.5)
        cpu, wall = time.process_time(), time.monotonic()
        time.sleep(idle)
        used = (time.process_time() - cpu) / (time.monotonic() - wall)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        engine.stop()
        size = Path(folder / "campaign.db").stat().st_size / 1e6
    facts = {"due_at": soon.timestamp(), "start_seconds": started, "idle_cpu": used, "peak_mb": peak, "file_mb": size}
    print(json.dumps(facts), flush=True)


def weigh(url: str, waiting: int, idle: float) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.backlog", url, str(waiting), str(idle)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    facts: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    late = [came - facts["due_at"] - 0.5 * number for number, came in enumerate(sorted(dispatch.arrivals(url)))]
    return {
        "wake_up_p50_seconds": round(statistics.median(late), 4),
        "idle_cpu_percent": round(100 * facts["idle_cpu"], 3),
        "peak_mb": round(facts["peak_mb"]),
        "file_mb": round(facts["file_mb"]),
    }


def measure(*, quick: bool) -> dict[str, object]:
    """Return the costs by backlog, and how much a wake-up grows from the smallest to the largest."""
    sizes = (1000, 20_000) if quick else (1000, 100_000, 1_000_000)
    with dispatch.the_platform() as url:
        weighed = {size: weigh(url, size, 5 if quick else 45) for size in sizes}
    growth = weighed[sizes[-1]]["wake_up_p50_seconds"] / weighed[sizes[0]]["wake_up_p50_seconds"]
    return {**{str(size): costs for size, costs in weighed.items()}, "ratios": {"wake_up_growth": round(growth, 2)}}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
