"""What opens doors: secrets that are handed out once and stored as their digest alone."""

import hashlib
import secrets

_BYTES = 32
_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """Return 256 random bits as text that fits an address and a cookie."""
    return secrets.token_urlsafe(_BYTES)


def new_code() -> str:
    """Return a code that a person can write down: ``abcde-fghjk``, 49 bits."""
    letters = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def digest(secret: str) -> str:
    """Return what is stored of a secret. It is random and long, so a plain digest cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()
