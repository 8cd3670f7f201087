"""Raw APScheduler with its SQLAlchemy job store: a date job per post, and no post dropped for being late."""

import sys
import tempfile
from datetime import UTC, datetime

import sqlalchemy as sa
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks import stock

URL = sys.argv[1] if len(sys.argv) > 1 else ""
CHANNELS = stock.channels(URL) if URL else {}


def send(account: int, number: int) -> None:
    stock.send(CHANNELS, stock.Job(account, number))


def main(posts: int, accounts: int, threads: int, due_at: float) -> None:
    with tempfile.TemporaryDirectory(prefix="campaign-bench-") as folder:
        engine = sa.create_engine(f"sqlite:///{folder}/jobs.db")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        scheduler = BackgroundScheduler(
            jobstores={"default": SQLAlchemyJobStore(engine=engine)},
            executors={"default": ThreadPoolExecutor(threads)},
            job_defaults={"misfire_grace_time": None, "coalesce": False},
            timezone=UTC,
        )
        scheduler.start(paused=True)
        at = datetime.fromtimestamp(due_at, UTC)
        for job in stock.jobs(posts, accounts):
            scheduler.add_job(send, "date", run_date=at, args=(job.account, job.number))
        print("ready", flush=True)
        scheduler.resume()
        input()
        scheduler.shutdown()


if __name__ == "__main__":
    sys.modules["benchmarks.raw_apscheduler"] = sys.modules["__main__"]  # the store names jobs by module and function
    main(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
