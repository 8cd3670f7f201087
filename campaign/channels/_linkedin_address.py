"""LinkedIn's addresses: the pages on which a person posts or passes a post on, and the URN in the address of a post."""

import re
from urllib.parse import quote, unquote, urlsplit

from campaign.channels._linkedin_looking import visible_sent
from campaign.errors import WrongUse
from campaign.ports import Identity, Message

_HOST = re.compile(r"(?:[a-z]+\.)?linkedin\.com")
_UPDATE = re.compile(r"/(?:feed/update|embed/feed/update)/urn:li:(share|ugcPost|activity):([0-9]{1,20})/?")
_NAMED = re.compile(r"/posts/[^/]*-(share|ugcPost|activity)-([0-9]{1,20})(?:-[\w-]*)?/?")


class Addressed:
    """What the channel LinkedIn knows of its addresses."""

    def compose_url(self, who: Identity, message: Message) -> str:  # noqa: ARG002 - the same for every account
        """Return LinkedIn's compose page with the words filled in, or the page on which a person passes a post on."""
        if message.share_of is not None:
            return f"https://www.linkedin.com/sharing/share-offsite/?url={quote(message.link or '', safe='')}"
        words = visible_sent(message.text)
        text = f"{words}\n\n{message.link}" if message.link else words
        return f"https://www.linkedin.com/feed/?shareActive=true&text={quote(text, safe='')}"

    def id_in(self, who: Identity, url: str, *, share: bool = False) -> str | None:  # noqa: ARG002 - shares are posts
        """Return the URN in the address of a post; None where it names the activity alone. Raises WrongUse."""
        is_post, urn = urn_in(url)
        if not is_post:
            mend = "Write it as https://www.linkedin.com/feed/update/urn:li:share:NUMBER/."
            raise WrongUse(problem=f"{url} is no post on LinkedIn", mend=mend)
        return urn


def urn_in(url: str) -> tuple[bool, str | None]:
    """Say whether this is the address of a post, and of which URN; None where it names the activity alone, which is
    another number than the post's.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    found = (_UPDATE.fullmatch(path) or _NAMED.fullmatch(path)) if _HOST.fullmatch(parts.hostname or "") else None
    if found is None:
        return False, None
    return True, None if found[1] == "activity" else f"urn:li:{found[1]}:{found[2]}"
