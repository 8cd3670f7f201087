"""Tokens that end in mid-run: renewed once whoever asks, kept before use; a lost answer is not asked for again."""

import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from builders import CONTENTS, add_post

from campaign import identities
from campaign.channels import load_channels
from campaign.clock import SystemClock, iso
from campaign.engagement.collect import Collector
from campaign.engagement.timetable import Cooling
from campaign.errors import CredentialDead, NeverSent
from campaign.health.accounts import standing
from campaign.health.finding import Finding, Rule, Severity
from campaign.identities import Identities
from campaign.identities import name as bound_to
from campaign.models import Database, partners, renewals
from campaign.models.partners import Account, Partner
from campaign.models.status import Status
from campaign.ports import Channel, Identity
from campaign.sandbox import x_auth
from campaign.sandbox.faults import Fault
from campaign.sandbox.linkedin_token import REFRESH_LIFE
from campaign.sandbox.server import Sandbox
from campaign.vault import Vault, create_key

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
APPS = {"x": {"client_id": "elm-app"}, "linkedin": {"client_id": "app", "client_secret": "app-secret"}}
PAIRS = {"x": ("elm-access", "elm-refresh"), "linkedin": ("token-1001", "refresh-1001")}
NUMBERS = {"x": "2002", "linkedin": "1001"}
ADDRESSES = {"x": ("api_url",), "linkedin": ("api_url", "auth_url")}


