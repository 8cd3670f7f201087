"""X's addresses: the pages on which a person posts or reposts, and the id in the address of a post."""

import re
from urllib.parse import quote, urlsplit

from campaign.channels._x_looking import REPOST
from campaign.errors import WrongUse
from campaign.ports import Identity, Message

_HOSTS = frozenset({"x.com", "www.x.com", "mobile.x.com", "twitter.com", "www.twitter.com", "mobile.twitter.com"})
_STATUS = re.compile(r"/(?:i/web|(\w{1,50}))/status(?:es)?/([0-9]{1,19})(?:/.*)?")
_NOBODY = "i"
"""What stands for any account in an address."""


class Addressed:
    """What the channel X knows of its addresses."""

    def compose_url(self, who: Identity, message: Message) -> str:  # noqa: ARG002 - the same for every account
        """Return X's compose page with the words filled in, or the page that reposts (X documentation, Web intents)."""
        if message.share_of == "":
            return message.link or ""
        if message.share_of is not None:
            return f"https://x.com/intent/retweet?tweet_id={quote(message.share_of.removeprefix(REPOST), safe='')}"
        return f"https://x.com/intent/post?text={quote(message.text, safe='')}"

    def id_in(self, who: Identity, url: str, *, share: bool = False) -> str:  # noqa: ARG002 - the same for every account
        """Return the id in the address of a post; of a repost, by the address of what it passes on. Raises WrongUse."""
        number = number_in(url)
        if number is None:
            raise WrongUse(problem=f"{url} is no post on X", mend="Write it as https://x.com/NAME/status/NUMBER.")
        return f"{REPOST}{number}" if share else number

    def account_in(self, url: str) -> str | None:
        """Return the handle in the address of a post; None where there is none."""
        found = _found(url)
        return found[1] if found and found[1] != _NOBODY else None


def number_in(url: str) -> str | None:
    """Return the id in the address of a post, whatever follows it; None where it is the address of none."""
    found = _found(url)
    return found[2] if found else None


def _found(url: str) -> re.Match[str] | None:
    parts = urlsplit(url)
    return _STATUS.fullmatch(parts.path) if parts.hostname in _HOSTS else None
