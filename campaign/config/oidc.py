"""The table [oidc] of config.toml: the identity provider through which people sign in, and who is what there."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from campaign.config.addresses import is_loopback
from campaign.config.faults import Section, fault

_ROLES = ("officer", "reviewer", "admin")


class OidcSection(Section):
    """OpenID Connect. ``profile``: off, generic (a claim names the roles) or dfe-sign-in (its API names them).

    ``roles`` leads from the provider's role to ours; without any, only people who were added here get in, known by
    their confirmed address. ``partners`` leads from the provider's organisation to a partner's key. ``acr`` names how
    strongly the provider must have asked; with none, any way will do.
    """

    profile: Literal["off", "generic", "dfe-sign-in"] = "off"
    title: str = "your work account"
    issuer: str = ""
    client_id: str = ""
    client_secret: SecretStr | None = None
    scopes: str = "openid profile email"
    acr: str = ""
    role_claim: str = "roles"
    roles: Mapping[str, str] = Field(default={})
    partner_claim: str = "organisation"
    partners: Mapping[str, str] = Field(default={})
    api_url: str = ""
    api_secret: SecretStr | None = None

    @field_validator("issuer", "api_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and not (parts.hostname and (parts.scheme == "https" or is_loopback(parts.hostname))):
            raise fault(f"{url!r} is no https address", 'Write "https://oidc.example.org"')
        return url.rstrip("/")

    @field_validator("roles")
    @classmethod
    def _are_ours(cls, roles: Mapping[str, str]) -> Mapping[str, str]:
        strange = [role for role in roles.values() if role not in _ROLES]
        if strange:
            raise fault(f"there is no role {strange[0]!r}", f"The roles are {', '.join(_ROLES)}")
        return roles

    @model_validator(mode="after")
    def _is_whole(self) -> "OidcSection":
        needed: dict[str, object] = {"issuer": self.issuer, "client_id": self.client_id}
        if self.profile == "dfe-sign-in":
            needed |= {"api_url": self.api_url, "api_secret": self.api_secret, "roles": self.roles}
        lacking = [name for name, value in needed.items() if not value] if self.profile != "off" else []
        if lacking:
            raise fault("it is missing", f"The profile {self.profile} needs it", at=f"oidc.{lacking[0]}")
        return self
