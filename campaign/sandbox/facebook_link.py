"""Addresses on Facebook: the permalink of a post, what a link passes on, and the redirect that wraps a link."""

import re
from urllib.parse import parse_qs, quote, urlsplit

from campaign.sandbox.facebook_call import CHANNEL
from campaign.sandbox.facebook_error import declined, parameter
from campaign.sandbox.world import Post, World

SITE = "https://www.facebook.com"

_POST_PATH = re.compile(r"/(?:(?P<page>[^/_]+)/posts/(?P<post>\d+)|(?P<whole>[^/_]+_\d+))/?$")


def permalink(post: Post) -> str:
    """Return the public address of a post."""
    return f"{SITE}/{post.account}/posts/{post.id.rpartition('_')[2]}"


def shimmed(link: str) -> str:
    """Return the redirect in which ``attachments.url`` wraps an outward link; ``unshimmed_url`` gives it bare."""
    return f"https://l.facebook.com/l.php?u={quote(link, safe='')}&h=sandbox"


def passed_on(world: World, link: str) -> Post | None:
    """Return the post that a link to Facebook shares, None for a link that leads elsewhere. Clients in the field report
    that links to Facebook are refused altogether: the switch ``facebook.own_links`` = false does so.

    Raises:
        Declined: the link is malformed, cannot be fetched, or leads into Facebook but to no post (Graph API, *Page
            Feed*, errors 1609005 and 1609008).

    """
    parts = urlsplit(link)
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in link:
        raise parameter("link URL is not properly formatted")
    if parts.hostname.endswith(".invalid"):
        said = ("Couldn't get data", "There was a problem scraping data from the provided link.")
        raise declined(1609005, "(#1609005) Error scraping the link", said=said)
    if parts.hostname != "facebook.com" and not parts.hostname.endswith(".facebook.com"):
        return None
    post = world.post(CHANNEL, _named(parts.path, parse_qs(parts.query)))
    if post is None or world.switches.get("facebook.own_links", True) is False:
        raise declined(100, "Invalid parameter", subcode=1609008, said=("Can't share", "You can't share this link."))
    return post


def _named(path: str, query: dict[str, list[str]]) -> str:
    if path == "/permalink.php" and "story_fbid" in query and "id" in query:
        return f"{query['id'][0]}_{query['story_fbid'][0]}"
    found = _POST_PATH.match(path)
    if not found:
        return ""
    return found["whole"] or f"{found['page']}_{found['post']}"
