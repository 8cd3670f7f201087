"""What opens doors: secrets that are handed out once and stored as their digest alone."""

import hashlib
import secrets

_BYTES = 32
_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LETTERS, _CODE_GROUP = 25, 5


def new_secret() -> str:
    """Return 256 random bits as text that fits an address and a cookie."""
    return secrets.token_urlsafe(_BYTES)


def new_code() -> str:
    """Return a code that a person can keep on paper: five groups such as ``abcde``, 123 bits."""
    return in_groups("".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_LETTERS)))


def in_groups(typed: str) -> str:
    """Return a code as it is written, however it was typed."""
    letters = "".join(sign for sign in typed.lower() if sign.isalnum())
    return "-".join(letters[at : at + _CODE_GROUP] for at in range(0, len(letters), _CODE_GROUP))


def digest(secret: str) -> str:
    """Return what is stored of a secret. It is random and long, so a plain digest cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()
