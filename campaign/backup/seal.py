"""A stream under a passphrase: written and read in pieces, so that a large file needs little memory.

The file is a line of JSON in clear (form, key derivation, salt) and sealed pieces of one size, the last one shorter.
The key is derived by scrypt with a salt of its own per file, so that a counter suffices as nonce; its last byte marks
the last piece (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015): pieces cannot be left out, put
in another order, or cut off at the end without the reader seeing it. The line in clear is bound to every piece.
"""

import base64
import io
import json
import os
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from campaign.errors import WrongUse

FORM: Final = 1
PIECE: Final = 1 << 20
_TAG, _SALT, _KEY = 16, 16, 32
_NAME: Final = "campaign backup"
# 128 MB and about half a second for each guess (OWASP Password Storage Cheat Sheet: N=2^17, r=8, p=1).
_COST: Final = {"n": 1 << 17, "r": 8, "p": 1}
_HEAD_MAX: Final = 1024


class SealedWriter(io.RawIOBase):
    """Seals what is written. Only ``finish`` makes the file whole; without it the file is cut off."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file = file
        salt = os.urandom(_SALT)
        head = {"file": _NAME, "form": FORM, "scrypt": _COST, "salt": base64.b64encode(salt).decode("ascii")}
        self._head = json.dumps(head).encode("ascii") + b"\n"
        self._cipher = AESGCM(_derived(passphrase, salt))
        self._waiting = bytearray()
        self._number = 0
        file.write(self._head)

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: Any, /) -> int:
        """Seal every full piece; the rest waits. A full piece waits too until more comes: it may be the last."""
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._put(self._waiting[:PIECE], last=False)
            del self._waiting[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Seal the last piece."""
        self._put(self._waiting, last=True)
        self._waiting.clear()

    def _put(self, piece: bytes | bytearray, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), piece, self._head))
        self._number += 1


class SealedReader(io.RawIOBase):
    """Opens what a ``SealedWriter`` sealed.

    Raises:
        WrongUse: the file is no backup, of a newer form, damaged or cut off, or the passphrase is another one.

    """

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file = file
        self._head, salt = _read_head(file)
        self._cipher = AESGCM(_derived(passphrase, salt))
        self._opened = memoryview(b"")
        self._next = file.read(PIECE + _TAG)
        self._number = 0
        self._ended = False

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Give what was opened, opening the next piece when all is given; 0 at the end of a whole file."""
        while not self._opened and not self._ended:
            self._opened = memoryview(self._piece())
        count = min(len(buffer), len(self._opened))
        buffer[:count] = self._opened[:count]
        self._opened = self._opened[count:]
        return count

    def _piece(self) -> bytes:
        sealed, self._next = self._next, self._file.read(PIECE + _TAG)
        self._ended = not self._next
        try:
            opened = self._cipher.decrypt(_nonce(self._number, last=self._ended), sealed, self._head)
        except InvalidTag as error:
            if self._number == 0:
                problem = "The backup does not open: the passphrase is another one, or the file is damaged or cut off"
                raise WrongUse(problem=problem, mend="Try the right passphrase, else another copy.") from error
            problem = f"The backup is damaged or cut off after {self._number} MB; nothing was changed"
            raise WrongUse(problem=problem, mend="Take another copy of it, or an older backup.") from error
        self._number += 1
        return opened


def _derived(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=_KEY, **_COST).derive(passphrase.encode())


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _read_head(file: IO[bytes]) -> tuple[bytes, bytes]:
    line = file.readline(_HEAD_MAX)
    try:
        head = json.loads(line)
        name, form, cost, salt = head["file"], head["form"], head["scrypt"], base64.b64decode(head["salt"])
    except (ValueError, KeyError, TypeError):
        name, form, cost, salt = None, None, None, b""
    if name != _NAME:
        raise WrongUse(problem="This file is no backup of campaign", mend="Name what `campaign db backup` made.")
    if form != FORM or cost != _COST:
        raise WrongUse(
            problem=f"The backup has the form {form!r}", mend="Use the program that made it, or a newer one."
        )
    return line, salt
