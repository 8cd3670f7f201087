"""From the address that a person copied to the id under which the platform knows the post."""

import re

from sqlmodel import Session

from campaign.errors import WrongUse
from campaign.identities import public
from campaign.models import upkeep
from campaign.models.listing import PostRow
from campaign.ports import Addresses, Channel, NamesAccounts


def check_address(url: str) -> None:
    """Refuse what is no web address. Raises WrongUse."""
    if not re.fullmatch(r"https?://[^\s/]+\S*", url):
        raise WrongUse(problem=f"{url!r} is no web address", mend="Copy it from the platform: https://...")


def stranger(channel: Channel, row: PostRow, url: str) -> str | None:
    """Return why the address looks like that of another account's post; None where it does not. A person may know
    better: the account may go by another name by now.
    """
    # By the address of what it passes on a repost goes, and that is another's.
    passes_on = row.post.draft.get("share_of") is not None
    named = None if passes_on or not isinstance(channel, NamesAccounts) else channel.account_in(url)
    own = row.account.handle.removeprefix("@")
    if named is None or not own or named.casefold() == own.casefold():
        return None
    return f"{url} names {named}, and the account is {row.account.handle}."


def id_at(session: Session, channel: Channel, row: PostRow, url: str) -> str | None:
    """Return the id of this post by its address; None where the platform hides it or has no such addresses.

    Raises:
        WrongUse: it is the address of no post on that platform, or of a post that another row stands for.

    """
    if not isinstance(channel, Addresses):
        return None
    found = channel.id_in(public(row.account, row.partner), url, share=row.post.draft.get("share_of") is not None)
    if found is not None and found in upkeep.known_ids(session, row.account.ident, row.post.ident):
        problem = f"{url} is the address of another post of {row.partner.key}"
        raise WrongUse(problem=problem, mend=f"Look for the one that post {row.post.id} was.")
    return found
