"""A workspace for the doctor to examine, in which all is well."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from builders import CONTENTS, add_account
from conftest import MovedClock
from measuring import COOLING

from campaign.channels import load_channels
from campaign.health.doctor import Doctor
from campaign.health.finding import Finding, Rule
from campaign.identities import name as bound_to
from campaign.models import Database, upkeep
from campaign.ports import Channel
from campaign.review.content import Contents
from campaign.vault import Vault, create_key

SECRET = "a-token-that-nobody-may-see"
RENEWABLE = {"refresh_token": "refresh", "client_id": "app", "client_secret": "hush"}
_KEPT_BACK = timedelta(minutes=10)


def built(**settings: dict[str, object]) -> dict[str, Channel]:
    kinds = load_channels()
    return {
        name: kind.from_settings(kind.settings_type.model_validate(settings.get(name, {})))
        for name, kind in kinds.items()
    }


class RunningClock(MovedClock):
    """A clock that stands still until it is set going with the machine's own; a test moves it either way."""

    ahead: timedelta | None = None

    def go(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return self.at if self.ahead is None else datetime.now(UTC) + self.ahead

    def move(self, by: timedelta) -> None:
        super().move(by)
        if self.ahead is not None:
            self.ahead += by


def opened(database: Database, clock: MovedClock, folder: Path) -> Doctor:
    create_key(folder / "campaign.key")
    with database.write() as session:
        upkeep.tick(session, "here:1", clock.now(), None)
    contents = Contents(CONTENTS.composer, folder / "media")
    return Doctor(database, clock, built(), contents, folder, folder / "campaign.key", _KEPT_BACK, COOLING)


def found(doctor: Doctor, rule: Rule) -> list[Finding]:
    return [finding for finding in doctor.examine() if finding.rule is rule]


def one(doctor: Doctor, rule: Rule) -> Finding:
    [finding] = found(doctor, rule)
    return finding


def connected(doctor: Doctor, channel: str, credentials: dict[str, str], *, key: Path | None = None) -> None:
    with doctor.database.write() as session:
        account = add_account(session, doctor.clock.now(), channel=channel)
        sealed = Vault(key or doctor.key_file).seal({"access_token": SECRET, **credentials}, bound_to(account))
        account.sealed = sealed
        session.add(account)
