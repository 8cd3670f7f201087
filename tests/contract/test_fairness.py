"""One slow or dead account delays no other: the engine with real channels, all posts due at one instant."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from builders import CONTENTS, add_account, add_post
from dispatch_room import ADDRESS, POLICY

from campaign.channels import load_channels
from campaign.clock import SystemClock
from campaign.dispatch.means import Means
from campaign.engine.local import LocalEngine
from campaign.identities import Identities
from campaign.identities import name as bound_to
from campaign.models import Database, listing, partners
from campaign.models.status import Status
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.server import Sandbox
from campaign.vault import Vault, create_key

PATIENCE = 90.0
"""Seconds; longer than any of these calls may hang, and far more than the rest needs."""


@dataclass
class Crowd:
    """Many accounts, one post each (``rounds`` of them), all due now, and the platforms on which they go out."""

    box: Sandbox
    database: Database
    means: Means
    accounts: Mapping[str, list[str]]

    def hang(self, channel: str, count: int) -> set[str]:
        """Let the first accounts of a channel hang: their calls are taken and never answered."""
        chosen = self.accounts[channel][:count]
        self.box.world.switches[f"{channel}.hangs"] = chosen
        return set(chosen)

    def die(self, channel: str, count: int) -> set[str]:
        """Let the last accounts of a channel lose their access."""
        gone = set(self.accounts[channel][-count:])
        kept = [one for one in self.box.world.accounts.values() if one.external_id not in gone]
        self.box.world.know(kept)
        return gone

    @contextmanager
    def running(self, lanes: int) -> Iterator[None]:
        engine = LocalEngine(self.means, threads=lanes, beat=timedelta(seconds=1))
        engine.start()
        try:
            yield
        finally:
            self.box.stop()  # cuts the calls that hang, so that the engine can end
            engine.stop()

    def out(self) -> set[str]:
        """Return the accounts whose posts are all published."""
        with self.database.read() as session:
            rows = listing.posts(session, listing.PostFilter())
        waiting = {row.account.external_id for row in rows if row.post.status != Status.PUBLISHED}
        return {row.account.external_id for row in rows} - waiting

    def waits_for(self, wanted: set[str], seconds: float) -> set[str]:
        """Return which of the wanted accounts are not through after so long."""
        end = time.monotonic() + seconds
        while (late := wanted - self.out()) and time.monotonic() < end:
            time.sleep(0.2)
        return late


@contextmanager
def crowd(tmp_path: Path, sizes: Mapping[str, int], rounds: int = 1) -> Iterator[Crowd]:
    clock, database = SystemClock(), Database(f"sqlite:///{tmp_path}/crowd.db", connections=60)
    database.upgrade()
    create_key(tmp_path / "key")
    vault, known = Vault(tmp_path / "key"), []
    named: dict[str, list[str]] = {channel: [] for channel in sizes}
    with database.write() as session:
        for channel, count in sizes.items():
            for _ in range(count):
                account = add_account(session, clock.now(), channel=channel)
                keys = {"access_token": f"token-{channel}-{account.external_id}", "client_id": "app"}
                partners.change_account(session, account.ident, {"sealed": vault.seal(keys, bound_to(account))})
                named[channel].append(account.external_id)
                known.append(SandboxAccount(channel, account.external_id, account.handle, "p", "P", credentials=keys))
                for _ in range(rounds):
                    add_post(session, account, clock.now())
    box = Sandbox(accounts=known).start()
    channels = {}
    for name in sizes:
        kind = load_channels()[name]
        settings = {"connect": "5s", "read": f"{PATIENCE:g}s", "token_pause": "10ms", ADDRESS[name]: box.urls[name]}
        channels[name] = kind.from_settings(kind.settings_type.model_validate(settings), clock)
    identify = Identities(database, vault, clock, channels).of
    yield Crowd(box, database, Means(database, clock, channels, CONTENTS, identify, {}, POLICY, "here:1"), named)
    database.close()


def test_of_200_accounts_one_hangs_some_are_dead_and_all_the_others_go_out(tmp_path: Path) -> None:
    with crowd(tmp_path, {"x": 70, "facebook": 70, "linkedin": 60}) as many:
        everybody = {ident for idents in many.accounts.values() for ident in idents}
        bad = many.hang("x", 1) | many.die("facebook", 3) | many.die("x", 2)
        with many.running(lanes=16):
            assert many.waits_for(everybody - bad, PATIENCE / 2) == set()
            assert many.out() == everybody - bad, "a dead or hanging account published"


@pytest.mark.parametrize("hanging", [3, 9])
def test_where_as_many_hang_as_there_are_lanes_the_others_wait_a_moment_and_not_for_the_timeout(
    tmp_path: Path, hanging: int
) -> None:
    with crowd(tmp_path, {"x": 12, "facebook": 12}, rounds=2) as many:
        bad = many.hang("x", hanging)
        others = set(many.accounts["facebook"])
        if hanging < 4:  # otherwise X as a whole counts as hanging, and its other accounts wait
            others |= set(many.accounts["x"]) - bad
        with many.running(lanes=4):
            assert many.waits_for(others, PATIENCE / 2) == set()
            assert not bad & many.out()
