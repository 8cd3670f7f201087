"""What channels do alike when an account is connected: the app's settings, the address, the token's answer."""

from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import model_validator

from campaign.channels._wire import Times, said
from campaign.config import SecretReference, fault
from campaign.errors import Refused, Unknown
from campaign.http import Answer
from campaign.ports.connecting import ClientNames


class PublicApp(Times):
    """The app under which the platform knows this program; without a ``client_id`` nobody can connect accounts.

    ``client_secret`` is a reference, ``env:NAME`` or ``file:PATH``; without one the app is a public client.
    """

    client_id: str = ""
    client_secret: SecretReference | None = None

    @property
    def client_names(self) -> ClientNames:
        """What config.toml says of the app."""
        return ClientNames(self.client_id, self.client_secret)


class ConfidentialApp(PublicApp):
    """An app on a platform that knows no public clients."""

    @model_validator(mode="after")
    def _has_both(self) -> "ConfidentialApp":
        if bool(self.client_id) != bool(self.client_secret):
            raise fault("client_id and client_secret go together", 'Give both, the secret as "env:NAME" or "file:PATH"')
        return self


def address(page: str, fields: Mapping[str, str]) -> str:
    """Return the address of a consent page with its question (RFC 6749, section 4.1.1)."""
    return f"{page}?{urlencode(fields)}"


def granted(answer: Answer) -> dict[str, object]:
    """Return what a token endpoint gave for a code (RFC 6749, sections 4.1.4 and 5.2).

    Raises:
        Refused: it did not take the code, or the app.
        Unknown: nobody can tell: an answer without a token. A code serves once, so the person begins again.

    """
    facts = answer.facts
    if answer.fine and isinstance(facts.get("access_token"), str) and facts["access_token"]:
        return facts
    error = facts.get("error")
    told = error.get("message") if isinstance(error, dict) else facts.get("error_description") or error
    if told:
        raise Refused(said(answer, told))
    # The body of a success is not shown, whatever it holds.
    raise Unknown(said(answer, "no token in the answer" if answer.fine else ""))


def scopes_in(text: object) -> frozenset[str]:
    """Return the scopes of an answer: RFC 6749 separates them by blanks, LinkedIn by commas."""
    return frozenset(str(text or "").replace(",", " ").split())
