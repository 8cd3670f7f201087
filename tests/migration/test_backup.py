"""A backup holds everything, opens for its passphrase alone, and is checked whole before it changes anything."""

import fcntl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from backup_place import CONFIG, HOUR, WORDS, Place
from builders import add_account, add_post
from counted import counted, kept

from campaign.backup import archive, seal
from campaign.backup.placing import Places
from campaign.backup.restore import survey
from campaign.config import load_settings
from campaign.errors import AlreadyRunning, NotAllowed, WrongUse
from campaign.models import Database, audit, copying, upkeep
from campaign.models.hooks import Hook
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.vault import Vault, create_key

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def filled(place: Place) -> tuple[Account, Post]:
    """One account with sealed credentials, and one post published an hour ago."""
    now = place.clock.now()
    vault = Vault(place.settings.vault.key_file)
    with place.database.write() as session:
        account = add_account(session, now)
        account.sealed = vault.seal({"access_token": "t"}, "x")
        changes = {"external_id": "900", "published_at": now - HOUR, "fields": {"line": "“ä” 😀\n\u2028"}}
        post = add_post(session, account, now - HOUR, status=Status.PUBLISHED, changes=changes)
    return account, post


def every_row(database: Database) -> dict[str, list[list[object]]]:
    with copying.snapshot(database) as connection:
        return {table.name: list(copying.rows(connection, table)) for table in copying.tables(connection)}


@ON_SQLITE
def test_what_a_sqlite_held_stands_in_either_database(place: Place, elsewhere: Place) -> None:
    assert_all_comes_back(place, elsewhere)


@ON_POSTGRESQL
@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
def test_what_a_postgresql_held_stands_in_a_sqlite(place: Place, elsewhere: Place) -> None:
    assert_all_comes_back(place, elsewhere)


def assert_all_comes_back(place: Place, elsewhere: Place) -> None:
    account, post = filled(place)
    before = every_row(place.database)
    done = elsewhere.restore(place.backup())
    after = every_row(elsewhere.database)
    with elsewhere.database.read() as session:
        assert kept(session) == counted(session) != {}
    touched = {"audit", "audithead", "hold", "notice", "campaign"}
    assert {name: rows for name, rows in after.items() if name not in touched} == {
        name: rows for name, rows in before.items() if name not in touched
    }
    assert after["audit"][0] == before["audit"][0]
    assert elsewhere.database.revision() == place.database.revision()
    assert done.aside is None, "the files that people wrote are the same here"
    assert (elsewhere.folder / "media/ab.png").read_text() == "an image"
    assert elsewhere.settings.vault.key_file.stat().st_mode & 0o777 == 0o600
    assert Vault(elsewhere.settings.vault.key_file).open(account.sealed or b"", "x") == {"access_token": "t"}
    with elsewhere.database.write() as session:
        added = add_post(session, session.get_one(Account, account.id), elsewhere.clock.now())
        assert added.ident > post.ident, "new rows are numbered after those that were put back"
        assert list(audit.faults(session)) == []


def test_a_backup_sees_one_instant_while_others_write(place: Place) -> None:
    filled(place)
    with copying.snapshot(place.database) as connection:
        tables = {table.name: table for table in copying.tables(connection)}
        partners = len(list(copying.rows(connection, tables["partner"])))
        filled(place)
        assert len(list(copying.rows(connection, tables["account"]))) == partners


def test_copies_of_what_people_wrote_are_put_aside_where_they_differ(place: Place, elsewhere: Place) -> None:
    path = place.backup()
    elsewhere.write("own.toml", "[days]\nlaunch = 2026-01-01\n")
    done = elsewhere.restore(path)
    assert done.aside is not None
    assert [file.name for file in done.aside.rglob("*")] == ["own.toml"]
    assert (elsewhere.folder / "own.toml").read_text() == "[days]\nlaunch = 2026-01-01\n"


@ON_SQLITE
def test_copies_of_what_stands_outside_the_workspace_keep_their_places(place: Place) -> None:
    config = CONFIG.replace('"templates"', '"../shared"').replace("own.toml", "../own.toml")
    place.write("config.toml", config)
    written = {"shared/oak/hello.md": "oak's", "shared/elm/hello.md": "elm's", "shared/same.md": "s", "own.toml": "o"}
    for name, text in written.items():
        place.write(f"../{name}", text)
    place.settings = load_settings(place.folder, {})
    path = place.backup()
    assert place.restore(path).aside is None
    for name in ("shared/oak/hello.md", "shared/elm/hello.md", "own.toml"):
        (place.folder / ".." / name).write_text("other words")
    aside = place.restore(path).aside
    assert aside is not None
    assert {file.relative_to(aside).as_posix(): file.read_text() for file in aside.rglob("*") if file.is_file()} == {
        "outside/templates/oak/hello.md": "oak's",
        "outside/templates/elm/hello.md": "elm's",
        "outside/timetable/own.toml": "o",
    }
    assert (place.folder / "../own.toml").read_text() == "other words"


def write_two_at_once(path: Path) -> None:
    with archive.writing(path, WORDS) as first:
        first.facts({"number": 1})
        with archive.writing(path, WORDS) as second:
            second.facts({"number": 2})


def test_of_two_backups_to_one_name_at_once_one_is_whole_and_the_other_refused(tmp_path: Path) -> None:
    path = tmp_path / "b"
    with pytest.raises(WrongUse, match="is there already"):
        write_two_at_once(path)
    assert list(archive.entries(path, WORDS)) == [{"number": 2}]
    assert list(tmp_path.iterdir()) == [path]


