"""Passkeys, instead of a password or beside it, and the recovery codes that stand in for one once."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import webauthn
from sqlmodel import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, InvalidJSONStructure, InvalidRegistrationResponse
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, sign_in, users
from campaign.models.sign_in import Passkey
from campaign.models.users import User
from campaign.people.secrets import digest, in_groups, new_code

CODES = 10
_NAME = "Schedule campaign posts"
_UNREADABLE = (
    *(InvalidAuthenticationResponse, InvalidJSONStructure, InvalidRegistrationResponse),
    *(ValueError, KeyError, RecursionError),
)

_CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{1,1400}")
"""The id of a credential, at most 1023 bytes in base64url (WebAuthn Level 3, 7.1)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page asks of the browser, and the challenge that its answer must carry."""

    options: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Place:
    """The site that passkeys are bound to, by the address that people open."""

    public_url: str

    @property
    def host(self) -> str:
        """The host, which must be a name: browsers refuse IP addresses."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    def ask_for_new(self, person: User, held: list[Passkey]) -> Asked:
        """Ask the browser to make a passkey for the person."""
        options = webauthn.generate_registration_options(
            rp_id=self.host,
            rp_name=_NAME,
            user_id=f"user-{person.ident}".encode(),
            user_name=person.email or person.name,
            user_display_name=person.name,
            # Without a resident key nobody could sign in before they have said who they are.
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=_described(held),
        )
        return Asked(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))

    def ask_for_one(self, held: list[Passkey] | None = None) -> Asked:
        """Ask the browser for a passkey: any that it has for this site, or one of those of a person."""
        options = webauthn.generate_authentication_options(
            rp_id=self.host,
            allow_credentials=_described(held or []),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return Asked(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))

    def add(self, session: Session, person: User, answer: str, challenge: str, *, name: str, now: datetime) -> Passkey:
        """Keep the passkey that the browser made. Raises WrongUse."""
        try:
            found = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.host,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except _UNREADABLE as error:
            raise _refused() from error
        passkey = Passkey(
            user_id=person.ident,
            credential_id=bytes_to_base64url(found.credential_id),
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
            name=name,
            added_at=now,
        )
        if sign_in.passkey(session, passkey.credential_id) is not None:
            raise _refused()
        session.add(passkey)
        subject = f"user:{person.name}"
        audit.record(session, who=person.name, action="add passkey", subject=subject, at=now, facts={"name": name})
        return passkey

    def person_of(self, session: Session, answer: str, challenge: str, now: datetime) -> User:
        """Return whose passkey answered the challenge, an active person. Raises WrongUse."""
        try:
            passkey = sign_in.passkey(session, _credential(answer))
            if passkey is None:
                raise _refused()
            found = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.host,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except _UNREADABLE as error:
            raise _refused() from error
        person = users.user_by_id(session, passkey.user_id)
        if person is None or not person.active:
            raise _refused()
        passkey.sign_count, passkey.used_at = found.new_sign_count, now
        session.add(passkey)
        return person


def remove(session: Session, person: User, ident: int, now: datetime) -> None:
    """Take a passkey of a person away; the last way to sign in stays. Raises WrongUse, UnknownName."""
    held = sign_in.passkeys(session, person.ident)
    if len(held) == 1 and sign_in.password(session, person.ident) is None:
        raise WrongUse(problem="This passkey is your only way to sign in", mend="Set a password first.")
    names = [one.name for one in held if one.id == ident]
    if not names or not sign_in.drop_passkey(session, person.ident, ident):
        raise UnknownName(kind="passkey", name=ident, mend="It may be gone already.")
    subject, facts = f"user:{person.name}", {"name": names[0]}
    audit.record(session, who=person.name, action="remove passkey", subject=subject, at=now, facts=facts)


def _described(held: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in held]


def _credential(answer: str) -> str:
    """Return which credential a browser says that it used. PostgreSQL answers a text with a NUL by an error."""
    found = json.loads(answer)
    if not isinstance(found, dict) or not _CREDENTIAL.fullmatch(str(found["id"])):
        raise ValueError
    return str(found["id"])


def _refused() -> WrongUse:
    return WrongUse(problem="The passkey could not be used", mend="Try again, or use another way to sign in.")


def new_codes(session: Session, person: User, now: datetime) -> list[str]:
    """Give a person new recovery codes, which are shown this once; the old ones are void."""
    codes = [new_code() for _ in range(CODES)]
    sign_in.replace_recovery_codes(session, person.ident, [digest(code) for code in codes])
    subject = f"user:{person.name}"
    audit.record(session, who=person.name, action="new recovery codes", subject=subject, at=now, facts={})
    return codes


def use_code(session: Session, person: User, typed: str, now: datetime) -> bool:
    """Use a recovery code up, however it was typed; False when it is none of the person's."""
    return sign_in.use_recovery_code(session, person.ident, digest(in_groups(typed)), now)
