"""What mail servers answer, and what becomes of each copy and of the issue."""

import re
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from mail_bench import Bench, Open, on, people, yes

from campaign.errors import AccountBlocked, CredentialDead, NeverSent, Refused, Wait
from campaign.ports import Progress


def test_greylisted_copy_is_tried_again_after_its_pause(bench: Bench) -> None:
    bench.subscribe(*people(3))
    bench.server.rcpt = on("p001@example.org", say="451 4.7.1 Greylisted", times=1)
    assert bench.send() is Progress.WAITING
    deferred = next(row for row in bench.deliveries() if row.email == "p001@example.org")
    assert (deferred.status, deferred.tries, deferred.reply) == ("deferred", 1, "451 4.7.1 Greylisted")
    assert deferred.next_try_at - bench.clock.now() == timedelta(minutes=1)
    assert bench.send() is Progress.WAITING
    assert bench.server.tried["p001@example.org"] == 1
    bench.clock.wait(threading.Event(), 61)
    assert bench.send() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(3), 1)


def test_copy_that_is_deferred_for_ever_is_given_up_and_the_address_is_not_blamed(bench: Bench) -> None:
    bench.subscribe(*people(2))
    bench.server.data = on("p001@example.org", say="451 4.3.0 Not now")
    assert bench.to_the_end() is Progress.DONE
    row = next(row for row in bench.deliveries() if row.email == "p001@example.org")
    assert (row.status, row.tries, row.reply) == ("bounced", 8, "given up after 8 tries: 451 4.3.0 Not now")
    assert not bench.suppressed(row.email)


@pytest.mark.parametrize(("reply", "suppressed"), [("550 5.1.1 Nobody", True), ("552 5.2.2 Full", False)])
def test_refused_recipient_bounces_and_only_a_dead_address_is_suppressed(
    bench: Bench, reply: str, *, suppressed: bool
) -> None:
    bench.subscribe(*people(5))
    bench.server.rcpt = on("p002@example.org", say=reply)
    assert bench.send() is Progress.DONE
    assert bench.statuses()["p002@example.org"] == "bounced"
    assert bench.suppressed("p002@example.org") is suppressed
    assert bench.server.received() == dict.fromkeys(set(people(5)) - {"p002@example.org"}, 1)


def test_lost_connection_after_the_final_dot_is_unknown_and_not_sent_again(bench: Bench) -> None:
    bench.subscribe(*people(9))
    bench.server.data = on("p004@example.org", say="drop-after", times=1)
    assert bench.to_the_end() is Progress.DONE
    assert Counter(bench.statuses().values()) == {"sent": 8, "unknown": 1}
    assert bench.statuses()["p004@example.org"] == "unknown"
    assert bench.server.received() == dict.fromkeys(people(9), 1)


def test_unknown_copy_is_sent_again_where_the_settings_say_so(bench: Bench) -> None:
    bench.subscribe(*people(3))
    bench.server.data = on("p001@example.org", say="drop-after", times=1)
    assert bench.to_the_end(resend_unknown=True) is Progress.DONE
    assert set(bench.statuses().values()) == {"sent"}
    assert bench.server.received()["p001@example.org"] == 2
    same = {re.search(rb"Message-ID: (.*)", raw)[1] for to, raw in bench.server.taken if to == "p001@example.org"}  # type: ignore[index]
    assert len(same) == 1


def test_lost_connection_before_the_data_costs_nobody_anything(bench: Bench) -> None:
    bench.subscribe(*people(12))
    bench.server.rcpt = lambda to, seen: "drop" if int(to[1:4]) % 3 == 0 and seen == 1 else None
    assert bench.to_the_end() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(12), 1)
    assert set(bench.statuses().values()) == {"sent"}


def test_server_that_closes_after_some_mails_is_met_with_a_new_connection(bench: Bench) -> None:
    bench.subscribe(*people(9))
    seen = Counter[int]()

    def limited() -> str | None:
        seen[bench.server.connections] += 1
        return "421 4.7.0 Enough on this connection" if seen[bench.server.connections] > 2 else None

    bench.server.mail = limited
    assert bench.to_the_end(connections=1) is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(9), 1)
    assert bench.server.connections >= 5


def test_server_in_lasting_trouble_makes_the_issue_wait_and_loses_nobody(bench: Bench) -> None:
    bench.subscribe(*people(5))
    bench.server.mail = lambda: "421 4.3.2 Going down"
    with pytest.raises(Wait, match="Going down") as caught:
        bench.send()
    assert caught.value.after == timedelta(minutes=2)
    assert set(bench.statuses().values()) <= {"waiting", "deferred"}
    bench.server.mail = yes
    assert bench.to_the_end() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(5), 1)


