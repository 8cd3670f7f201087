"""Every key of config.toml, its meaning, its default and the values that it may take."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from campaign.config.addresses import MailAddress, PageAddress, is_loopback
from campaign.config.alerts import AlertsSection
from campaign.config.durations import Duration, duration, spoken
from campaign.config.faults import Origin, Section, fault
from campaign.config.notices import NoticesSection
from campaign.config.oidc import OidcSection

_NOTHING = timedelta()
_MEMORY = "sqlite:///:memory:"


def _lengths(*seconds: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=number) for number in seconds)


class CampaignSection(Section):
    """The one named effort of this workspace. Paths are resolved against the workspace."""

    name: str = Field(min_length=1, max_length=200)
    timezone: str = "Europe/London"
    timetable: Path
    templates: Path

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError) as error:
            raise fault(f"{name!r} is no time zone", 'Name one of the IANA list, such as "Europe/London"') from error
        return name


class DatabaseSection(Section):
    """Where the tables live: SQLite in a file, or PostgreSQL."""

    url: str = Field(default="sqlite:///campaign.db", repr=False)

    @field_validator("url")
    @classmethod
    def _is_known(cls, url: str) -> str:
        mend = 'Write "sqlite:///campaign.db" or "postgresql+psycopg://user@host/name"'
        if url.startswith("sqlite://") and (not url.startswith("sqlite:///") or url in {"sqlite:///", _MEMORY}):
            raise fault("a SQLite database needs a file, or nothing would outlast the program", mend)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise fault("the kind of database is not one of the two that are served", mend)
        return url


class EngineSection(Section):
    """What wakes the lanes: threads of this process, or PgQueuer with many machines."""

    kind: Literal["local", "pgqueuer"] = "local"


class DispatchSection(Section):
    """How due posts go out: patience, parallelism, retries and look-ups.

    ``senders`` are the processes that make the calls, beside the daemon; with 0 it makes them itself.
    ``retries`` are the pauses before each new attempt, the last one repeats. ``lookups`` are the pauses before each
    look-up of an unconfirmed post; absence needs ``lookup_reads`` good ones spread over at least ``lookup_spread``.
    """

    grace: Duration = timedelta(minutes=30)
    lanes: int = Field(default=16, ge=1, le=512)
    senders: int = Field(default=0, ge=0, le=64)
    lease: Duration = timedelta(minutes=2)
    call_timeout: Duration = timedelta(seconds=30)
    beat: Duration = timedelta(seconds=20)
    retries: tuple[Duration, ...] = Field(default=_lengths(5, 30, 120, 600), min_length=1)
    lookups: tuple[Duration, ...] = Field(default=_lengths(5, 15, 45, 60, 60, 60, 60, 120), min_length=1)
    lookup_reads: int = Field(default=3, ge=1, le=20)
    lookup_spread: Duration = timedelta(minutes=2)

    @field_validator("lease", "call_timeout", "beat")
    @classmethod
    def _is_some_time(cls, length: timedelta) -> timedelta:
        if length <= _NOTHING:
            raise fault("no time at all", 'Write a length such as "30s"')
        return length

    @model_validator(mode="after")
    def _fits(self) -> "DispatchSection":
        if self.lease < 2 * self.call_timeout:
            # A sender stops at half its lease; a call that starts just before must still end inside the lease.
            raise fault(
                f"the lease ({spoken(self.lease)}) is shorter than two calls ({spoken(self.call_timeout)} each)",
                "Lengthen lease or shorten call_timeout",
                at="dispatch.lease",
            )
        return self


class WebSection(Section):
    """Where the pages listen, the address that people open, how long a session lasts (at most, and idle), and whether
    a password alone is enough. ``privacy_url``, ``help_url`` and ``contact_email`` stand below every page where set.
    """

    listen: str = "127.0.0.1:8000"
    public_url: str = "http://localhost:8000"
    session: Duration = timedelta(hours=12)
    session_idle: Duration = timedelta(hours=2)
    passkeys: Literal["offered", "required"] = "offered"
    privacy_url: PageAddress = ""
    help_url: PageAddress = ""
    contact_email: MailAddress = ""

    @field_validator("listen")
    @classmethod
    def _is_host_and_port(cls, listen: str) -> str:
        return host_and_port(listen)

    @field_validator("public_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise fault(
                f"{url!r} is no web address", 'Write the address that people open: "https://campaign.example.org"'
            )
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise fault("plain http would send sign-ins in the clear", "Use https; plain http serves localhost alone")
        return url.rstrip("/")


def host_and_port(listen: str) -> str:
    """Refuse what is no address to listen on."""
    host, colon, port = listen.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) < 65536):  # noqa: PLR2004 (ports)
        raise fault(f"{listen!r} is no host and port", 'Write "127.0.0.1:8000"')
    return listen


class ReviewSection(Section):
    """Who must say yes. ``agree``: is a partner's own yes required, or does an import by the operator record it."""

    agree: Literal["standing", "required"] = "standing"
    approver: Literal["dfe", "partner", "both"] = "dfe"


