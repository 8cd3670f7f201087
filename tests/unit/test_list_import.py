"""A long file of readers: others write while it comes in, no issue begins before it has, and once more ends it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from conftest import MovedClock
from mail_bench import Server, listening
from terminal import CONFIG, Terminal, opened_terminal

from campaign.errors import BadInput, NeverSent, WrongUse
from campaign.intake import Readers, SubscriberRow, digest_of, each_subscriber, read_subscribers
from campaign.models import Database, audiences, audit, mailing
from campaign.models import database as the_way
from campaign.models.holds import Hold
from campaign.models.users import User
from campaign.newsletter.ledger import Ledger
from campaign.register import Taken, lists

LONDON = ZoneInfo("Europe/London")

NOW = datetime(2025, 11, 20, tzinfo=UTC)
ADAM = User(name="adam", role="admin", added_at=NOW)
HEAD = "email,name,consent_source,consent_at"


def rows(count: int) -> Iterator[SubscriberRow]:
    columns = frozenset(HEAD.split(","))
    return (SubscriberRow(f"r{n:05}@example.org", f"R{n}", "form", NOW, {}, columns) for n in range(count))


def readers(people: Iterable[SubscriberRow], file: str = "readers.csv") -> Readers:
    kept = list(people)
    return Readers(file, digest_of(kept), iter(kept))


def brought(
    store: Database, clock: MovedClock, count: int, *, size: int = 10, key: str = "parents", lost: bool = False
) -> Iterator[Taken]:
    return lists.bring(store, key, readers(rows(count)), by=ADAM, clock=clock, size=size, lost=lost)


def broken_off(store: Database, clock: MovedClock, count: int) -> None:
    coming = brought(store, clock, count)
    next(coming)
    coming.close()
    clock.move(timedelta(seconds=11))


def stored(store: Database) -> int:
    with store.read() as session:
        return sum(one.wanting for one in audiences.counts(session))


def actions(store: Database) -> list[str]:
    with store.read() as session:
        return [row.action for row in audit.rows(session)]


def issue(store: Database) -> Ledger:
    with store.write() as session:
        post = add_post(session, add_account(session, NOW, channel="email"), NOW)
    return Ledger(store, MovedClock(), post.ident, retries=(), resend_unknown=False)


def frozen(store: Database, ledger: Ledger) -> int:
    ledger.freeze("parents")
    return sum(ledger.counts().values())


def test_another_writes_between_any_two_transactions_of_a_few_rows(database: Database, clock: MovedClock) -> None:
    seen, moments = [0], [clock.counter]
    for done in brought(database, clock, 35):
        with database.write() as session:
            session.add(Hold(scope=f"post:{done.rows}", reason="stop", held_by="rita", held_at=clock.now()))
        seen.append(stored(database))
        moments.append(clock.counter)
    assert seen == [0, 10, 20, 30, 35]
    pauses = [later - before for before, later in pairwise(moments[1:])]
    assert not database.is_sqlite or min(pauses) > 0.1, "who waits at the door of a SQLite file looks every 0.1 s"
    assert actions(database) == ["begin import", "import list"]


def test_a_short_file_comes_in_by_one_transaction(database: Database, clock: MovedClock) -> None:
    assert [done.added for done in brought(database, clock, 10)] == [10]
    assert [done.same for done in brought(database, clock, 0)] == [0]
    assert actions(database) == ["import list", "import list"]


def test_no_issue_begins_with_a_part_of_a_file_and_once_more_ends_it(database: Database, clock: MovedClock) -> None:
    ledger, coming = issue(database), brought(database, clock, 35)
    next(coming)
    with pytest.raises(NeverSent, match="an import into the mailing list 'parents' has not ended"):
        ledger.freeze("parents")
    with database.read() as session:
        assert [one.importing for one in audiences.counts(session)] == [True]
    coming.close()  # it broke off
    with pytest.raises(NeverSent):
        ledger.freeze("parents")
    clock.move(timedelta(seconds=11))
    *_, done = brought(database, clock, 35)
    assert (done.added, done.same) == (25, 10)
    assert frozen(database, ledger) == stored(database) == 35


def test_the_same_file_ends_it_by_whatever_way_it_comes_in(database: Database, clock: MovedClock) -> None:
    ledger, same = issue(database), list(rows(35))
    broken_off(database, clock, 35)
    with database.write() as session:
        assert lists.preview(session, "parents", same, by=ADAM).new == 25
        assert lists.take(session, "parents", same, by=ADAM, now=clock.now()).added == 25
    assert frozen(database, ledger) == 35


def test_another_file_does_not_make_a_list_whole(database: Database, clock: MovedClock) -> None:
    ledger, other = issue(database), list(rows(1))
    broken_off(database, clock, 35)
    said = "The import of readers.csv into the list 'parents' has not ended"
    with pytest.raises(WrongUse, match=said):
        next(brought(database, clock, 1))
    for do in (lists.preview, partial(lists.take, now=clock.now())):
        with pytest.raises(WrongUse, match=said), database.write() as session:
            do(session, "parents", other, by=ADAM)
    with pytest.raises(NeverSent, match=r"import readers\.csv again"):
        ledger.freeze("parents")


def test_where_the_file_is_lost_another_ends_it_and_the_audit_says_who_said_so(
    database: Database, clock: MovedClock
) -> None:
    ledger = issue(database)
    broken_off(database, clock, 35)
    assert [done.same for done in brought(database, clock, 1, lost=True)] == [1]
    broken_off(database, clock, 35)
    with database.write() as session:
        lists.take(session, "parents", list(rows(1)), by=ADAM, now=clock.now(), lost=True)
    assert frozen(database, ledger) == 10
    assert actions(database) == ["begin import", "give up import", "import list"] * 2


def test_any_file_ends_what_broke_off_before_files_were_known(database: Database, clock: MovedClock) -> None:
    broken_off(database, clock, 35)
    with database.write() as session:
        found = mailing.list_by_key(session, "parents")
        assert found is not None
        found.importing_file = found.importing_digest = None
        session.add(found)
    assert [done.same for done in brought(database, clock, 1)] == [1]


def test_two_do_not_fill_a_list_at_once(database: Database, clock: MovedClock) -> None:
    next(brought(database, clock, 35))
    with pytest.raises(WrongUse, match="is under way"):
        next(brought(database, clock, 5))
    assert stored(database) == 10
    assert next(brought(database, clock, 5, key="staff")).added == 5


def test_who_leaves_while_it_comes_in_stays_away(database: Database, clock: MovedClock) -> None:
    list(brought(database, clock, 20))
    clock.move(timedelta(seconds=11))
    renamed = (SubscriberRow(one.email, "New", "form", NOW, {}, one.columns) for one in rows(20))
    coming = lists.bring(database, "parents", readers(renamed), by=ADAM, clock=clock, size=10)
    next(coming)
    with database.write() as session:
        found = mailing.list_by_key(session, "parents")
        assert found is not None
        last = mailing.subscribers(session, found.ident)[-1]
        mailing.unsubscribe(session, last.token, NOW)
    assert (next(coming).changed, next(coming, None)) == (19, None)
    with database.read() as session:
        assert mailing.subscribers(session, found.ident)[-1].name == "R19"


def test_a_file_is_checked_whole_before_its_first_row_comes(tmp_path: Path) -> None:
    file, text = tmp_path / "readers.csv", f"{HEAD};x\n".replace(",", ";") + "a@example.org;Ann;form;2025-11-20;1\n"
    file.write_text(text)
    each, whole = each_subscriber(file, NOW, LONDON), read_subscribers(file, NOW, LONDON)
    assert list(each.rows) == whole
    assert (each.file, each.digest) == ("readers.csv", digest_of(whole))
    file.write_text(f"{text}b@example.org;Bo;form;2025-11-20;\nA@example.org;Ann;form;2025-11-20;\n;;;;1\n")
    with pytest.raises(BadInput) as caught:
        each_subscriber(file, NOW, LONDON)
    assert [(one.line, one.field) for one in caught.value.findings] == [
        (4, "email"), (5, "email"), (5, "consent_source"), (5, "consent_at"),
    ]  # fmt: skip


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def test_what_a_file_has_no_column_for_is_kept(terminal: Terminal) -> None:
    def readers() -> list[tuple[str, dict[str, str]]]:
        with terminal.database() as opened, opened.read() as session:
            return [(one.name, one.details) for one in mailing.subscribers(session, 1)]

    def imported(head: str, row: str) -> str:
        file = str(terminal.write("readers.csv", f"email,consent_source,consent_at{head}\na@example.org,form,{row}\n"))
        return terminal.run("lists", "import", "parents", file)

    imported(",name,town,year", "2025-01-01,Ann,Leeds,4")
    assert "0 changed, 1 as before" in imported("", "2025-01-01")
    assert readers() == [("Ann", {"town": "Leeds", "year": "4"})]
    assert "1 changed" in imported(",town,year", "2025-01-01,York,")
    assert readers() == [("Ann", {"town": "York"})]
    assert "1 changed" in imported(",name", "2025-01-01,")
    assert readers() == [("", {"town": "York"})]


def test_an_import_that_breaks_off_says_how_far_it_came(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_args: object, **_more: object) -> Iterator[Taken]:
        yield Taken(added=10)
        raise OSError(5, "Input/output error")

    file = str(terminal.write("readers.csv", f"{HEAD}\na@example.org,Ann,form,2025-01-01\n"))
    with monkeypatch.context() as patch:
        patch.setattr(lists, "bring", breaking)
        said = terminal.run("lists", "import", "parents", file, code=2)
    assert "Only 10 rows of the file came in. Import the same file again" in said
    with terminal.database() as opened:
        next(lists.bring(opened, "parents", readers(rows(2)), by=ADAM, clock=MovedClock(), size=1))
    out, err = terminal.both("lists", "list")
    assert "An import of readers.csv into parents has not ended." in err
    assert "parents" in out
    with terminal.database() as opened, opened.write() as session:
        session.execute(sa.update(mailing.MailingList).values(importing_at=NOW))
    assert "`--file-lost`" in terminal.run("lists", "import", "parents", file, code=2)
    terminal.run("lists", "import", "parents", file, "--file-lost")
    assert "has not ended" not in terminal.both("lists", "list")[1]


def test_a_busy_database_is_no_damaged_one(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(the_way, "_BUSY_SECONDS", 0.05)
    with terminal.database() as opened, opened.write() as session:
        session.connection()
        said = terminal.run("hold", "--reason", "stop", code=2)
    assert "the database is busy: database is locked." in said
    assert "try again" in said
    assert "restore" not in said


def test_of_two_consents_the_newer_one_stands(terminal: Terminal) -> None:
    def imported(source: str, day: str) -> tuple[str, list[str]]:
        file = str(terminal.write("readers.csv", f"{HEAD}\na@example.org,Ann,{source},{day}\n"))
        said = terminal.run("lists", "import", "parents", file)
        return said, terminal.run("lists", "export", "parents").splitlines()[1:]

    imported("form", "2025-11-01")
    said, (row,) = imported("new form", "2025-11-20")
    assert "0 subscribers added, 1 changed, 0 as before." in said
    assert ("new form" in row, "2025-11-20" in row) == (True, True)
    said, (row,) = imported("form", "2025-11-01")
    assert "0 changed, 1 as before." in said
    assert "new form" in row


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as made:
        yield made


def test_a_list_that_an_account_waits_for_is_named_before_an_issue_fails(tmp_path: Path, server: Server) -> None:
    terminal = opened_terminal(tmp_path, f'{CONFIG}[channels.email]\nsmtp_url = "smtp://127.0.0.1:{server.port}"\n')
    accounts = "partner,channel,handle,external_id,mode,credentials\noak,email,News,readers,api,\n"
    terminal.run("accounts", "import", str(terminal.write("mail.csv", accounts)))
    said = terminal.run("check", code=1)
    assert "oak email News mails the list 'readers', which is not there" in said
    assert "`campaign lists import readers FILE.csv` makes it" in said
    assert [one["rule"] for one in terminal.json("doctor", code=1)].count("list-missing") == 1
    (probed,) = terminal.json("accounts", "check", code=1)
    assert (probed["works"], probed["note"]) == (False, "there is no email list 'readers': import its readers")
    file = str(terminal.write("readers.csv", f"{HEAD}\na@example.org,Ann,form,2025-01-01\n"))
    slip = terminal.run("lists", "import", "reader", file)
    assert "reader is a new list. No account mails it. Accounts wait for the lists that are not there: readers." in slip
    assert "new list" not in terminal.run("lists", "import", "reader", file)
    assert terminal.run("lists", "import", "readers", file).endswith("readers is a new list.\n")
    assert "list 'readers'" not in terminal.run("check")
    assert terminal.json("accounts", "check")[0]["works"]