def test_server_that_is_away_makes_the_issue_wait(bench: Bench) -> None:
    bench.subscribe(*people(3))
    there, bench.server.port = bench.server.port, 9
    with pytest.raises(Wait, match="cannot be reached"):
        bench.send()
    assert set(bench.statuses().values()) == {"waiting"}
    bench.server.port = there
    assert bench.send() is Progress.DONE


def test_policy_block_stops_the_issue_blames_nobody_and_resumes_with_the_others_first(bench: Bench) -> None:
    bench.subscribe(*people(6))
    bench.server.data = on(*people(6), say="550 5.7.515 Access denied")
    with pytest.raises(AccountBlocked, match=r"5\.7\.515"):
        bench.send()
    assert sum(bench.server.tried.values()) <= 3
    assert set(bench.statuses().values()) == {"waiting", "deferred"}
    assert not any(bench.suppressed(email) for email in people(6))
    bench.server.data = yes
    assert bench.to_the_end() is Progress.DONE
    assert bench.server.received() == dict.fromkeys(people(6), 1)


def test_one_recipient_whom_policy_bars_costs_the_others_nothing(bench: Bench) -> None:
    crowd = people(20)
    bench.subscribe(*crowd)
    bench.server.rcpt = on(crowd[3], say="550 5.7.1 Delivery not authorized for this recipient")
    assert bench.send(connections=1) is Progress.DONE
    assert bench.server.received() == dict.fromkeys(set(crowd) - {crowd[3]}, 1)
    assert bench.statuses()[crowd[3]] == "bounced"
    assert not bench.suppressed(crowd[3])


def test_a_barred_recipient_who_comes_first_stops_the_account_once(bench: Bench) -> None:
    crowd = people(20)
    bench.subscribe(*crowd)
    bench.server.rcpt = on(crowd[0], say="550 5.7.1 Delivery not authorized for this recipient")
    with pytest.raises(AccountBlocked, match="not authorized"):
        bench.send(connections=1)
    assert bench.to_the_end(connections=1) is Progress.DONE
    assert Counter(bench.statuses().values()) == {"sent": 19, "bounced": 1}


def test_many_barred_in_a_row_stop_the_account_before_it_costs_everybody(bench: Bench) -> None:
    crowd = people(40)
    bench.subscribe(*crowd)
    bench.server.rcpt = on(*crowd[5:], say="550 5.7.1 Quota of the day is used up")
    with pytest.raises(AccountBlocked, match="Quota"):
        bench.send(connections=1, same_refusals=5)
    assert Counter(bench.statuses().values()) == {"sent": 5, "bounced": 4, "deferred": 1, "waiting": 30}


@pytest.mark.parametrize("where", ["mail", "data"])
def test_policy_that_is_not_about_the_recipient_stops_the_account_at_once(bench: Bench, where: str) -> None:
    crowd, seen = people(10), list[int]()
    bench.subscribe(*crowd)

    def script(*_: object) -> str | None:
        seen.append(1)
        return "550 5.7.1 Not from you" if len(seen) > 3 else None

    setattr(bench.server, where, script)
    with pytest.raises(AccountBlocked, match="Not from you"):
        bench.send(connections=1)
    assert Counter(bench.statuses().values()) == {"sent": 3, "deferred": 1, "waiting": 6}


def test_refused_sign_in_stops_the_account_and_a_good_one_is_used(bench: Bench) -> None:
    bench.subscribe(*people(3))
    bench.server.signs_in = False
    bench.credentials = {"username": "user", "password": "secret"}
    with pytest.raises(CredentialDead, match="535") as caught:
        bench.send()
    assert "secret" not in str(caught.value)
    assert set(bench.statuses().values()) == {"waiting"}
    bench.server.signs_in = True
    assert bench.send() is Progress.DONE


def test_server_that_wants_a_sign_in_that_we_lack_stops_the_account(bench: Bench) -> None:
    bench.subscribe(*people(3))
    bench.server.signs_in = True
    with pytest.raises(CredentialDead, match="wants a sign-in"):
        bench.send()


