"""Sending an issue over real SMTP: each person one copy of their own, holds and resumes without repeat or gap."""

import re
import threading
import time
from collections import Counter
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP

import pytest
from builders import add_post
from mail_bench import Bench, Open, on, people

from campaign.errors import Stopped
from campaign.models import corrections, mailing
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.ports import Bulk, Progress


def test_everybody_on_the_list_gets_one_copy_of_their_own(bench: Bench) -> None:
    bench.subscribe(*people(10))
    progress, receipt = bench.issues().send_issue(bench.post_id, bench.who(), bench.message(), Open())
    assert progress is Progress.DONE
    assert receipt is not None
    assert receipt.external_id == f"issue-{bench.post_id}@dfe.example"
    assert bench.server.received() == dict.fromkeys(people(10), 1)
    assert set(bench.statuses().values()) == {"sent"}
    for to, raw in bench.server.taken:
        mail = message_from_bytes(raw, policy=SMTP)
        assert [one.addr_spec for one in mail["To"].addresses] == [to]
        assert f"Dear Name of {to}" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert mail["List-Unsubscribe"] == f"<https://campaign.example/u/tok-{to}>"
    assert len({re.search(rb"Message-ID: (.*)", raw)[1] for _, raw in bench.server.taken}) == 10  # type: ignore[index]


def test_it_is_the_power_bulk_and_uses_a_few_connections_again_and_again(bench: Bench) -> None:
    bench.subscribe(*people(30))
    assert isinstance(bench.issues(), Bulk)
    assert bench.send() is Progress.DONE
    assert 1 <= bench.server.connections <= 3


def test_line_that_begins_with_a_dot_arrives_with_it(bench: Bench) -> None:
    bench.subscribe("a@example.org")
    letter = replace(bench.message(), text=".first\n..second\n.\nend")
    bench.issues().send_issue(bench.post_id, bench.who(), letter, Open())
    mail = message_from_bytes(bench.server.taken[0][1], policy=SMTP)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.splitlines() == [".first", "..second", ".", "end"]


def test_a_correction_goes_to_those_who_got_the_issue_and_want_mail_still(bench: Bench) -> None:
    bench.subscribe(*people(4))
    bench.server.rcpt = on("p003@example.org", say="550 5.1.1 no such person")
    assert bench.send() is Progress.DONE
    bench.subscribe("late@example.org")
    with bench.database.write() as session:
        mailing.unsubscribe(session, "tok-p001@example.org", bench.clock.now())
        mailing.suppress(session, "p002@example.org", "complaint", bench.clock.now())
        first = session.get_one(Post, bench.post_id)
        account = session.get_one(Account, first.account_id)
        second = add_post(session, account, bench.clock.now()).ident
    letter = replace(bench.message(), audience=corrections.audience("parents", bench.post_id))
    before = len(bench.server.taken)
    assert bench.issues().send_issue(second, bench.who(), letter, Open())[0] is Progress.DONE
    [(to, raw)] = bench.server.taken[before:]
    mail = message_from_bytes(raw, policy=SMTP)
    assert (to, mail["List-Id"]) == ("p000@example.org", "<parents.dfe.example>")


def test_recipients_are_frozen_when_sending_starts(bench: Bench) -> None:
    bench.subscribe(*people(6))
    assert bench.send(Open(closes_after=3), connections=1) is Progress.STOPPED
    bench.subscribe("late@example.org")
    assert bench.to_the_end() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(6), 1)


def test_hold_stops_at_once_and_release_goes_on_without_a_repeat_or_a_gap(bench: Bench) -> None:
    bench.subscribe(*people(20))
    assert bench.send(Open(closes_after=7)) is Progress.STOPPED
    sent = bench.server.received()
    assert 1 <= len(sent) <= 7
    assert Counter(bench.statuses().values()) == {"sent": len(sent), "waiting": 20 - len(sent)}
    assert bench.send() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(20), 1)


def test_gate_is_asked_before_every_copy_and_while_a_reply_is_awaited(bench: Bench) -> None:
    bench.subscribe(*people(3))
    bench.server.pause = 0.6
    gate = Open()
    assert bench.send(gate, connections=1) is Progress.DONE
    pauses = [later - earlier for earlier, later in zip(gate.asked, gate.asked[1:], strict=False)]
    assert len(gate.asked) > 3 * 5
    assert max(pauses) < 1


def test_suppressed_and_newly_unsubscribed_people_get_nothing(bench: Bench) -> None:
    bench.subscribe(*people(6))
    bench.send(Open(closes_after=1))
    with bench.database.write() as session:
        mailing.suppress(session, "P004@example.org", "complaint", bench.clock.now())
        mailing.unsubscribe(session, "tok-p005@example.org", bench.clock.now())
    assert bench.to_the_end() is Progress.DONE
    assert bench.statuses() == dict.fromkeys(people(4), "sent") | dict.fromkeys(people(6)[4:], "suppressed")
    assert set(bench.server.received()) == set(people(4))


def test_wide_address_goes_to_a_server_that_takes_it(bench: Bench) -> None:
    bench.subscribe("zoë@example.org")
    assert bench.send() is Progress.DONE
    assert bench.server.received() == {"zoë@example.org": 1}


def test_two_threads_do_not_send_one_issue_at_once(bench: Bench) -> None:
    bench.subscribe(*people(6))
    bench.server.pause = 0.2
    issues = bench.issues(connections=1)
    first = threading.Thread(target=issues.send_issue, args=(bench.post_id, bench.who(), bench.message(), Open()))
    first.start()
    while not bench.server.tried:
        time.sleep(0.01)
    with pytest.raises(Stopped, match="another thread"):
        issues.send_issue(bench.post_id, bench.who(), bench.message(), Open())
    first.join()
    assert bench.server.received() == dict.fromkeys(people(6), 1)


def test_a_hold_in_mid_dialogue_stops_the_copy_and_nothing_is_dialled_again(bench: Bench) -> None:
    bench.subscribe(*people(3))
    gate = Open()

    def slow(to: str, _times: int) -> None:
        if to == "p001@example.org":
            gate.left = 0  # pressed while the server thinks about the recipient

    bench.server.rcpt = slow
    assert bench.send(gate, connections=1) is Progress.STOPPED
    assert bench.server.received() == {"p000@example.org": 1}
    assert Counter(bench.statuses().values()) == {"sent": 1, "waiting": 2}
    assert bench.server.connections == 1
    assert bench.send() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(3), 1)
