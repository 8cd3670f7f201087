"""Ours: the dispatcher over the tables, as the daemon runs it. Fills a workspace, then sends at the due instant."""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from benchmarks import stock
from campaign.channels import ChannelComposer
from campaign.clock import SystemClock
from campaign.collector import spare_what_stays
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.dispatch.senders import Senders
from campaign.engine.local import LocalEngine
from campaign.identities import Identities, name
from campaign.logs import set_up_logs
from campaign.models import Database, partners
from campaign.models.partners import Account, Agreement, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.types import table_of
from campaign.plan.twins import text_key
from campaign.review.content import Contents, draft_to_json
from campaign.vault import Vault, create_key

SECOND = timedelta(seconds=1)
_BATCH = 5000


def means(database: Database, folder: Path, url: str) -> Means:
    channels, clock = stock.channels(url), SystemClock()
    return Means(
        database=database,
        clock=clock,
        channels=channels,
        contents=Contents(ChannelComposer(channels), folder / "media"),
        identify=Identities(database, Vault(folder / "key"), clock, channels).of,
        bulk={},
        policy=Policy(1800 * SECOND, 120 * SECOND, 30 * SECOND, (5 * SECOND,), (5 * SECOND,), 3, 120 * SECOND),
        owner=f"bench:{time.monotonic_ns()}",
        first_reading=3600 * SECOND,
    )


def means_in_sender(database_url: str, folder: Path, url: str) -> Means:
    """Open the workspace once more, in a sender process."""
    log_to_nowhere()
    return means(Database(database_url, connections=20), folder, url)


def fill(database: Database, folder: Path, jobs: list[stock.Job], dues: Iterable[datetime]) -> None:
    """Store the accounts and the approved posts, as planning and review leave them."""
    contents = Contents(ChannelComposer(stock.channels("http://127.0.0.1:9")), folder / "media")
    vault, planned = Vault(folder / "key"), list(zip(jobs, dues, strict=False))
    with database.write() as session:
        accounts = {number: _account(session, vault, number) for number in sorted({job.account for job in jobs})}
    for start in range(0, len(planned), _BATCH):
        rows = [_row(contents, accounts[job.account], job, due_at) for job, due_at in planned[start : start + _BATCH]]
        with database.write() as session:
            session.connection().execute(sa.insert(table_of(Post)), rows)


def _account(session: Session, vault: Vault, number: int) -> Account:
    job, at = stock.Job(number, 0), datetime.now(UTC)
    partner = Partner(key=f"p{number}", name=f"Partner {number}", joined_at=at)
    session.add(partner)
    session.flush()
    session.add(Agreement(partner_id=partner.ident, given_by=partner.key, given_at=at))
    who = job.identity
    account = Account(partner_id=partner.ident, channel=job.channel, handle=who.handle, external_id=who.external_id)
    account.sealed = vault.seal(stock.CREDENTIALS[job.channel], name(account))
    return partners.add_account(session, account)


def _row(contents: Contents, account: Account, job: stock.Job, due_at: datetime) -> dict[str, object]:
    token = f"t{job.number:07}"
    message = contents.composer.compose(account.channel, job.draft, token)
    post = Post(
        account_id=account.ident,
        partner_id=account.partner_id,
        channel=account.channel,
        slot=f"slot {job.number}",
        occurrence="once",
        template="post",
        template_version="1",
        token=token,
        due_at=due_at,
        window_from=due_at,
        window_until=due_at,
        status=Status.APPROVED,
        draft=draft_to_json(job.draft),
        content_hash="",
        text_key=text_key(message),
        queued_by="olga",
        next_try_at=due_at,
        created_at=due_at,
    )
    digest = contents.digest(post, account)
    row = post.model_dump(exclude={"id"})
    return row | {"content_hash": digest, "approved_hash": digest, "status": "approved"}


def log_to_nowhere() -> None:
    """Write the log as the daemon does, where nobody reads it."""
    set_up_logs("info", as_json=True)
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


@contextmanager
def opened(database_url: str, connections: int) -> Iterator[tuple[Database, Path]]:
    """Open an empty workspace: a folder with its key, and a database; logs are written, to nowhere."""
    log_to_nowhere()
    with tempfile.TemporaryDirectory(prefix="campaign-bench-") as name:
        folder = Path(name)
        database = Database(database_url or f"sqlite:///{folder}/campaign.db", connections=connections)
        database.upgrade()
        create_key(folder / "key")
        yield database, folder
        database.close()


def main(url: str, posts: int, accounts: int, threads: int, due_at: float, gap: float, processes: int) -> None:
    """Send so many posts, the first at ``due_at``, then one every ``gap`` seconds, from so many sender processes; with
    0 from this one.
    """
    first = datetime.fromtimestamp(due_at, UTC)
    dues = (first + number * gap * SECOND for number in itertools.count())
    with opened("", threads + 12) as (database, folder):
        fill(database, folder, stock.jobs(posts, accounts), dues)
        there = partial(means_in_sender, database.url.render_as_string(hide_password=False), folder, url)
        engine = LocalEngine(
            means(database, folder, url),
            threads=threads,
            beat=20 * SECOND,
            senders=Senders(there, processes) if processes else None,
        )
        engine.start()
        spare_what_stays()
        print("ready", flush=True)
        input()
        engine.stop()


if __name__ == "__main__":
    words = sys.argv[1:]
    main(words[0], *map(int, words[1:4]), *map(float, words[4:6]), int(words[6]))  # type: ignore[arg-type] # in their order
