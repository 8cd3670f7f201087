"""A sender that died in mid-send: nobody twice, nobody skipped, one unknown copy a connection at most."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from mail_bench import Bench, Frozen, Open, benched, people

from campaign.clock import SystemClock
from campaign.models import Database, deliveries
from campaign.newsletter.journal import Journal, this_run
from campaign.newsletter.sending import Policy
from campaign.ports import Progress


def leave_behind(bench: Bench, *, run: str | None, with_journal: bool = True) -> None:
    """Leave a batch of four as a killed sender does: one settled in the journal, one intended, two not begun."""
    bench.subscribe(*people(4))
    assert bench.send(Open(closes_after=0)) is Progress.STOPPED
    with Journal(bench.folder / f"issue-{bench.post_id}.log", run=run) as journal, bench.database.write() as session:
        if with_journal:
            journal.begin("claim")
        claimed = deliveries.claim(session, bench.post_id, bench.clock.now(), "claim", limit=4)
        if with_journal:
            journal.intend("claim", claimed[0].ident)
            journal.note("claim", claimed[0].ident, {"end": "sent", "reply": "250 ok", "dead": False})
            journal.intend("claim", claimed[1].ident)


def test_killed_process_leaves_only_the_copy_on_the_wire_unknown(bench: Bench) -> None:
    leave_behind(bench, run=None)
    assert bench.send() is Progress.DONE
    assert list(bench.statuses().values()) == ["sent", "unknown", "sent", "sent"]
    assert set(bench.server.received()) == set(people(4)[2:])


def test_after_the_machine_went_down_only_written_outcomes_count(bench: Bench) -> None:
    if not this_run():
        pytest.skip("this machine does not name its runs")
    leave_behind(bench, run="an earlier run")
    assert bench.send() is Progress.DONE
    assert list(bench.statuses().values()) == ["sent", "unknown", "unknown", "unknown"]
    assert not bench.server.received()


def test_claim_of_another_machine_is_unknown_as_a_whole(bench: Bench) -> None:
    leave_behind(bench, run=None, with_journal=False)
    assert bench.send() is Progress.DONE
    assert set(bench.statuses().values()) == {"unknown"}
    assert not bench.server.received()


def test_dead_address_that_only_the_journal_knows_of_is_suppressed_too(bench: Bench) -> None:
    bench.subscribe(*people(2))
    assert bench.send(Open(closes_after=0)) is Progress.STOPPED
    with Journal(bench.folder / f"issue-{bench.post_id}.log") as journal, bench.database.write() as session:
        journal.begin("claim")
        claimed = deliveries.claim(session, bench.post_id, bench.clock.now(), "claim", limit=1)
        journal.note("claim", claimed[0].ident, {"end": "bounced", "reply": "550 5.1.1 Nobody", "dead": True})
    assert bench.send() is Progress.DONE
    assert bench.statuses() == {"p000@example.org": "bounced", "p001@example.org": "sent"}
    assert bench.suppressed("p000@example.org")


def test_journal_is_gone_when_the_issue_is_done(bench: Bench) -> None:
    bench.subscribe(*people(2))
    assert bench.send(Open(closes_after=1)) is Progress.STOPPED
    assert list(bench.folder.iterdir())
    assert bench.send() is Progress.DONE
    assert not list(bench.folder.iterdir())


def test_fault_in_the_sender_costs_no_delivery_its_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.subscribe(*people(8))
    real = Journal.intend

    def full(journal: Journal, claim: str, delivery_id: int) -> None:
        if len(bench.server.taken) >= 3:
            raise OSError(28, "No space left on device")
        real(journal, claim, delivery_id)

    monkeypatch.setattr(Journal, "intend", full)
    with pytest.raises(OSError, match="No space left"):
        bench.send(connections=1)
    assert Counter(bench.statuses().values()) == {"sent": 3, "waiting": 5}
    monkeypatch.undo()
    assert bench.send() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(8), 1)


def test_a_sender_that_was_stopped_in_the_dialogue_and_resumed_doubles_nobody(bench: Bench) -> None:
    """Another worker with the same journals takes over meanwhile, and finds no intent."""
    bench.subscribe("ann@example.org")
    gate, stopped = Open(), bench.issues(connections=1)

    def taken_over() -> None:
        gate.left = 0  # the attempt is settled: from now on its gate says so
        assert bench.send(connections=1) is Progress.DONE

    frozen = replace(stopped, open_transport=lambda who: Frozen(stopped.open_transport(who), taken_over))
    assert frozen.send_issue(bench.post_id, bench.who(), bench.message(), gate)[0] is Progress.STOPPED
    assert bench.server.received() == {"ann@example.org": 1}
    assert bench.statuses() == {"ann@example.org": "sent"}


def test_a_sender_that_was_stopped_between_intent_and_data_doubles_nobody(bench: Bench) -> None:
    bench.subscribe("ann@example.org")
    journal, taken_over = bench.folder / f"issue-{bench.post_id}.log", threading.Event()

    class Late(Open):
        """A gate whose answer comes when another worker has taken over."""

        def check(self) -> None:
            if not taken_over.is_set() and "intent" in journal.read_text():
                taken_over.set()
                assert bench.send(connections=1) is Progress.DONE

    assert bench.send(Late(), connections=1) is Progress.DONE
    assert bench.server.received() == {"ann@example.org": 1}
    assert bench.statuses() == {"ann@example.org": "unknown"}


# --- a process killed for real ----------------------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from campaign.channels.email import EmailChannel
from campaign.clock import SystemClock
from campaign.models import Database
from campaign.newsletter.sending import Issues, Policy
from campaign.ports import Draft, Envelope, Identity

class Open:
    def check(self): pass
    def keep(self, media_ids): pass

url, port, folder, post_id = sys.argv[1:]
channel = EmailChannel(EmailChannel.settings_type(smtp_url=f"smtp://127.0.0.1:{port}"))
issues = Issues(Database(url), SystemClock(), channel.open_transport, Path(folder), "salt",
                Policy(connections=3, batch=10))
who = Identity(account_id=1, partner="p", name="Partner", channel="email", handle="news", external_id="parents")
envelope = Envelope("News <news@dfe.example>", "Partner", "https://campaign.example")
draft = Draft("Dear ⟦name|reader⟧", subject="Join in", audience="parents", envelope=envelope)
message = channel.compose(draft, "t")
issues.send_issue(int(post_id), who, message, Open())
"""


