"""Puts into an issue's draft what every copy of it carries beside the words: it is reviewed and approved with them."""

from dataclasses import dataclass, replace

from campaign.models.partners import AccountMode
from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.ports import Draft, Envelope


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the workspace gives its issues: the From of an account without one, where people unsubscribe, and whether
    clicks are counted.
    """

    sender: str = ""
    public_url: str = ""
    counts_clicks: bool = False


def addressed(draft: Draft, account: AccountFacts, partner: PartnerFacts, letterhead: Letterhead) -> Draft:
    """Return the draft with its list and its envelope; a post that is no issue has neither."""
    if draft.subject is None:
        return draft
    envelope = Envelope(
        sender=account.sender or letterhead.sender,
        partner=partner.name,
        public_url=letterhead.public_url.rstrip("/"),
        reply_to=account.reply_to,
        counts_clicks=letterhead.counts_clicks and account.mode == AccountMode.API,
    )
    return replace(draft, audience=draft.audience or account.external_id or None, envelope=envelope)
