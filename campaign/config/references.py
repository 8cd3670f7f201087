"""References to secrets in config.toml: a name that leads to the secret, never the secret itself."""

from typing import Annotated

from pydantic import AfterValidator

from campaign.config.faults import fault

KINDS = ("env:", "file:")


def _checked(text: str) -> str:
    if not text.startswith(KINDS) or not text.partition(":")[2].strip():
        # The value is not shown: it may be the secret itself.
        raise fault("this is no reference to a secret", 'Write "env:NAME" or "file:PATH", and keep the secret there')
    return text


SecretReference = Annotated[str, AfterValidator(_checked)]
"""``env:NAME`` or ``file:PATH``, relative to the workspace."""
