"""Telling a partner's people that the access to an account ends: two weeks and three days before, and at its end."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign import tell
from campaign.clock import iso
from campaign.errors import WrongUse
from campaign.health.accounts import ends_at
from campaign.health.doctor import Doctor
from campaign.health.duty import Duty
from campaign.models import notices, partners
from campaign.models.partners import Account, Partner
from campaign.notices.kinds import WORDINGS, Kind
from campaign.tell import News
from campaign.vault import Vault
from campaign.wording import channel

_STAGES = (timedelta(), timedelta(days=3), timedelta(days=14))


@dataclass(frozen=True, slots=True)
class Ending:
    """An account whose access ends soon, and how soon."""

    account: Account
    partner: Partner
    at: datetime
    step: str

    @property
    def key(self) -> str:
        """What tells this stage of this end from every other one."""
        return f"access:{self.account.id}:{iso(self.at)}:{self.step}"


class Endings:
    """Looks at every account's access, from one process; each stage of an end is told once."""

    def __init__(self, doctor: Doctor, duty: Duty) -> None:
        self._doctor = doctor
        self._duty = duty

    def chore(self, now: datetime) -> datetime | None:
        """Look when it is time; returns when it is again."""
        if self._duty.mine():
            self._look(now)
        return self._duty.next_at(now)

    def _look(self, now: datetime) -> None:
        with self._doctor.database.read() as session:
            rows, told = partners.accounts(session), notices.keys(session, "access:")
        near = [one for one in self._near(rows, now) if not any(key.startswith(f"{one.key}:") for key in told)]
        if near:
            with self._doctor.database.write() as session:
                for one in near:
                    tell.of_partner(session, one.partner, _news(session, one), now)

    def _near(self, rows: Iterable[tuple[Account, Partner]], now: datetime) -> Iterator[Ending]:
        with suppress(WrongUse):  # no key file: the doctor says so
            vault = Vault(self._doctor.key_file)
            for account, partner in rows:
                with suppress(WrongUse):  # credentials that do not open: the same
                    at = ends_at(vault, self._doctor.channels, account)
                    if at is not None and (step := stage(at - now)):
                        yield Ending(account, partner, at, step)


def stage(left: timedelta) -> str:
    """Return how near an end is, as people are told of it; empty where it is far."""
    return next((f"{length.days}d" for length in _STAGES if left <= length), "")


def _news(session: Session, one: Ending) -> News:
    word = "ended" if one.step == "0d" else "ends"
    body = f"{one.partner.name} on {channel(one.account.channel)} ({one.account.handle}): its access {word} "
    body += f"{tell.moment(session, one.at)}. From then on nothing is sent until the account is connected again.\n"
    wording = WORDINGS[Kind.ACCESS_ENDS]
    return News(Kind.ACCESS_ENDS, f"{one.partner.name}: {wording.one}", body, wording.page, key=one.key)
