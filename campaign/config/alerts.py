"""The table [alerts] of config.toml: who is told when something is not well, and how."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from campaign.config.durations import Duration
from campaign.config.faults import Section, fault


def _web_address(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise fault("this is no web address", 'Write "https://alerts.example.org/hook"')
    return secret


# Not shown: who knows the address of a webhook or of a heartbeat can often use it.
Address = Annotated[SecretStr, AfterValidator(_web_address)]


class AlertsSection(Section):
    """Who is told of what is not well. Without ``mail`` the active admins are, at the addresses that they gave."""

    mail: tuple[str, ...] = ()
    webhook: Address | None = None
    webhook_secret: SecretStr | None = None
    every: Duration = timedelta(minutes=1)
    repeat: Duration = timedelta(days=1)
    timeout: Duration = timedelta(seconds=10)
    runbook: str = "docs/runbook.md"
    heartbeat: Address | None = None
    heartbeat_method: Literal["get", "post"] = "get"
    heartbeat_every: Duration = Field(default=timedelta(minutes=1))

    @field_validator("every", "repeat", "timeout", "heartbeat_every")
    @classmethod
    def _is_some_time(cls, length: timedelta) -> timedelta:
        if length <= timedelta():
            raise fault("no time at all", 'Write a length such as "1m"')
        return length

    @field_validator("mail")
    @classmethod
    def _are_addresses(cls, mail: tuple[str, ...]) -> tuple[str, ...]:
        strange = [one for one in mail if "@" not in one.strip("@") or any(sign.isspace() for sign in one)]
        if strange:
            raise fault(f"{strange[0]!r} is no mail address", 'Write ["ops@example.org"]')
        return mail

    @model_validator(mode="after")
    def _is_signed(self) -> "AlertsSection":
        if self.webhook is not None and self.webhook_secret is None:
            mend = "Set CAMPAIGN__ALERTS__WEBHOOK_SECRET: each call is signed with it"
            raise fault("the webhook has no secret", mend, at="alerts.webhook_secret")
        return self
