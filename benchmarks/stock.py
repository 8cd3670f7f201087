"""What every contender sends: the same words of the same accounts through the same client libraries."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from campaign.channels import load_channels
from campaign.ports import Channel, Draft, Identity, Message

CHANNELS = ("x", "facebook", "linkedin")
LINK = "https://www.gov.uk/dfe/SEND-conversation"
CREDENTIALS: dict[str, dict[str, str]] = {
    "x": {"consumer_key": "ck", "consumer_secret": "cs", "access_token": "7-t", "access_token_secret": "ts"},
    "facebook": {"access_token": "page-token"},
    "linkedin": {"access_token": "org-token"},
}
ADDRESS = {"x": "api_url", "facebook": "graph_url", "linkedin": "api_url"}


@dataclass(frozen=True, slots=True)
class Job:
    """One post: the number of its account and its own number."""

    account: int
    number: int

    @property
    def channel(self) -> str:
        return CHANNELS[self.account % len(CHANNELS)]

    @property
    def draft(self) -> Draft:
        return Draft(words=f"Have your say on SEND reform, number {self.number}.", link=LINK)

    @property
    def identity(self) -> Identity:
        name = f"p{self.account}"
        return Identity(
            self.account, name, name, self.channel, f"@{name}", str(1000 + self.account), CREDENTIALS[self.channel]
        )


def jobs(posts: int, accounts: int) -> list[Job]:
    return [Job(number % accounts, number) for number in range(posts)]


def channels(url: str) -> dict[str, Channel]:
    """Return the channels as the program builds them, without the pause between two posts of an account."""
    built: dict[str, Channel] = {}
    for name in CHANNELS:
        kind: Any = load_channels()[name]
        built[name] = kind.from_settings(kind.settings_type.model_validate({ADDRESS[name]: url}))
        kind.limits = replace(kind.limits, pace=timedelta(0))
    return built


class Open:
    """A gate that is never shut: contenders without a ledger have none."""

    def check(self) -> None:
        return

    def keep(self, media_ids: Any) -> None:
        raise AssertionError(media_ids)


def send(channels: dict[str, Channel], job: Job) -> str:
    """Make the one call, from the job to the platform's id."""
    channel = channels[job.channel]
    message: Message = channel.compose(job.draft, f"t{job.number:07}")
    return channel.publish(job.identity, message, Open()).external_id