def test_a_backup_is_for_its_owner_alone_and_shows_nothing(place: Place) -> None:
    filled(place)
    path = place.backup()
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"SQLite" not in path.read_bytes()
    assert b"an image" not in path.read_bytes()
    assert b"Partner" not in path.read_bytes()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def cut_a_piece(path: Path) -> None:
    whole = path.read_bytes()
    head = whole.index(b"\n") + 1
    path.write_bytes(whole[: head + seal.PIECE + 16])


def flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[-100] ^= 1
    path.write_bytes(whole)


def swap_pieces(path: Path) -> None:
    whole = path.read_bytes()
    head, size = whole.index(b"\n") + 1, seal.PIECE + 16
    path.write_bytes(
        whole[:head] + whole[head + size : head + 2 * size] + whole[head : head + size] + whole[head + 2 * size :]
    )


def name_another_cost(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"n": 1024', b'"n": 2048', 1))


def be_something_else(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 no backup at all\n" * 10)


@ON_SQLITE
@pytest.mark.parametrize("harm", [cut, cut_a_piece, flip, swap_pieces, name_another_cost, be_something_else])
def test_a_damaged_backup_changes_nothing(
    place: Place, harm: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "PIECE", 512)
    filled(place)
    path = place.backup()
    harm(path)
    before = every_row(place.database)
    with pytest.raises(WrongUse):
        place.restore(path, force=True)
    assert every_row(place.database) == before


@ON_SQLITE
def test_another_passphrase_does_not_open_it(place: Place) -> None:
    path = place.backup()
    with pytest.raises(WrongUse, match="passphrase"):
        survey(path, "correct horse battery stable")


@ON_SQLITE
def test_a_backup_of_a_newer_program_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "revision", lambda _connection: "9999")
    path = place.backup()
    with pytest.raises(WrongUse, match="newer program"):
        place.restore(path)


@ON_SQLITE
def test_a_backup_is_never_overwritten_and_a_broken_one_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.backup()
    with pytest.raises(WrongUse, match="is there already"):
        place.backup()
    monkeypatch.setattr(copying, "kinds", lambda _table: {}["gone"])
    with pytest.raises(KeyError):
        place.backup("c")
    assert sorted(file.name for file in place.folder.iterdir() if "b" in file.suffix or "c" in file.name) == sorted(
        ["campaign.key", "config.toml"]
    )
    assert path.is_file()


def test_a_database_in_use_is_replaced_only_by_force(place: Place) -> None:
    path = place.backup()
    account, _ = filled(place)
    before = every_row(place.database)
    with pytest.raises(WrongUse, match="--force"):
        place.restore(path)
    assert every_row(place.database) == before
    place.restore(path, force=True)
    with place.database.read() as session:
        assert session.get(Account, account.id) is None


def test_who_may_not_administer_may_not_restore(place: Place) -> None:
    path = place.backup()
    filled(place)
    before = every_row(place.database)
    with pytest.raises(NotAllowed):
        place.restore(path, force=True, by="olga")
    assert every_row(place.database) == before, "one transaction: what broke off has changed nothing"


def another_key(place: Place) -> bytes:
    key = place.settings.vault.key_file
    key.unlink()
    create_key(key)
    return key.read_bytes()


@ON_SQLITE
def test_another_key_is_kept_aside_and_only_by_force(place: Place) -> None:
    path, key = place.backup(), place.settings.vault.key_file
    restored = key.read_bytes()
    other = another_key(place)
    now = place.clock.now()
    with place.database.write() as session:
        sealed = Vault(key).seal({"url": "u"}, "k")
        session.add(Hook(key="k", place="h", kinds=["failed"], sealed=sealed, made_by="o", made_at=now, seen_event=0))
    with pytest.raises(WrongUse, match="another key"):
        place.restore(path)
    assert key.read_bytes() == other
    done = place.restore(path, force=True)
    assert key.read_bytes() == restored
    assert done.old_key is not None
    assert done.old_key.read_bytes() == other


@ON_SQLITE
def test_a_key_under_which_nothing_is_sealed_gives_way_without_force(place: Place) -> None:
    path, key = place.backup(), place.settings.vault.key_file
    restored, other = key.read_bytes(), another_key(place)
    done = place.restore(path)
    assert key.read_bytes() == restored
    assert done.old_key is not None
    assert done.old_key.read_bytes() == other


@ON_SQLITE
def test_a_restore_that_is_refused_or_breaks_off_leaves_the_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    path, key = place.backup(), place.settings.vault.key_file
    other = another_key(place)
    with pytest.raises(NotAllowed):
        place.restore(path, force=True, by="olga")
    take = Places.take_key

    def taken_and_broken_off(places: Places) -> None:
        take(places)
        raise KeyError

    monkeypatch.setattr(Places, "take_key", taken_and_broken_off)
    with pytest.raises(KeyError):
        place.restore(path, force=True)
    assert key.read_bytes() == other
    assert [file.name for file in place.folder.iterdir() if file.name.startswith("campaign.key")] == [key.name]


@ON_SQLITE
def test_a_file_that_a_daemon_serves_is_not_replaced(place: Place) -> None:
    path = place.backup()
    with Path(f"{place.database.url.database}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunning):
            place.restore(path)


@ON_POSTGRESQL
def test_a_server_on_which_a_daemon_ticks_is_not_replaced(place: Place) -> None:
    path = place.backup()
    with place.database.write() as session:
        upkeep.tick(session, "host:7", place.clock.now(), None)
    with pytest.raises(WrongUse, match="host:7"):
        place.restore(path)
    place.clock.move(timedelta(seconds=61))
    place.restore(path)
    with place.database.read() as session:
        assert upkeep.beats(session) == [], "nobody ticks on what was just put back"
