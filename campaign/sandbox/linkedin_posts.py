"""What changes an organisation's page on the local LinkedIn: create, edit, delete.

LinkedIn, *Posts API*. A create answers 201 with an empty body; the URN stands in the header ``x-restli-id`` alone.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from starlette.responses import Response

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.linkedin_call import CHANNEL, Call, name_of, organisation
from campaign.sandbox.linkedin_error import bad_field, denied, duplicate, not_found, too_many_today
from campaign.sandbox.linkedin_images import available
from campaign.sandbox.linkedin_shape import COMMENTARY_MAX, NewPost, change, new_post, too_long
from campaign.sandbox.little import Commentary, parse, unescaped
from campaign.sandbox.restli import illegal
from campaign.sandbox.world import Post, PostMedia, World

WRITE = "w_organization_social"
DUPLICATE_WINDOW = 86_400.0
"""Seconds; LinkedIn documents none, so the switch ``linkedin.duplicate_window`` may set another."""


def create(call: Call) -> Response:
    """Make a post."""
    body = new_post(call.json())
    author = call.speaker(body.author, WRITE, "partnerApiPostsExternal.CREATE")
    _count(call.world, author)
    words = _words(call.world, body.commentary)
    with call.world.together():
        _check_parent(call.world, body)
        media = tuple(_media(body))
        _check_images(call.world, author, body, media)
        _not_again(call.world, author, body)
        post = call.world.add_post(_post(call.world, author, body, words, media))
    return Response(status_code=201, headers={"x-restli-id": post.id, "x-linkedin-id": post.id})


def _count(world: World, author: SandboxAccount) -> None:
    """Refuse more creates a day (UTC) than the switch ``linkedin.daily_limit`` allows: LinkedIn publishes no figure."""
    most = world.switches.get("linkedin.daily_limit")
    if not isinstance(most, int):
        return
    key = f"linkedin/creates/{author.external_id}/{world.clock.now().date()}"
    with world.together():
        made = int(str(world.recall(key) or 0))
        if made >= most:
            raise too_many_today()
        world.keep(key, made + 1)


def edit(call: Call) -> Response:
    """Change the words of a post (*Posts API*, Update posts)."""
    if call.rest_method != "PARTIAL_UPDATE":
        raise illegal("X-RestLi-Method must be PARTIAL_UPDATE")
    words = _words(call.world, change(call.json()).commentary)
    post = _own(call, "partnerApiPostsExternal.PARTIAL_UPDATE")
    if post is None:
        raise not_found(call.urn)
    now = int(call.world.clock.now().timestamp() * 1000)
    extra = {**post.extra, "commentary": words.stored, "modified": now, "edited": True}
    call.world.change_post(replace(post, text=words.shown, extra=extra))
    return Response(status_code=204)


def delete(call: Call) -> Response:
    """Take a post down; that it is gone already is no fault (*Posts API*, Delete posts: idempotent)."""
    if _own(call, "partnerApiPostsExternal.DELETE"):
        call.world.delete_post(CHANNEL, call.urn)
    return Response(status_code=204)


def _own(call: Call, resource: str) -> Post | None:
    call.needs(WRITE, resource)
    post = call.world.post(CHANNEL, call.urn)
    if post and post.account not in {one.external_id for one in call.held if one.may(WRITE)}:
        raise denied(resource, call.version)
    return post


def _words(world: World, source: str) -> Commentary:
    """Read the commentary. The switch ``linkedin.forgets_escapes`` makes an escaped sign cut the post too."""
    if world.switches.get("linkedin.forgets_escapes"):
        source = unescaped(source)
    names = {organisation(one): name_of(one) for one in world.on(CHANNEL)}
    words = parse(source.replace("\r\n", "\n"), names)
    if words.length > COMMENTARY_MAX:
        raise too_long(words.length)
    return words


def _check_parent(world: World, body: NewPost) -> None:
    if body.reshareContext is None:
        return
    parent = world.post(CHANNEL, body.reshareContext.parent)
    if parent is None or parent.extra.get("no_reshare"):
        problem = f"{body.reshareContext.parent} cannot be reshared"
        raise bad_field("/reshareContext/parent", problem, "INVALID_VALUE_FOR_FIELD")
    if body.content is not None:
        raise bad_field("/content", "a reshare has no content of its own", "INVALID_VALUE_FOR_FIELD")


def _media(body: NewPost) -> Iterator[PostMedia]:
    if body.content and body.content.media:
        yield PostMedia(body.content.media.id, body.content.media.altText)
    if body.content and body.content.multiImage:
        for tile in body.content.multiImage.images:
            yield PostMedia(tile.id, tile.altText)


def _check_images(world: World, author: SandboxAccount, body: NewPost, media: tuple[PostMedia, ...]) -> None:
    urns = [item.id for item in media]
    if body.content and body.content.article and body.content.article.thumbnail:
        urns.append(body.content.article.thumbnail)
    for urn in urns:
        if not available(world, author, urn):
            raise bad_field(
                "/content", f"{urn} is not an available image of {body.author}", "INVALID_CONTENT_OWNERSHIP"
            )


def _not_again(world: World, author: SandboxAccount, body: NewPost) -> None:
    """Refuse equal content of the same author, with the URN of what is there.

    A deleted post goes on counting for a while, and the URN cited then is a new one that leads nowhere: people who
    use the live API report it.
    """
    seconds = float(str(world.switches.get("linkedin.duplicate_window", DUPLICATE_WINDOW)))
    since = world.clock.now() - timedelta(seconds=seconds)
    for post in world.marked(CHANNEL, author.external_id, _digest(body), since=since):
        raise duplicate(f"urn:li:share:{world.snowflake(CHANNEL)}" if post.deleted_at else post.id)


def _digest(body: NewPost) -> str:
    same = body.model_dump_json(include={"author", "commentary", "content", "reshareContext"})
    return hashlib.sha256(same.encode()).hexdigest()


def _post(world: World, author: SandboxAccount, body: NewPost, words: Commentary, media: tuple[PostMedia, ...]) -> Post:
    """Build the post; its number carries the millisecond, as LinkedIn's do, and galleries are ugcPosts."""
    article = body.content.article if body.content else None
    kind = "ugcPost" if body.content and body.content.multiImage else "share"
    extra = {
        "commentary": words.stored,
        "content": body.content.model_dump(mode="json", exclude_none=True) if body.content else None,
        "visibility": body.visibility,
        "distribution": body.distribution.model_dump(mode="json"),
        "no_reshare": body.isReshareDisabledByAuthor,
    }
    return Post(
        channel=CHANNEL,
        account=author.external_id,
        id=f"urn:li:{kind}:{world.snowflake(CHANNEL)}",
        text=words.shown,
        created_at=world.clock.now(),
        link=article.source if article else None,
        link_title=article.title if article else None,
        media=media,
        share_of=body.reshareContext.parent if body.reshareContext else None,
        mark=_digest(body),
        extra=extra,
    )