@dataclass
class Aside:
    """The machine's clock, moved ahead by hand."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead

    def monotonic(self) -> float:
        return SystemClock().monotonic()

    def wait(self, event: Event, seconds: float) -> bool:
        return event.wait(seconds)


@dataclass
class Till:
    """One account whose token ends in a minute, in a database that several may open."""

    url: str
    key: Path
    box: Sandbox
    channel: str
    account_id: int
    clock: Aside
    quick: bool = True

    def identities(self, database: Database) -> Identities:
        return Identities(database, Vault(self.key), self.clock, {self.channel: self.built()})

    def built(self) -> Channel:
        kind = load_channels()[self.channel]
        settings = dict.fromkeys(ADDRESSES[self.channel], self.box.urls[self.channel])
        settings |= {"connect": "2s", "read": "700ms" if self.quick else "10s"}
        return kind.from_settings(kind.settings_type.model_validate(settings), self.clock)

    def ask(self, database: Database) -> Identity:
        return self.identities(database).by_id(self.account_id)

    def goes_wrong(self, kind: str, **more: Any) -> None:
        self.box.world.faults.replace([Fault(kind, self.channel, "token", **more)])

    @property
    def spent(self) -> int:
        calls: Any = self.box.world.faults.report()["calls"]
        return int(calls.get(f"{self.channel}.token", 0))

    def stored(self, database: Database) -> Mapping[str, str]:
        with database.read() as session:
            account = session.get_one(Account, self.account_id)
        return Vault(self.key).open(account.sealed or b"", bound_to(account))

    def works(self, who: Identity) -> bool:
        self.box.world.faults.replace(())
        channel: Any = self.built()
        return bool(channel.verify(who).handle)


def opened(channel: str, database: Database, url: str, box: Sandbox, folder: Path) -> Till:
    create_key(folder / "key")
    now = SystemClock().now()
    access, refresh = PAIRS[channel]
    credentials = {"access_token": access, "refresh_token": refresh, "expires_at": iso(now + MINUTE), **APPS[channel]}
    with database.write() as session:
        partner = Partner(key="elm", name="Elm", joined_at=now)
        session.add(partner)
        session.flush()
        account = Account(partner_id=partner.ident, channel=channel, handle="@elm", external_id=NUMBERS[channel])
        account.sealed = Vault(folder / "key").seal(credentials, bound_to(account))
        ident = partners.add_account(session, account).ident
    return Till(url, folder / "key", box, channel, ident, Aside())


def keep(till: Till, database: Database, credentials: Mapping[str, str]) -> None:
    """Store credentials as a person does who brings them in."""
    with database.write() as session:
        account = session.get_one(Account, till.account_id)
        account.sealed = Vault(till.key).seal(credentials, bound_to(account))
        session.add(account)


@pytest.fixture
def till(database: Database, database_url: str, sandbox: Sandbox, tmp_path: Path) -> Till:
    """An account on X, whose refresh tokens rotate, once on each database."""
    return opened("x", database, database_url, sandbox, tmp_path)


@pytest.fixture
def page(database: Database, database_url: str, sandbox: Sandbox, tmp_path: Path) -> Till:
    """A page on LinkedIn, whose refresh token a renewal leaves as it is."""
    return opened("linkedin", database, database_url, sandbox, tmp_path)


def in_a_process(facts: tuple[str, str, str, int], answers: Any, start: Any) -> None:
    """Ask for the account with four threads of a process of its own, as soon as all are there."""
    url, key, api_url, account_id = facts
    kind = load_channels()["x"]
    channel = kind.from_settings(kind.settings_type.model_validate({"api_url": api_url, "read": "10s"}))
    database = Database(url, connections=8)
    identities = Identities(database, Vault(Path(key)), SystemClock(), {"x": channel})
    start.wait(60)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: identities.by_id(account_id).credentials["access_token"], range(4)))
    answers.put(found)
    database.close()


def test_two_processes_at_once_spend_one_refresh_token_and_both_get_the_new_pair(
    till: Till, database: Database
) -> None:
    till.goes_wrong("store-then-delay", seconds=0.5)
    fresh = multiprocessing.get_context("spawn")
    answers, start = fresh.Queue(), fresh.Barrier(3)
    facts = (till.url, str(till.key), till.box.urls["x"], till.account_id)
    workers = [fresh.Process(target=in_a_process, args=(facts, answers, start)) for _ in range(2)]
    for worker in workers:
        worker.start()
    start.wait(60)
    tokens = {token for _ in workers for token in answers.get(timeout=60)}
    for worker in workers:
        worker.join(30)
    assert till.spent == 1
    assert tokens == {till.stored(database)["access_token"]}
    assert tokens != {"elm-access"}
    assert till.works(till.ask(database))


def test_the_new_pair_is_committed_before_anybody_uses_it(till: Till, database: Database) -> None:
    who = till.ask(database)
    assert who.credentials == till.stored(database)
    assert who.credentials["refresh_token"] != "elm-refresh"
    till.clock.ahead = timedelta(hours=2)
    till.box.world.clock = till.clock
    assert till.works(till.ask(database)), "the pair that the first renewal brought does not renew again"
    assert till.spent == 2


@pytest.mark.parametrize("kind", ["store-then-drop", "store-then-5xx", "store-then-delay", "truncated", "empty-2xx"])
def test_a_lost_answer_strands_the_account_and_is_not_asked_for_again(
    till: Till, database: Database, kind: str
) -> None:
    till.goes_wrong(kind, seconds=3.0)
    for _ in range(3):
        with pytest.raises(CredentialDead, match="lost"):
            till.ask(database)
    assert till.spent == 1


def test_a_process_that_died_in_mid_renewal_leaves_it_lost(till: Till, database: Database) -> None:
    with database.write() as session:
        account = session.get_one(Account, till.account_id)
        assert renewals.begin(session, account, till.clock.now(), timedelta(seconds=-1), lost_too=False)
    with pytest.raises(CredentialDead, match="lost"):
        till.ask(database)
    assert till.spent == 0


def test_nobody_waits_long_for_the_renewal_of_another(
    till: Till, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have died; whoever waits keeps a lane, the readings of all accounts, or the end of the process waiting."""
    monkeypatch.setattr(identities, "_PATIENCE", 0.5)
    with database.write() as session:
        account = session.get_one(Account, till.account_id)
        assert renewals.begin(session, account, till.clock.now(), HOUR, lost_too=False)
    with pytest.raises(NeverSent, match="being renewed"):
        till.ask(database)
    assert till.spent == 0


def test_what_surely_spent_nothing_is_tried_again(till: Till, database: Database) -> None:
    till.goes_wrong("429", seconds=30, nth=(1,))
    with pytest.raises(Exception, match="wait"):
        till.ask(database)
    assert till.works(till.ask(database))


def test_a_refused_refresh_token_is_not_shown_twice(till: Till, database: Database) -> None:
    keep(till, database, {**till.stored(database), "refresh_token": "spent-long-ago"})
    for _ in range(3):
        with pytest.raises(CredentialDead, match="invalid"):
            till.ask(database)
    assert till.spent == 1


