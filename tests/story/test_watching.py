"""A daemon that is watched: figures, alerts and a heartbeat get out, and nothing secret does, whatever goes wrong.

The daemon runs at level debug while tokens are refused and renewed, answers are lost, cut and spoilt; then every line,
file, table, export and command is searched for each token that was ever handed out.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import leaks
import pytest
import requests
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from receiver import Receiver, receiving
from sqlmodel import col, select
from workshop import CAMPAIGN, Workshop, seconds_ahead

from campaign.models import Database
from campaign.models.posts import Post
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

HOOK, BEAT, SIGNS = "hook-address-5512", "beat-address-5513", "webhook-secret-5514"
PLATFORMS = ("x", "facebook", "linkedin")
FAULTS = [
    Fault("dead-token", "facebook", "create"),
    Fault("store-then-drop", "linkedin", "create", nth=(1,)),
    Fault("html-2xx", "x", "create", nth=(1,)),
    Fault("5xx-before-store", "*", "list", nth=(1,)),
    Fault("truncated", "*", "read", nth=(1,)),
    Fault("drop-after-dot", "email", "data", nth=(1,)),
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def with_renewable_tokens(desk: Workshop) -> None:
    """Give oak tokens of X and LinkedIn that end in a minute: the daemon renews them before it sends."""
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    renewal = {"client_id": "app", "client_secret": "client-secret-5515", "expires_at": soon}
    for channel in ("x", "linkedin"):
        tokens = {"access_token": f"{channel}-access-5516", "refresh_token": f"{channel}-refresh-5517"}
        desk.write(f"oak-{channel}.json", json.dumps({**tokens, **renewal}))
    with (desk.folder / "accounts.csv").open("a") as file:
        file.write("\n")  # the local platforms read the file again when it has changed


def watched(desk: Workshop, receiver: Receiver) -> None:
    desk.write_config('[logging]\nlevel = "debug"\njson = true\n[alerts]\nevery = "1s"\nmail = ["ops@example.org"]\n')
    desk.environ |= {
        "CAMPAIGN__ALERTS__WEBHOOK": f"{receiver.url}/{HOOK}",
        "CAMPAIGN__ALERTS__WEBHOOK_SECRET": SIGNS,
        "CAMPAIGN__ALERTS__HEARTBEAT": f"{receiver.url}/{BEAT}",
        "CAMPAIGN__ALERTS__HEARTBEAT_EVERY": "1s",
        "CAMPAIGN__METRICS__LISTEN": "127.0.0.1:0",
        "CAMPAIGN__CHANNELS__LINKEDIN__AUTH_URL": desk.addresses["linkedin"],
    }


@contextmanager
def daemon(desk: Workshop, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as words:
        started = subprocess.Popen(  # noqa: S603 - our own program
            [str(CAMPAIGN), "-w", str(desk.folder), "run"], stdout=words, stderr=words, env=os.environ | desk.environ
        )
    try:
        yield started
    finally:
        started.terminate()
        assert started.wait(60) == 0, log.read_text()


def until(done: Callable[[], object], what: str, log: Path) -> None:
    end = time.monotonic() + 90
    while not done():
        assert time.monotonic() < end, f"{what}\n{log.read_text()[-5000:]}"
        time.sleep(0.2)


def lines(log: Path) -> list[dict[str, str]]:
    # The daemon may be in the middle of its last line.
    return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.timeout(400)
def test_a_watched_daemon_tells_of_trouble_and_of_no_secret(
    desk: Workshop, sandbox: Sandbox, receiver: Receiver, tmp_path: Path
) -> None:
    with_renewable_tokens(desk)
    watched(desk, receiver)
    desk.write_copy()
    desk.write_people()
    desk.write_timetable([("first", "hello", PLATFORMS, seconds_ahead(0))])
    desk.open()
    began = time.monotonic()
    assert desk.json("plan")
    start = seconds_ahead(5 + 4 * (time.monotonic() - began))
    slots = [("first", "hello", PLATFORMS, start), ("second", "second", PLATFORMS, start + timedelta(seconds=2))]
    desk.write_timetable([*slots, ("news", "news", ["email"], start)])
    desk.run("queue", timeout=60)
    desk.approve_all()
    sandbox.world.faults.replace(FAULTS)
    log = tmp_path / "daemon.log"
    leaks.know([HOOK, BEAT, SIGNS])
    with database_of(desk) as opened, daemon(desk, log):
        until(lambda: "account-stopped" in rules(receiver), "the webhook heard of no stopped account", log)
        until(lambda: BEAT in {call.path[1:] for call in receiver.calls}, "no heartbeat came", log)
        until(lambda: alert_mails(sandbox), "no alert came by mail", log)
        until(lambda: not unfinished(opened), "posts are still on their way", log)
        found = figures(address(log))
    assert found["campaign_outcomes_total", "facebook", "credential"] >= 1
    assert found["campaign_outcomes_total", "x", "posted"] >= 3
    assert found["campaign_lateness_seconds_count", "x", ""] == found["campaign_outcomes_total", "x", "posted"]
    assert "token renewed" in {line["event"] for line in lines(log)}
    assert any("facebook" in alert["subject"] for alert in told(receiver) if alert["rule"] == "account-stopped")
    search_everything(desk, tmp_path)


def told(receiver: Receiver) -> list[dict[str, str]]:
    return [alert for call in receiver.calls if call.path == f"/{HOOK}" for alert in call.document["alerts"]]


def rules(receiver: Receiver) -> set[str]:
    return {alert["rule"] for alert in told(receiver)}


def alert_mails(sandbox: Sandbox) -> list[object]:
    return [mail for mail in sandbox.world.ledger() if "ops@example.org" in json.dumps(mail, default=str)]


def unfinished(database: Database) -> int:
    """Return how many posts are still on their way; what stands on the stopped account waits for a person."""
    ahead = col(Post.status).in_(["approved", "publishing", "unconfirmed"])
    waits = sa.and_(col(Post.channel) == "facebook", col(Post.status) == "approved")
    with database.read() as session:
        return len(session.exec(select(Post.id).where(ahead, ~waits)).all())


def address(log: Path) -> str:
    return next(line["address"] for line in lines(log) if line["event"] == "metrics are served")


def figures(address: str) -> dict[tuple[str, str, str], float]:
    assert requests.get(f"{address}/healthz", timeout=10).status_code == 200
    text = requests.get(f"{address}/metrics", timeout=10).text
    return {
        (sample.name, sample.labels.get("channel", ""), sample.labels.get("outcome", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def search_everything(desk: Workshop, tmp_path: Path) -> None:
    """Every command searches what it says; what the daemon wrote, the files and the tables are searched here."""
    ids = {row["channel"]: row["id"] for row in desk.posts()}
    minted = [secret for secret in leaks.known if len(secret) > 40]
    assert len(minted) >= 2, "no platform gave out a new token"
    for command in (("log",), ("audit",), ("accounts", "list"), ("review", "list"), ("report",)):
        assert desk.run(*command, "--json")
    for channel in PLATFORMS:
        desk.run("posts", "show", ids[channel], "--json")
    findings = desk.run("doctor", "--probe", "--json", code=1)
    assert "account-stopped" in findings
    desk.run("export", str(tmp_path / "log.csv"))
    desk.run("export", str(tmp_path / "log.json"))
    leaks.check(tables(desk), "the database")
    assert leaks.left_in(tmp_path) == {}


@contextmanager
def database_of(desk: Workshop) -> Iterator[Database]:
    database = Database(desk.database_url.replace("sqlite:///", f"sqlite:///{desk.folder}/"), connections=1)
    yield database
    database.close()


def tables(desk: Workshop) -> bytes:
    """Return every row of every table as text."""
    schema = sa.MetaData()
    with database_of(desk) as database, database.engine.connect() as connection:
        schema.reflect(database.engine)
        rows = [repr(tuple(row)) for table in schema.sorted_tables for row in connection.execute(sa.select(table))]
    assert any("account-stopped" in row for row in rows)
    return "\n".join(rows).encode()
