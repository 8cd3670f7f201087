"""The watch for secrets: what tests make up is noted where it is handed out, and looked for in all that is written.

Every account of a local platform passes ``World.know``, every token that one gives out passes ``World.keep``, and all
that the program keeps passes ``Vault.seal``: spies there know each made-up secret of a test. When it is over, what it
wrote on stdout, on stderr and to the log is searched, and of the kinds that publish the files that it left too; what a
command of another process said is searched when it is captured.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

from campaign.sandbox.world import World
from campaign.vault import Vault

SECRET_KEYS = frozenset(
    {
        "access_token",
        "access_token_secret",
        "refresh_token",
        "consumer_secret",
        "app_secret",
        "client_secret",
        "password",
    }
)
MINTED = (
    *("x/access/", "x/refresh/", "linkedin/token/", "linkedin/refresh/", "facebook/user/", "facebook/page/"),
    *("x/code/", "facebook/code/", "linkedin/code/"),
)
KINDS = ("story", "contract", "chaos")
_LEAST = 4
_WORLD = "sandbox.db"
"""The local platforms' own state: there tokens have their place."""

known: set[str] = set()
"""The secrets of the test that runs."""


def know(secrets: Iterable[str]) -> None:
    """Note secrets; what is shorter than any token could be found anywhere."""
    known.update(secret for secret in secrets if len(secret) >= _LEAST)


def secrets_of(credentials: Mapping[str, str]) -> Iterator[str]:
    return (value for key, value in credentials.items() if key in SECRET_KEYS)


def watch() -> None:
    """Put the spies in place, for the whole run."""
    accounts, fact, seal = World.know, World.keep, Vault.seal

    @wraps(accounts)
    def know_accounts(self: World, given: Iterable[Any]) -> None:
        found = list(given)
        know(secret for account in found for secret in secrets_of(account.credentials))
        accounts(self, found)

    @wraps(fact)
    def keep(self: World, key: str, value: object) -> None:
        know(key.removeprefix(start) for start in MINTED if key.startswith(start))
        fact(self, key, value)

    @wraps(seal)
    def sealed(self: Vault, credentials: Mapping[str, str], bound_to: str) -> bytes:
        know(secrets_of(credentials))
        return seal(self, credentials, bound_to)

    World.know, World.keep, Vault.seal = know_accounts, keep, sealed  # type: ignore[method-assign]


def found_in(text: str | bytes) -> list[str]:
    """Return the secrets that stand in what was written."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    return sorted(secret for secret in known if secret.encode() in data)


def check(text: str | bytes, where: str) -> None:
    """Fail when a secret stands there. It is a made-up one, so it may be named."""
    assert not (leaked := found_in(text)), f"secrets in {where}: {leaked}"


def left_in(folder: Path) -> dict[str, list[str]]:
    """Return the files under a folder that hold a secret, but for those that a test brought it in by."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    pairs = ((path, path.read_bytes()) for path in paths if not path.name.startswith(_WORLD))
    leaks = {str(path): found_in(data) for path, data in pairs if not _brings_in(path, data)}
    return {path: secrets for path, secrets in leaks.items() if secrets}


def _brings_in(path: Path, data: bytes) -> bool:
    if path.suffix != ".json":
        return False
    try:
        read = json.loads(data)
    except ValueError:
        return False
    return isinstance(read, dict) and bool(SECRET_KEYS & read.keys())
