"""The table [notices] of config.toml: the rhythm of mail to the people whom something concerns."""

import re
from datetime import time, timedelta

from pydantic import field_validator

from campaign.config.durations import Duration
from campaign.config.faults import Section, fault

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class NoticesSection(Section):
    """When people are mailed: what comes within ``gather`` goes in one letter, and ``pause`` lies between two letters
    that can wait. ``digest`` is the local time at which those who approve hear what awaits them, on working days;
    empty: never.
    """

    gather: Duration = timedelta(seconds=10)
    pause: Duration = timedelta(minutes=10)
    digest: str = "08:30"

    @field_validator("digest")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        if text and not _TIME.fullmatch(text):
            raise fault(f"{text!r} is no time of day", 'Write "08:30", or "" for no digest')
        return text

    @property
    def kept_back(self) -> timedelta:
        """For how long a letter may wait for others to go with it."""
        return self.gather + self.pause

    @property
    def digest_at(self) -> time | None:
        """The local time of the digest, None where there is none."""
        return time.fromisoformat(self.digest) if self.digest else None
