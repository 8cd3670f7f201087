"""A process that serves one account of a dispatch room once, to be looked at from outside.

Usage: python one_sender.py FOLDER URL ACCOUNT
"""

import sys
from pathlib import Path

from dispatch_room import POLICY, serve

from campaign.channels import ChannelComposer, load_channels
from campaign.clock import SystemClock
from campaign.dispatch.means import Means
from campaign.identities import Identities
from campaign.models import Database
from campaign.review.content import Contents
from campaign.vault import Vault


def main(folder: Path, url: str, account_id: int) -> None:
    """Serve the account on the room's database under ``folder``, its platform at ``url``."""
    clock, database = SystemClock(), Database(f"sqlite:///{folder}/room.db", connections=2)
    kind = load_channels()["facebook"]
    channels = {"facebook": kind.from_settings(kind.settings_type.model_validate({"graph_url": url}), clock)}
    means = Means(
        database=database,
        clock=clock,
        channels=channels,
        contents=Contents(ChannelComposer(channels), folder / "media"),
        identify=Identities(database, Vault(folder / "key"), clock, channels).of,
        bulk={},
        policy=POLICY,
        owner="traced:1",
    )
    serve(means, account_id)
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
