"""How the local Facebook shows a post: every field that may be asked for, and what is left out.

Graph API, *Page Post*: a field without a value is not in the answer; ``shares`` is such a field when it is zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.facebook_call import CHANNEL
from campaign.sandbox.facebook_error import not_permitted, parameter
from campaign.sandbox.facebook_fields import Field
from campaign.sandbox.facebook_insights import insights
from campaign.sandbox.facebook_link import SITE, permalink, shimmed
from campaign.sandbox.world import Post, PostMedia, World

DEFAULT = (Field("created_time"), Field("message"), Field("id"))


@dataclass(frozen=True, slots=True)
class Seen:
    """A post in the eyes of the page whose token asks."""

    world: World
    page: SandboxAccount
    post: Post


def shown(seen: Seen, fields: Sequence[Field]) -> dict[str, object]:
    """Return the fields asked for, and the id, which always comes along. An unknown field fails the whole call."""
    answer: dict[str, object] = {}
    for field in fields or DEFAULT:
        if field.name not in FIELDS:
            raise parameter(f"Tried accessing nonexisting field ({field.name}) on node type (PagePost)")
        value = FIELDS[field.name](seen, field)
        if value is not None:
            answer[field.name] = value
    return answer | {"id": seen.post.id}


def stamp(instant: datetime) -> str:
    """Return an instant as the Graph API writes it: to the second, offset without a colon."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _status_type(seen: Seen, _field: Field) -> str:
    if seen.post.share_of or seen.post.link:
        return "shared_story"
    return "added_photos" if seen.post.media else "mobile_status_update"


def _shares(seen: Seen, _field: Field) -> dict[str, object] | None:
    count = seen.world.figures(seen.post).shares
    return {"count": count} if count else None


def _people(figure: str) -> Callable[[Seen, Field], dict[str, object]]:
    """Make the reader of likes, comments or reactions: who they are stays hidden, ``.summary`` counts them.

    Meta, *Permissions reference*: what people wrote and clicked on a page needs pages_read_user_content.
    """

    def read(seen: Seen, field: Field) -> dict[str, object]:
        if not seen.page.may("pages_read_user_content"):
            message = "This endpoint requires the 'pages_read_user_content' permission"
            raise not_permitted(message)
        counted = field.modifiers.get("summary", "false") not in {"false", "0"}
        count = getattr(seen.world.figures(seen.post), figure)
        return {"data": [], **({"summary": {"total_count": count}} if counted else {})}

    return read


def _insights(seen: Seen, field: Field) -> dict[str, object]:
    return insights(seen.world, seen.page, seen.post, field.modifiers.get("metric", ""))


def _attachments(seen: Seen, field: Field) -> dict[str, object] | None:
    attachment = _album(seen.post) if seen.post.media else _link(seen.post) if seen.post.link else None
    return attachment and {"data": [_part(attachment, field.inner)]}


def _link(post: Post) -> dict[str, object]:
    link = post.link or ""
    target: dict[str, object] = {"url": shimmed(link)}
    if post.share_of:
        target = {"id": post.share_of, "url": link}
    return {
        "media_type": "link",
        "type": "share",
        "title": post.link_title or urlsplit(link).hostname,
        "target": target,
        "url": link if post.share_of else shimmed(link),
        "unshimmed_url": link,
    }


def _album(post: Post) -> dict[str, object]:
    photos = [_photo(item) for item in post.media]
    if len(photos) == 1:
        return photos[0]
    target = {"id": post.id.rpartition("_")[2], "url": permalink(post)}
    pictures: dict[str, object] = {"data": photos}
    return {
        "media_type": "album",
        "type": "album",
        "target": target,
        "url": permalink(post),
        "subattachments": pictures,
    }


def _photo(item: PostMedia) -> dict[str, object]:
    url = f"{SITE}/photo.php?fbid={item.id}"
    photo: dict[str, object] = {"media_type": "photo", "type": "photo", "url": url, "unshimmed_url": url}
    picture = {"image": {"src": f"https://scontent.example/{item.id}"}}
    return photo | {"target": {"id": item.id, "url": url}, "media": picture, "description": item.alt}


def _part(value: Mapping[str, object], inner: Sequence[Field]) -> dict[str, object]:
    """Return the sub-fields asked for; without any, all but ``subattachments`` come."""
    if not inner:
        return {key: part for key, part in value.items() if key != "subattachments"}
    answer: dict[str, object] = {}
    for field in inner:
        part = value.get(field.name)
        if isinstance(part, dict) and "data" in part:
            answer[field.name] = {"data": [_part(one, field.inner) for one in part["data"]]}
        elif isinstance(part, dict) and field.inner:
            answer[field.name] = _part(part, field.inner)
        elif part is not None:
            answer[field.name] = part
        elif field.name not in ATTACHMENT:
            raise parameter(f"Tried accessing nonexisting field ({field.name}) on node type (StoryAttachment)")
    return answer


ATTACHMENT = {
    *("media_type", "type", "title", "description", "target", "url", "unshimmed_url", "media", "subattachments"),
    *("id", "image", "src"),
}

FIELDS: Mapping[str, Callable[[Seen, Field], object]] = {
    "id": lambda seen, _: seen.post.id,
    "message": lambda seen, _: seen.post.text or None,
    "created_time": lambda seen, _: stamp(seen.post.created_at),
    "updated_time": lambda seen, _: stamp(seen.post.created_at),
    "permalink_url": lambda seen, _: permalink(seen.post),
    "is_published": lambda _seen, _: True,
    "is_hidden": lambda _seen, _: False,
    "status_type": _status_type,
    "parent_id": lambda seen, _: seen.post.share_of,
    "from": lambda seen, _: {"id": seen.page.external_id, "name": seen.page.partner_name},
    "shares": _shares,
    "attachments": _attachments,
    "likes": _people("reactions"),
    "reactions": _people("reactions"),
    "comments": _people("comments"),
    "insights": _insights,
}
"""By name: how a field of a post is read. None leaves it out."""


def visible(world: World, page: SandboxAccount, post_id: str) -> Post | None:
    """Return a post that this page's token may read: one of its own."""
    post = world.post(CHANNEL, post_id)
    if post and post.account != page.external_id:
        message = "This endpoint requires the 'Page Public Content Access' feature for posts of other pages"
        raise not_permitted(message)
    return post