def found(till: Till, database: Database) -> list[Finding]:
    with database.read() as session:
        return list(standing(session, till.clock.now()))


def test_a_dead_refresh_token_that_a_reading_meets_is_found_until_somebody_connects_again(
    till: Till, database: Database
) -> None:
    keep(till, database, {**till.stored(database), "refresh_token": "spent-long-ago"})
    now = till.clock.now()
    with database.write() as session:
        account = session.get_one(Account, till.account_id)
        read = {"published_at": now - HOUR, "next_reading_at": now - MINUTE, "external_id": "17"}
        add_post(session, account, now - HOUR, status=Status.PUBLISHED, changes=read)
    assert found(till, database) == []
    Collector(
        database,
        till.clock,
        channels={"x": till.built()},
        identities=till.identities(database).by_id,
        cooling=Cooling((HOUR,), 30 * DAY, 90 * DAY),
        late=HOUR,
        message=CONTENTS.message,
    ).collect()
    (dead,) = found(till, database)
    assert (dead.rule, dead.severity, dead.subject) == (Rule.RENEWAL_FAILED, Severity.ERROR, "elm x @elm")
    assert "invalid" in dead.what
    assert "Connect it again" in dead.mend
    keep(till, database, {"access_token": "elm-access"})
    assert found(till, database) == []


def test_an_account_that_has_stopped_already_is_found_once(till: Till, database: Database) -> None:
    keep(till, database, {**till.stored(database), "refresh_token": "spent-long-ago"})
    with pytest.raises(CredentialDead):
        till.ask(database)
    with database.write() as session:
        partners.change_account(session, till.account_id, {"stopped_why": "its token cannot be renewed"})
    assert [one.rule for one in found(till, database)] == [Rule.ACCOUNT_STOPPED]


def test_new_credentials_from_a_person_let_a_stranded_account_go_again(till: Till, database: Database) -> None:
    till.goes_wrong("store-then-drop")
    with pytest.raises(CredentialDead):
        till.ask(database)
    keep(till, database, {"access_token": "elm-access"})
    assert till.works(till.ask(database))


def test_a_person_who_brings_credentials_during_a_renewal_has_the_last_word(till: Till, database: Database) -> None:
    with database.write() as session:
        account = session.get_one(Account, till.account_id)
        assert renewals.begin(session, account, till.clock.now(), MINUTE, lost_too=False)
    with database.write() as session:
        other = session.get_one(Account, till.account_id)
        other.sealed = Vault(till.key).seal({"access_token": "elm-access"}, bound_to(other))
        session.add(other)
    with database.write() as session:
        assert not renewals.land(session, account, b"what the renewal brought")
    assert till.ask(database).credentials == {"access_token": "elm-access"}


@pytest.mark.parametrize("kind", ["store-then-drop", "5xx-before-store", "truncated"])
def test_where_a_renewal_spends_nothing_a_lost_answer_is_asked_for_again(
    page: Till, database: Database, kind: str
) -> None:
    page.goes_wrong(kind, nth=(1,))
    with pytest.raises(NeverSent):
        page.ask(database)
    assert page.works(page.ask(database))
    assert page.stored(database)["access_token"] != "token-1001"


def test_where_a_renewal_spends_nothing_a_dead_process_is_taken_over(page: Till, database: Database) -> None:
    with database.write() as session:
        account = session.get_one(Account, page.account_id)
        assert renewals.begin(session, account, page.clock.now(), timedelta(seconds=-1), lost_too=False)
    assert page.works(page.ask(database))


def test_a_token_that_ends_with_its_consent_is_renewed_once_and_then_left_alone(page: Till, database: Database) -> None:
    ends = page.clock.now() + timedelta(days=5)
    page.box.world.keep("linkedin/consent/refresh-1001", (ends - REFRESH_LIFE).isoformat())
    first = page.ask(database)
    assert page.works(first)
    assert page.ask(database).credentials == first.credentials
    assert page.spent == 1


def test_a_new_token_that_is_due_at_once_is_used_and_not_renewed_again(
    till: Till, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x_auth, "ACCESS_LIFE", 5 * MINUTE)
    assert till.ask(database).credentials["access_token"] != "elm-access"
    assert till.spent == 1
