"""The vault: credentials sealed under one key, bound to one account, never shown."""

import json
import os
from pathlib import Path

import pytest

from campaign.errors import WrongUse
from campaign.vault import Vault, create_key, read_reference

SECRET = {"access_token": "hush-token", "app_secret": "hush-secret"}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "campaign.key"
    create_key(path)
    return path


def test_what_is_sealed_opens_again_for_the_same_account(key: Path) -> None:
    sealed = Vault(key).seal(SECRET, "oakfield/x/1")
    assert Vault(key).open(sealed, "oakfield/x/1") == SECRET
    assert b"hush" not in sealed


def test_two_seals_of_the_same_secret_differ(key: Path) -> None:
    vault = Vault(key)
    assert vault.seal(SECRET, "a") != vault.seal(SECRET, "a")


def test_a_sealed_value_does_not_open_on_another_row(key: Path) -> None:
    vault = Vault(key)
    with pytest.raises(WrongUse, match="another account"):
        vault.open(vault.seal(SECRET, "oakfield/x/1"), "elmwood/x/2")


def test_another_key_is_told_from_damage(key: Path, tmp_path: Path) -> None:
    create_key(tmp_path / "other.key")
    sealed = Vault(key).seal(SECRET, "a")
    with pytest.raises(WrongUse, match="sealed with another key"):
        Vault(tmp_path / "other.key").open(sealed, "a")
    with pytest.raises(WrongUse, match="damaged"):
        Vault(key).open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "a")


@pytest.mark.parametrize("length", [0, 1, 9, 12, 21, 30])
def test_a_value_cut_short_is_refused_in_a_clear_line(key: Path, length: int) -> None:
    vault = Vault(key)
    with pytest.raises(WrongUse, match=r"damaged|another key"):
        vault.open(vault.seal(SECRET, "a")[:length], "a")


def test_a_new_key_is_private_whatever_the_umask_and_never_overwrites(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        create_key(tmp_path / "k")
    finally:
        os.umask(before)
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    kept = (tmp_path / "k").read_bytes()
    with pytest.raises(WrongUse, match="is there already"):
        create_key(tmp_path / "k")
    assert (tmp_path / "k").read_bytes() == kept


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_reach_is_refused_with_the_command_to_run(key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(WrongUse, match="chmod 600"):
        Vault(key)


def test_a_missing_or_foreign_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be read"):
        Vault(tmp_path / "none")
    for content in (b"", b"not a key", b"AAAA"):
        path = tmp_path / "odd"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(WrongUse, match="holds no key"):
            Vault(path)


def test_a_vault_does_not_show_its_key(key: Path) -> None:
    assert key.read_text().strip() not in repr(Vault(key))


def test_references_are_read_from_the_environment_and_from_beside_the_table(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "x.json").write_text(json.dumps(SECRET), encoding="utf-8-sig")
    assert read_reference(" file:secrets/x.json", tmp_path, {}) == SECRET
    assert read_reference(f"file:{tmp_path}/secrets/x.json", Path("elsewhere"), {}) == SECRET
    assert read_reference("env:X_TOKEN", tmp_path, {"X_TOKEN": json.dumps(SECRET)}) == SECRET


@pytest.mark.parametrize(
    "text", ["hush", "env:", "file:", "https:hush", '{"a": "hush"}', "env:UNSET", "file:missing.json"]
)
def test_what_is_no_reference_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(WrongUse) as caught:
        read_reference(text, tmp_path, {})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("content", ["hush", '["hush"]', '{"hush": 3', '{"a": 3}', '{"a": {"b": "hush"}}', "[" * 5000])
def test_odd_content_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    for text, environ in (("env:X", {"X": content}), ("file:x.json", {})):
        with pytest.raises(WrongUse) as caught:
            read_reference(text, tmp_path, environ)
        assert "hush" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_file_that_is_no_text_or_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongUse, match="not UTF-8"):
        read_reference("file:x.json", tmp_path, {})
    (tmp_path / "x.json").write_text(json.dumps({"a": "b" * 70_000}), encoding="utf-8")
    with pytest.raises(WrongUse, match="too long"):
        read_reference("file:x.json", tmp_path, {})