class EngagementSection(Section):
    """When figures are read after publishing: ``readings``, then daily and then weekly until the given ages."""

    readings: tuple[Duration, ...] = _lengths(3_600, 21_600, 86_400)
    daily_until: Duration = timedelta(days=30)
    weekly_until: Duration = timedelta(days=90)

    @field_validator("readings")
    @classmethod
    def _rise(cls, readings: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        if any(later <= earlier for earlier, later in zip((_NOTHING, *readings), readings, strict=False)):
            raise fault("the readings are not in rising order", 'Write them from the first: ["1h", "6h", "24h"]')
        return readings


class NewsletterSection(Section):
    """How an issue goes out: connections to the mail server, recipients claimed at once.

    ``resend_unknown`` sends a mail again when nobody knows whether it went: a few people may then get two.
    ``count_clicks`` lets links lead through the pages, which then must be served; see docs/how-to/count-clicks.md.
    """

    connections: int = Field(default=4, ge=1, le=64)
    batch: int = Field(default=100, ge=1, le=10_000)
    resend_unknown: bool = False
    count_clicks: bool = False


class MediaSection(Section):
    """The folder in which images are kept, each under the digest of its bytes."""

    folder: Path = Path("media")


class VaultSection(Section):
    """The file with the key that seals stored credentials. Whoever has it and the database has the accounts."""

    key_file: Path = Path("campaign.key")


class LoggingSection(Section):
    """What the program says on stderr: from which level on, and whether as JSON lines for a log collector."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json_lines: bool = Field(default=False, alias="json")


class MetricsSection(Section):
    """Where /metrics and /healthz are served alone, for a daemon without pages. Nothing: nowhere."""

    listen: str = ""

    @field_validator("listen")
    @classmethod
    def _is_host_and_port(cls, listen: str) -> str:
        return listen and host_and_port(listen)


class WebhooksSection(Section):
    """Webhooks, which an admin adds in the pages. ``loopback``: for trials, this machine may be called, by http too."""

    loopback: bool = False


class Sections(Section):
    """The tables of config.toml. ``channels`` stay raw: each channel reads its own."""

    campaign: CampaignSection
    database: DatabaseSection = DatabaseSection()
    engine: EngineSection = EngineSection()
    dispatch: DispatchSection = DispatchSection()
    channels: Mapping[str, Mapping[str, object]] = Field(default_factory=dict, repr=False)
    web: WebSection = WebSection()
    oidc: OidcSection = OidcSection()
    review: ReviewSection = ReviewSection()
    engagement: EngagementSection = EngagementSection()
    newsletter: NewsletterSection = NewsletterSection()
    media: MediaSection = MediaSection()
    vault: VaultSection = VaultSection()
    logging: LoggingSection = LoggingSection()
    metrics: MetricsSection = MetricsSection()
    alerts: AlertsSection = AlertsSection()
    webhooks: WebhooksSection = WebhooksSection()
    notices: NoticesSection = NoticesSection()

    @model_validator(mode="after")
    def _engine_has_its_database(self) -> "Sections":
        if self.engine.kind == "pgqueuer" and self.database.url.startswith("sqlite"):
            raise fault(
                "the engine pgqueuer runs on PostgreSQL alone, and database.url names a SQLite file",
                'Set engine.kind = "local", or give a PostgreSQL address in database.url',
                at="engine.kind",
            )
        return self

    @model_validator(mode="after")
    def _calls_end_in_time(self) -> "Sections":
        # Absence is reckoned from call_timeout: a call that may still be on its way then would be sent again.
        longest = self.dispatch.call_timeout
        for name, section in self.channels.items():
            read = _length_in(section.get("read"))
            if read is not None and read > longest:
                raise fault(
                    f"a call may last longer ({spoken(read)}) than dispatch.call_timeout says ({spoken(longest)})",
                    "Shorten read, or lengthen call_timeout and lease",
                    at=f"channels.{name}.read",
                )
        return self


def _length_in(value: object) -> timedelta | None:
    """Return the length of time that a raw key says; None where it says none, which its channel will name."""
    with suppress(ValueError):
        return duration(value) if isinstance(value, str) else None
    return None


class Settings(Sections):
    """Everything that config.toml and the environment say, with absolute paths. ``origin`` serves later errors."""

    workspace: Path
    origin: Origin = Field(repr=False)