def test_kill_9_in_mid_send_doubles_nobody_and_skips_nobody(tmp_path: Path) -> None:
    """Kill the sender at random moments, again and again: one unknown copy a connection and kill at most."""
    database, policy = Database(f"sqlite:///{tmp_path}/t.db"), Policy(connections=3, batch=10)
    database.upgrade()
    crowd, kills = people(150), 4
    with benched(database, SystemClock(), tmp_path / "journal", policy) as bench:
        bench.subscribe(*crowd)
        bench.server.pause = 0.01
        for _ in range(kills):
            _kill_one(bench)
        bench.server.pause = 0
        assert bench.to_the_end() is Progress.DONE
        received, statuses = bench.server.received(), bench.statuses()
    unknown = {email for email, status in statuses.items() if status == "unknown"}
    assert set(statuses.values()) <= {"sent", "unknown"}
    assert len(unknown) <= policy.connections * kills
    assert max(received.values()) == 1
    assert set(crowd) - set(received) <= unknown
    database.close()


def _kill_one(bench: Bench) -> None:
    """Start a sender in a process of its own and kill it a moment after its first copies are through."""
    words = [str(bench.database.url), str(bench.server.port), str(bench.folder), str(bench.post_id)]
    before, patience = len(bench.server.taken), time.monotonic() + 30
    with subprocess.Popen([sys.executable, "-c", CHILD, *words]) as child:  # noqa: S603 - our own words
        while len(bench.server.taken) < before + 3 and time.monotonic() < patience and child.poll() is None:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.05))  # noqa: S311 - chance, not secrecy
        os.kill(child.pid, signal.SIGKILL)
    assert len(bench.server.taken) >= before + 3