def test_letter_that_is_refused_again_and_again_ends_the_issue_before_it_costs_everybody(bench: Bench) -> None:
    bench.subscribe(*people(30))
    bench.server.data = on(*people(30), say="554 5.6.0 Malformed")
    with pytest.raises(Refused, match="the letter itself"):
        bench.send(same_refusals=5)
    counts = Counter(bench.statuses().values())
    assert 5 <= counts["bounced"] <= 7
    assert counts["waiting"] == 30 - counts["bounced"]


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_a_run_of_dead_or_full_mailboxes_does_not_end_the_issue(bench: Bench, where: str) -> None:
    crowd = people(50)
    bench.subscribe(*crowd)
    gone = crowd[10:30]
    said = "550 No such user here" if where == "rcpt" else "552 5.2.2 Mailbox full"
    setattr(bench.server, where, on(*gone, say=said))
    assert bench.send(connections=4, batch=100) is Progress.DONE
    assert bench.server.received() == dict.fromkeys(set(crowd) - set(gone), 1)
    assert {bench.statuses()[email] for email in gone} == {"bounced"}
    assert not any(bench.suppressed(email) for email in gone)


def test_a_server_that_takes_nobody_at_all_stops_the_account_before_it_costs_everybody(bench: Bench) -> None:
    bench.subscribe(*people(40))
    bench.server.rcpt = on(*people(40), say="550 relay not permitted")
    with pytest.raises(AccountBlocked, match="550 relay not permitted"):
        bench.send(same_refusals=2)
    counts = Counter(bench.statuses().values())
    assert 10 <= counts["bounced"] <= 12
    assert counts["waiting"] == 40 - counts["bounced"]
    bench.server.rcpt = yes
    assert bench.send(same_refusals=2) is Progress.DONE
    assert len(bench.server.received()) == counts["waiting"]


def test_a_server_that_knows_nobody_at_all_strikes_nobody_off(bench: Bench) -> None:
    crowd = people(40)
    bench.subscribe(*crowd)
    bench.server.rcpt = on(*crowd, say="550 5.1.1 User unknown in relay recipient table")
    with pytest.raises(AccountBlocked, match="User unknown"):
        bench.send(same_refusals=2)
    bench.server.rcpt = yes
    assert bench.send(same_refusals=2) is Progress.DONE
    assert not any(bench.suppressed(email) for email in crowd)


def test_a_dead_address_that_comes_before_the_first_copy_taken_is_suppressed_after_it(bench: Bench) -> None:
    bench.subscribe(*people(3))
    bench.server.rcpt = on("p000@example.org", say="550 5.1.1 Nobody")
    assert bench.send(connections=1, batch=1) is Progress.DONE
    assert [bench.suppressed(email) for email in people(3)] == [True, False, False]


def test_many_refused_at_the_end_of_an_issue_that_others_have_got_stop_nothing(bench: Bench) -> None:
    crowd = people(30)
    bench.subscribe(*crowd)
    bench.server.rcpt = lambda to, seen: (
        None if to in crowd[:5] else "451 4.7.1 Greylisted" if seen == 1 else "550 Not here"
    )
    assert bench.to_the_end(same_refusals=2) is Progress.DONE
    assert Counter(bench.statuses().values()) == {"sent": 5, "bounced": 25}


def test_issue_that_reached_nobody_is_no_success(bench: Bench) -> None:
    bench.subscribe(*people(2))
    bench.server.rcpt = on(*people(2), say="550 5.1.1 Nobody")
    with pytest.raises(Refused, match="not one copy"):
        bench.send()


@pytest.mark.parametrize("problem", ["no list", "empty list"])
def test_issue_to_nobody_is_refused(bench: Bench, problem: str) -> None:
    message = replace(bench.message(), audience="elsewhere") if problem == "no list" else bench.message()
    with pytest.raises(Refused, match="mailing list"):
        bench.issues().send_issue(bench.post_id, bench.who(), message, Open())


def test_recipient_who_cannot_stand_in_a_header_is_named_and_the_others_get_theirs(bench: Bench) -> None:
    bench.subscribe("good@example.org", "bad@example.org\r\nRCPT TO:<x@example.org>")
    assert bench.send() is Progress.DONE
    assert bench.server.received() == {"good@example.org": 1}
    bad = next(row for row in bench.deliveries() if row.email != "good@example.org")
    assert bad.status == "bounced"
    assert "is no mail address" in (bad.reply or "")


def test_server_that_cannot_be_reached_says_never_sent(bench: Bench) -> None:
    bench.server.port = 9
    with pytest.raises(NeverSent, match="cannot be reached"):
        bench.issues().open_transport(bench.who())
