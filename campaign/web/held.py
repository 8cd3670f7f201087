"""What is on hold, in words. A hold over many posts is said once above their list, not beside each of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlmodel import Session

from campaign.models import listing, partners
from campaign.models.holds import Hold
from campaign.web.visitor import Actor
from campaign.web.words import titled
from campaign.wording import channel

_OF_ALL = ("everything", "channel", "event")


@dataclass(frozen=True, slots=True)
class Held:
    """A hold as people read it."""

    hold: Hold
    what: str

    @property
    def path(self) -> str:
        """The page that says what its release will do."""
        return "/hold/release?" + urlencode({"scope": self.hold.scope})


def over_lists(session: Session, who: Actor, on: Iterable[Hold]) -> list[Held]:
    """Return those of the active holds that are over many posts of whoever looks."""
    return [Held(hold, named(session, hold.scope)) for hold in wide(on) if _touches(hold, who)]


def wide(on: Iterable[Hold]) -> list[Hold]:
    """Return those of some holds that stop many posts; of an account or a post each row of a list tells itself."""
    return [hold for hold in on if hold.scope.partition(":")[0] in {*_OF_ALL, "partner"}]


def _touches(hold: Hold, who: Actor) -> bool:
    kind, _, name = hold.scope.partition(":")
    return kind in _OF_ALL or not who.partners or name in who.partners


def named(session: Session, scope: str) -> str:
    """Return a scope in words, to begin a sentence with."""
    kind, _, name = scope.partition(":")
    match kind:
        case "channel":
            return f"Everything on {channel(name)}"
        case "partner":
            found = partners.partner_by_key(session, name)
            return f"Everything of {found.name if found else name}"
        case "event":
            return f"Everything about the event {name}"
        case "account":
            account, partner = partners.account_with_partner(session, int(name))
            return f"The account {account.handle} of {partner.name}"
        case "post":
            row = listing.post(session, int(name))
            return f"The post {titled(row.post)} of {row.partner.name} on {channel(row.post.channel)}" if row else scope
        case _:
            return "Everything"
