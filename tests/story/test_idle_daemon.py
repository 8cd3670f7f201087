"""A daemon with nothing to do sleeps: between two beats it does not wake, and a beat costs next to nothing."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import put_due
from daemons import daemon
from terminal import CONFIG, Terminal, opened_terminal

from campaign.app import App
from campaign.models import upkeep

SETTINGS = '\n[dispatch]\nbeat = "{beat}"\n[channels.email]\nsmtp_url = "smtp://127.0.0.1:9"\n'
TICK = os.sysconf("SC_CLK_TCK")

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system has no /proc to count by")


def waiting(folder: Path, beat: str) -> Terminal:
    """A workspace in which much waits: a post far ahead, one that is due and held, one in review."""
    terminal = opened_terminal(folder, CONFIG + SETTINGS.format(beat=beat))
    terminal.run("queue")
    terminal.run("hold", "post:2", "--reason", "a wrong figure", "--as", "rita")
    app = App.open(folder, {})
    for ident, after in ((1, timedelta(days=30)), (2, timedelta(seconds=-1))):
        put_due(app, ident, datetime.now(UTC) + after)
    app.close()
    return terminal


@contextmanager
def at_rest(terminal: Terminal) -> Iterator[int]:
    """A daemon that has come to rest; gives its process id."""
    with daemon(terminal.folder) as process:
        time.sleep(1.5)
        yield process.pid


def wakes(pid: int) -> int:
    """Return how often the threads of a process have gone to sleep so far, and so were woken."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        found += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
    return found


def seconds_used(pid: int) -> float:
    """Return the processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def test_between_two_beats_an_idle_daemon_sleeps(tmp_path: Path) -> None:
    with at_rest(waiting(tmp_path, "60s")) as pid:
        before, used = wakes(pid), seconds_used(pid)
        time.sleep(4)
        assert wakes(pid) - before <= 4
        assert seconds_used(pid) - used <= 0.1


def test_the_beats_of_an_idle_daemon_cost_next_to_nothing(tmp_path: Path) -> None:
    beats = 5
    with at_rest(waiting(tmp_path, "1s")) as pid:
        before, used = wakes(pid), seconds_used(pid)
        time.sleep(beats)
        woken, spent = wakes(pid) - before, seconds_used(pid) - used
    assert 1 <= woken <= 60 * (beats + 1), f"{woken} wake-ups in {beats} beats"
    assert spent / beats <= 0.15, f"{spent:.2f} s of processor time in {beats} beats"


def test_an_idle_engine_asks_the_database_at_its_beats_alone(tmp_path: Path) -> None:
    terminal = waiting(tmp_path, "1s")
    app, asked = App.open(terminal.folder, {}), list[str]()
    sa.event.listen(app.database.engine, "before_cursor_execute", lambda *facts: asked.append(str(facts[2])))
    engine = app.engine()
    engine.start()
    time.sleep(1.5)
    asked.clear()
    time.sleep(5)
    seen = list(asked)
    engine.stop()
    with app.database.read() as session:
        assert upkeep.beats(session)
    app.close()
    assert 0 < len(seen) <= 6 * 40, f"{len(seen)} statements in five beats"
