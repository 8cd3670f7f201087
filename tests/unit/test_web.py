"""The public pages: health that is red when dispatch does not tick, and an unsubscribe that no scanner presses."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from builders import add_account, add_post
from conftest import MovedClock
from pages_room import opened_app, served
from sqlmodel import col, select

from campaign.errors import WrongUse
from campaign.metrics import Metrics
from campaign.models import Database, audiences, upkeep
from campaign.models.mailing import MailingList, Subscriber
from campaign.models.partners import Account, Partner
from campaign.models.status import Status
from campaign.web.server import serving
from campaign.web.site import site

pytestmark = pytest.mark.thorough
SECOND = timedelta(seconds=1)


@pytest.fixture
def address(tmp_path: Path, database: Database, clock: MovedClock) -> Iterator[str]:
    with served(opened_app(tmp_path / "workspace", database, clock)) as address:
        yield address


def tick(database: Database, clock: MovedClock, wakes: timedelta | None = None) -> None:
    with database.write() as session:
        upkeep.tick(session, "here:1", clock.now(), clock.now() + wakes if wakes is not None else None)


def subscribe(database: Database, clock: MovedClock, *lists: str) -> None:
    with database.write() as session:
        for key in lists:
            found = MailingList(key=key)
            session.add(found)
            session.flush()
            session.add(
                Subscriber(
                    list_id=found.ident,
                    email="ann@example.org",
                    name="Ann",
                    consent_source="form",
                    consent_at=clock.now(),
                    token=f"token-{key}",
                )
            )


def wanted(database: Database) -> dict[str, bool]:
    with database.read() as session:
        rows = session.exec(select(Subscriber).order_by(col(Subscriber.id))).all()
        return {row.token: row.unsubscribed_at is None for row in rows}


def test_health_is_red_before_the_first_tick_and_green_after(
    address: str, database: Database, clock: MovedClock
) -> None:
    red = requests.get(f"{address}/healthz", timeout=5)
    assert (red.status_code, red.json()["well"]) == (503, False)
    tick(database, clock, timedelta(hours=1))
    green = requests.get(f"{address}/healthz", timeout=5)
    assert (green.status_code, green.json()["well"]) == (200, True)
    assert green.json()["tick_at"] == "2025-12-02T09:00:00Z"


def test_health_is_red_when_dispatch_has_not_ticked_though_the_page_answers(
    address: str, database: Database, clock: MovedClock
) -> None:
    tick(database, clock)
    clock.move(60 * SECOND)
    assert requests.get(f"{address}/healthz", timeout=5).status_code == 200
    clock.move(SECOND)
    assert requests.get(f"{address}/healthz", timeout=5).status_code == 503


def test_a_beat_that_lies_ahead_is_none_and_hides_no_other(address: str, database: Database, clock: MovedClock) -> None:
    clock.move(3000 * SECOND)
    with database.write() as session:
        upkeep.tick(session, "dead:1", clock.now(), None)
    clock.move(-3000 * SECOND)
    red = requests.get(f"{address}/healthz", timeout=5)
    assert (red.status_code, red.json()["well"]) == (503, False)
    assert "2025-12-02T09:50:00Z, ahead of this machine's clock" in red.json()["reason"]
    tick(database, clock)
    assert requests.get(f"{address}/healthz", timeout=5).status_code == 200
    clock.move(61 * SECOND)
    late = requests.get(f"{address}/healthz", timeout=5)
    assert (late.status_code, late.json()["reason"]) == (503, "the publishing service has not ticked for over a minute")


def test_a_clock_that_is_off_by_a_moment_makes_no_daemon_unwell(
    address: str, database: Database, clock: MovedClock
) -> None:
    clock.move(4 * SECOND)
    tick(database, clock)
    clock.move(-4 * SECOND)
    assert requests.get(f"{address}/healthz", timeout=5).status_code == 200


def test_health_is_red_when_the_daemon_slept_past_its_wake_up(
    address: str, database: Database, clock: MovedClock
) -> None:
    tick(database, clock, -61 * SECOND)
    found = requests.get(f"{address}/healthz", timeout=5)
    assert (found.status_code, found.json()["reason"]) == (503, "the publishing service slept past its next wake-up")


def test_health_is_red_and_not_an_error_page_when_the_database_is_gone(tmp_path: Path, clock: MovedClock) -> None:
    empty = Database(f"sqlite:///{tmp_path}/empty.db", connections=1)
    with served(opened_app(tmp_path / "workspace", empty, clock)) as address:
        found = requests.get(f"{address}/healthz", timeout=5)
    assert (found.status_code, found.json()["reason"]) == (503, "the database does not answer")
    empty.close()


def test_what_waits_for_a_person_is_a_warning_and_not_red(address: str, database: Database, clock: MovedClock) -> None:
    tick(database, clock)
    with database.write() as session:
        account = add_account(session, clock.now())
        person = {"needs_person": "nobody can look"}
        add_post(session, account, clock.now(), status=Status.UNCONFIRMED, changes=person)
        add_post(session, account, clock.now(), status=Status.UNCONFIRMED)
        stopped = add_account(session, clock.now())
        stopped.stopped_why = "401"
        session.add(stopped)
    found = requests.get(f"{address}/healthz", timeout=5)
    assert found.status_code == 200
    assert found.json()["warnings"] == {"post-unconfirmed": 1, "post-needs-person": 1, "account-stopped": 1}


def test_figures_stand_beside_the_pages_and_are_never_kept(address: str) -> None:
    found = requests.get(f"{address}/metrics", timeout=5)
    assert found.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert found.headers["Cache-Control"] == "no-store"
    assert "campaign_database_up 1.0" in found.text


def test_a_get_never_unsubscribes(address: str, database: Database, clock: MovedClock) -> None:
    subscribe(database, clock, "parents")
    for method in ("GET", "HEAD", "OPTIONS"):
        requests.request(method, f"{address}/u/token-parents", timeout=5)
    for path in ("", "/lists"):
        assert requests.head(f"{address}/u/token-parents{path}", timeout=5).status_code == 200
        assert requests.head(f"{address}/u/none{path}", timeout=5).status_code == 404
    page = requests.get(f"{address}/u/token-parents", timeout=5)
    assert page.status_code == 200
    assert 'method="post"' in page.text
    assert wanted(database) == {"token-parents": True}


@pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
def test_a_post_unsubscribes_at_once_from_that_list_alone(
    address: str, database: Database, clock: MovedClock, body: dict[str, str]
) -> None:
    subscribe(database, clock, "parents", "staff")
    done = requests.post(f"{address}/u/token-parents", data=body, timeout=5, allow_redirects=False)
    assert (done.status_code, done.cookies.get_dict()) == (200, {})
    assert wanted(database) == {"token-parents": False, "token-staff": True}
    again = requests.post(f"{address}/u/token-parents", data=body, timeout=5)
    assert again.status_code == 200
    with database.read() as session:
        assert [(one.key, one.wanting) for one in audiences.counts(session)] == [("parents", 0), ("staff", 1)]


def test_a_person_gets_a_page_and_a_mail_client_none(address: str, database: Database, clock: MovedClock) -> None:
    subscribe(database, clock, "parents")
    page = requests.post(f"{address}/u/token-parents", headers={"Accept": "text/html"}, timeout=5)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert requests.post(f"{address}/u/token-parents", timeout=5).content == b""


@pytest.mark.parametrize("token", ["nobody", "token-parent", "..%2f..", "%00"])
def test_an_unknown_token_takes_nobody_off(address: str, database: Database, clock: MovedClock, token: str) -> None:
    subscribe(database, clock, "parents")
    assert requests.get(f"{address}/u/{token}", timeout=5).status_code == 404
    assert requests.post(f"{address}/u/{token}", timeout=5).status_code == 404
    assert wanted(database) == {"token-parents": True}


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


def test_pages_that_cannot_listen_say_so_in_one_line(tmp_path: Path, database: Database, clock: MovedClock) -> None:
    with (
        taken_port() as port,
        pytest.raises(WrongUse, match=f"127.0.0.1:{port}"),
        serving(site(opened_app(tmp_path, database, clock), Metrics(database, clock)), f"127.0.0.1:{port}"),
    ):
        raise AssertionError


def test_a_reader_sees_whose_newsletter_they_leave(address: str, database: Database, clock: MovedClock) -> None:
    subscribe(database, clock, "oak")
    with database.write() as session:
        partner = Partner(key="oak", name="Oak <School>", joined_at=clock.now())
        session.add(partner)
        session.flush()
        session.add(Account(partner_id=partner.ident, channel="email", handle="oak", external_id="oak", mode="api"))
    asked = requests.get(f"{address}/u/token-oak", timeout=10)
    left = requests.post(f"{address}/u/token-oak", headers={"accept": "text/html"}, timeout=10)
    for page in (asked, left):
        assert "no more newsletters from Oak &lt;School&gt;" in page.text


def partner_of(database: Database, clock: MovedClock, *lists: str) -> None:
    """Let one partner mail these lists."""
    with database.write() as session:
        partner = session.get_one(Partner, add_account(session, clock.now()).partner_id)
        partner.name = "Oak School"
        for key in lists:
            session.add(Account(partner_id=partner.ident, channel="email", handle="Oak", external_id=key))


def test_a_reader_sees_the_partners_lists_and_leaves_one_or_all(
    address: str, database: Database, clock: MovedClock
) -> None:
    subscribe(database, clock, "parents", "events", "governors", "others")
    partner_of(database, clock, "parents", "events", "governors")
    page = f"{address}/u/token-parents/lists"
    for method in ("GET", "HEAD", "OPTIONS"):
        requests.request(method, page, timeout=5)
    assert all(wanted(database).values()), "a GET changes nothing"
    found = requests.get(page, timeout=5)
    assert "Set-Cookie" not in found.headers
    assert "Oak School" in found.text
    assert "governors" in found.text
    assert "others" not in found.text, "another partner's list"
    assert requests.post(page, data={}, timeout=5).status_code == 422
    left = requests.post(page, data={"list": ["events", "others", "none"]}, timeout=5)
    assert "You will get no more of: events." in left.text
    assert [name for name, wants in wanted(database).items() if not wants] == ["token-events"]
    requests.post(page, data={"leave": "all"}, timeout=5)
    assert [name for name, wants in wanted(database).items() if wants] == ["token-others"]
    assert "You are on no list" in requests.get(page, timeout=5).text
    assert requests.post(page, data={"leave": "all"}, timeout=5).status_code == 200


def test_who_leaves_one_list_of_several_is_told_which_and_leaves_all_on_the_spot(
    address: str, database: Database, clock: MovedClock
) -> None:
    subscribe(database, clock, "parents", "events", "governors")
    partner_of(database, clock, "parents", "events", "governors")
    page = f"{address}/u/token-parents"
    asked = requests.get(page, timeout=5)
    left = requests.post(page, headers={"Accept": "text/html"}, timeout=5)
    assert wanted(database) == {"token-parents": False, "token-events": True, "token-governors": True}
    for found, said in ((asked, "You are also on these lists"), (left, "You are still on these lists")):
        assert "no more newsletters from" not in found.text
        assert "no more of <strong>parents</strong>" in found.text
        assert f"{said} of Oak School: events, governors." in found.text
        form = re.search(r'<form method="post" action="([^"]*)">\s*<button[^>]*name="leave"[^>]*>', found.text)
        assert form
        assert form[1] == "/u/token-parents/lists"
    requests.post(f"{address}/u/token-parents/lists", data={"leave": "all"}, timeout=5)
    assert not any(wanted(database).values())
    assert "no more newsletters from Oak School" in requests.get(page, timeout=5).text


def test_the_page_for_leaving_leads_to_the_lists(address: str, database: Database, clock: MovedClock) -> None:
    subscribe(database, clock, "parents", "events")
    partner_of(database, clock, "parents", "events")
    html = {"Accept": "text/html"}
    assert "/u/token-parents/lists" in requests.get(f"{address}/u/token-parents", timeout=5).text
    assert "/u/token-parents/lists" in requests.post(f"{address}/u/token-parents", headers=html, timeout=5).text
    for path in ("none", "%00"):
        assert requests.get(f"{address}/u/{path}/lists", timeout=5).status_code == 404
        assert requests.post(f"{address}/u/{path}/lists", data={"leave": "all"}, timeout=5).status_code == 404
