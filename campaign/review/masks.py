"""A partner's registered name and region behind marks: they differ in every post, and nobody wrote them. Pure."""

from typing import Final

from campaign.models.partners import Partner

NAME: Final = "[partner\N{RIGHT SINGLE QUOTATION MARK}s name]"
REGION: Final = "[region]"


def masked(partner: Partner, line: str) -> str:
    """Put the marks into a line; a region counts beside the name or alone, for elsewhere it is a word like any."""
    name, region = partner.name, partner.region
    found = line.replace(name, NAME)
    return found.replace(region, REGION) if region and (found != line or line == region) else found


def shown(partner: Partner, line: str) -> str:
    """Return a masked line as the post has it."""
    return line.replace(NAME, partner.name).replace(REGION, partner.region or REGION)
