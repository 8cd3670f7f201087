"""Who takes part: partners and accounts as the planner sees them, and the filters of slots and quiet periods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaign.errors import Finding
from campaign.models.partners import AccountMode
from campaign.plan.entries import Filters, Timetable
from campaign.plan.toml_tables import nearest


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """A partner: its key, what templates may say of it, and since when it takes part (aware UTC; None: always)."""

    key: str
    name: str
    kind: str = ""
    region: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    joined_at: datetime | None = None
    agreed: bool = False

    def value(self, name: str) -> str:
        """Return what a filter of this name compares: key, name, kind, region, or a detail."""
        own = {"partner": self.key, "key": self.key, "name": self.name, "kind": self.kind, "region": self.region}
        return own.get(name, self.details.get(name, ""))


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A partner's identity on a channel, and since when it is there (aware UTC; None: as long as its partner).

    ``partner`` is the partner's key; an email account's external_id is a list.
    """

    id: int
    partner: str
    channel: str
    handle: str = ""
    mode: str = AccountMode.API
    external_id: str = ""
    sender: str | None = None
    reply_to: str | None = None
    added_at: datetime | None = None


def matches(filters: Filters, partner: PartnerFacts) -> bool:
    """Say whether every filter names the partner: exactly, but for upper and lower case (rulings, 19)."""
    return all(_among(partner.value(name), wanted) for name, wanted in filters.items())


def _among(value: str, wanted: Iterable[str]) -> bool:
    return value.strip().casefold() in {one.strip().casefold() for one in wanted}


def check_audience(timetable: Timetable, partners: Sequence[PartnerFacts]) -> list[Finding]:
    """Return a finding for each value of a filter that fits no partner: most often it is spelt otherwise there."""
    found: list[Finding] = []
    for kind, entries in (("slot", timetable.slots), ("quiet", timetable.quiet)):
        for entry in entries:
            for name, wanted in entry.partners.items():
                known = {partner.value(name) for partner in partners} - {""}
                for value in wanted:
                    if not _among(value, known):
                        problem, place = f'no partner has {name} "{value}"', f"{kind}.{entry.name}.partners.{name}"
                        found.append(Finding(timetable.file, place, problem, nearest(value, known), entry.line))
    return found


def check_channels(timetable: Timetable, known: Iterable[str]) -> list[Finding]:
    """Return a finding for each channel that a slot names and nobody provides."""
    names = set(known)
    return [
        Finding(
            timetable.file,
            f"slot.{slot.name}.channels",
            f'there is no channel "{channel}"',
            nearest(channel, names),
            slot.line,
        )
        for slot in timetable.slots
        for channel in slot.channels
        if channel not in names
    ]
