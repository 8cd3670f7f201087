"""Credentials at rest: sealed under the workspace's key and bound to the account that they belong to.

AES-256-GCM with a fresh nonce each time. The account's key goes in as associated data, so that a sealed value copied
to another row does not open there. A mark of the key stands in front, so that a wrong key is told from damage.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from campaign.errors import WrongUse

_FORM = b"\x01"
_MARK, _NONCE, _KEY = 8, 12, 32
_SECRET_MAX = 65_536
_PRIVATE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def create_key(path: Path) -> None:
    """Write a new key that only its owner can read.

    Raises:
        WrongUse: a file is there already; a new key would shut away all that the old one sealed.

    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError as error:
        raise WrongUse(problem=f"{path} is there already", mend="Keep it: it opens the stored credentials.") from error
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, _PRIVATE)  # a umask may have taken rights away from the owner too
        file.write(base64.b64encode(secrets.token_bytes(_KEY)) + b"\n")
        file.flush()
        os.fsync(handle)


class Vault:
    """Seals and opens credentials with the key in ``key_path``; the key is read when the vault is made.

    Raises:
        WrongUse: the key file is missing, is none, or can be read by others.

    """

    def __init__(self, key_path: Path) -> None:
        key = _read_key(key_path)
        self._path = key_path
        self._cipher = AESGCM(key)
        self._mark = hashlib.sha256(b"campaign vault\0" + key).digest()[:_MARK]
        self._printer = hmac.new(key, b"campaign fingerprint", hashlib.sha256).digest()

    def __repr__(self) -> str:
        """Name the file, never the key."""
        return f"Vault({self._path})"

    def seal(self, credentials: Mapping[str, str], bound_to: str) -> bytes:
        """Seal credentials for the account whose key is ``bound_to``; only that key opens them again."""
        nonce = secrets.token_bytes(_NONCE)
        plain = json.dumps(dict(credentials), sort_keys=True).encode()
        return _FORM + self._mark + nonce + self._cipher.encrypt(nonce, plain, bound_to.encode())

    def fingerprint(self, credentials: Mapping[str, str], bound_to: str) -> str:
        """Return what tells these credentials from others without showing them; another key gives another print."""
        plain = json.dumps([bound_to, dict(credentials)], sort_keys=True).encode()
        return hmac.new(self._printer, plain, hashlib.sha256).hexdigest()

    def open(self, sealed: bytes, bound_to: str) -> dict[str, str]:
        """Open what ``seal`` made for the same account.

        Raises:
            WrongUse: it was sealed with another key or for another account, or was damaged.

        """
        form, rest = sealed[:1], sealed[1:]
        mark, nonce, secret = rest[:_MARK], rest[_MARK : _MARK + _NONCE], rest[_MARK + _NONCE :]
        if form == _FORM and mark != self._mark:
            problem = f"The credentials of {bound_to} were sealed with another key than {self._path}"
            raise WrongUse(problem=problem, mend="Put the right key file there, or import the accounts again.")
        try:
            plain = self._cipher.decrypt(nonce, secret, bound_to.encode())
        except (InvalidTag, ValueError) as error:
            problem = f"The stored credentials of {bound_to} are damaged or belong to another account"
            raise WrongUse(problem=problem, mend="Import that account again.") from error
        return _strings(plain.decode(), f"the credentials of {bound_to}")


def _read_key(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # Asked of the open file, so that nobody can swap it between the question and the reading.
            shared = os.fstat(file.fileno()).st_mode & _OTHERS
            text = file.read(1024)
    except OSError as error:
        problem = f"The key file {path} cannot be read ({error.strerror})"
        raise WrongUse(
            problem=problem, mend="Restore it from its copy; `campaign init` makes one in a new workspace."
        ) from error
    if shared:
        raise WrongUse(problem=f"The key file {path} can be read by others", mend=f"Run: chmod 600 {path}")
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY:
        raise WrongUse(problem=f"{path} holds no key", mend="Restore it from its copy.")
    return key


def read_reference(text: str, beside: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Read credentials by reference: ``env:NAME`` or ``file:PATH``, a JSON object of strings.

    A path is relative to ``beside``, the folder of the CSV that names it. No error shows any part of a secret.

    Raises:
        WrongUse: the text is no reference, or what it names is not there or not such an object.

    """
    return _strings(*_referenced(text, beside, environ))


def read_passphrase(text: str, beside: Path, environ: Mapping[str, str]) -> str:
    """Read a passphrase by reference, as credentials are read; the line's end does not belong to it.

    Raises:
        WrongUse: the text is no reference, or what it names is not there.

    """
    return _referenced(text, beside, environ)[0].rstrip("\r\n")


def _referenced(text: str, beside: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return what a reference names, and how to speak of it."""
    kind, _, name = text.strip().partition(":")
    if kind not in {"env", "file"} or not name:
        raise WrongUse(
            problem="This is no reference to a secret (it is not shown: it may be the secret itself)",
            mend="Write env:NAME or file:PATH, and keep the secret itself out of tables and commands.",
        )
    if kind == "env":
        return _from_variable(name, environ), f"the variable {name}"
    path = beside / Path(name).expanduser()
    return _from_file(path), str(path)


def _from_variable(name: str, environ: Mapping[str, str]) -> str:
    found = environ.get(name)
    if not found:
        raise WrongUse(problem=f"The variable {name} is not set", mend="Set it to the secret that is asked for.")
    return found


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_SECRET_MAX + 1).decode("utf-8-sig")
    except OSError as error:
        problem = f"{path} cannot be read ({error.strerror})"
        raise WrongUse(problem=problem, mend="A path is relative to the folder of the file that names it.") from error
    except UnicodeDecodeError:
        raise WrongUse(problem=f"{path} is not UTF-8", mend="Save it as UTF-8.") from None


def _strings(text: str, where: str) -> dict[str, str]:
    # Raised from None throughout: the parser's own error carries the text it read.
    mend = 'Write {"name": "value", ...} with every value in quotes.'
    if len(text) > _SECRET_MAX:
        raise WrongUse(problem=f"What {where} holds is too long for credentials", mend=mend)
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongUse(problem=f"What {where} holds is not JSON", mend=mend) from None
    if not isinstance(read, dict):
        raise WrongUse(problem=f"What {where} holds is no JSON object", mend=mend)
    odd = [name for name, value in read.items() if not isinstance(value, str)]
    if odd:
        raise WrongUse(problem=f"In {where} the value of {odd[0]!r} is not text", mend=mend)
    return read
