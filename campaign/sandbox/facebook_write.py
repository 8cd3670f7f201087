"""What changes a page on the local Facebook: photos, posts, edits, deletions."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.facebook_call import CHANNEL, Call, Photo
from campaign.sandbox.facebook_error import declined, duplicate, missing_object, not_permitted, parameter
from campaign.sandbox.facebook_link import passed_on
from campaign.sandbox.world import Post, PostMedia, Upload, World

MESSAGE_MAX = 63_206
PHOTO_MAX = 4 * 1024 * 1024
"""Bytes; above it the answer is subcode 1366046, as clients in the field report it."""

FEED = {
    *("message", "link", "attached_media", "published", "targeting", "feed_targeting", "place", "tags"),
    *("call_to_action", "backdated_time", "scheduled_publish_time", "unpublished_content_type"),
}
PHOTOS = {"source", "url", "published", "caption", "message", "alt_text_custom", "temporary", "no_story"}

_KINDS = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
}
"""What counts as a photo is told by its first bytes; clients name the type wrongly or not at all."""


def publish(world: World, page: SandboxAccount, call: Call) -> Post:
    """Make a post on the page's feed (Graph API, *Page Feed*, Publishing)."""
    _may_publish(page)
    call.only(FEED)
    _published_now(call)
    message, link = _message(call.text("message")), call.text("link")
    with world.together():
        original = passed_on(world, link) if link else None
        photos = tuple(_attached(world, page, entry) for entry in call.entries("attached_media"))
        if not (message or link or photos):
            said = ("Missing content", "The post is empty. Please enter a message to share.")
            raise declined(100, "(#100) Missing message or attachment", subcode=1349125, said=said)
        _not_the_last_again(world, page, message)
        post = _stored(world, page, message, photos)
        share_of = original.id if original else None
        # Photos win over a link: a follower sees the photos alone.
        return world.add_post(replace(post, link=None if photos else link, share_of=share_of))


def add_photo(world: World, page: SandboxAccount, call: Call) -> tuple[str, Post | None]:
    """Take a photo; unless ``published`` is false it is a post at once (Graph API, *Page Photos*, Publishing)."""
    _may_publish(page)
    call.only(PHOTOS)
    photo = call.params.get("source")
    if not isinstance(photo, Photo):
        raise declined(324, "(#324) Requires upload file")
    mime = _kind(photo)
    visible = call.flag("published", default=True)
    message = _message(call.text("message") or call.text("caption"))
    with world.together():
        upload = _upload(world, page, replace(photo, mime=mime), call.text("alt_text_custom") or "")
        if not visible:
            return upload.id, None
        _not_the_last_again(world, page, message)
        return upload.id, world.add_post(_stored(world, page, message, (_used(world, upload),)))


def edit(world: World, page: SandboxAccount, post: Post, call: Call) -> None:
    """Change the words of a post (Graph API, *Page Post*, Updating)."""
    _may_publish(page)
    call.only({"message"})
    message = call.text("message")
    if message is None:
        raise parameter("Param message is required")
    world.change_post(replace(post, text=_message(message), extra={**post.extra, "edited": True}))


def delete(world: World, page: SandboxAccount, post: Post) -> None:
    """Take a post down (Graph API, *Page Post*, Deleting)."""
    _may_publish(page)
    if not world.delete_post(CHANNEL, post.id):
        raise missing_object(post.id, "DELETE")


def _may_publish(page: SandboxAccount) -> None:
    if not page.may("pages_manage_posts"):
        message = (
            "If posting to a page, requires both pages_read_engagement and pages_manage_posts as an admin with "
            "sufficient administrative permission"
        )
        raise not_permitted(message, code=200)


def _published_now(call: Call) -> None:
    """Refuse unpublished posts: campaign keeps its own timetable, so the local Facebook keeps none."""
    if not call.flag("published", default=True) or "scheduled_publish_time" in call.params:
        raise parameter("The local Facebook publishes at once: it keeps no scheduled or unpublished posts")


def _message(text: str | None) -> str:
    message = (text or "").replace("\r\n", "\n").strip()
    if len(message) > MESSAGE_MAX:
        raise parameter(f"Param message must be at most {MESSAGE_MAX} characters")
    return message


def _not_the_last_again(world: World, page: SandboxAccount, message: str) -> None:
    """Refuse the words of the page's last post (code 506); how long that holds is not documented: a switch."""
    window = world.switches.get("facebook.duplicate_window", 86_400.0)
    since = world.clock.now() - timedelta(seconds=float(str(window)))
    alike = world.marked(CHANNEL, page.external_id, message, since=since) if message else []
    equal = next((one for one in alike if not one.deleted_at and one.text == message), None)
    if equal is None:
        return
    newer = world.stored(CHANNEL, page.external_id, since=equal.created_at)
    if next(one for one in newer if not one.deleted_at).id == equal.id:
        raise duplicate()


def _stored(world: World, page: SandboxAccount, message: str, photos: tuple[PostMedia, ...]) -> Post:
    number = world.snowflake(CHANNEL)
    return Post(
        channel=CHANNEL,
        account=page.external_id,
        id=f"{page.external_id}_{number}",
        text=message,
        created_at=world.clock.now(),
        media=photos,
        mark=message or None,
    )


def _upload(world: World, page: SandboxAccount, photo: Photo, alt: str) -> Upload:
    number, now = str(world.snowflake(CHANNEL)), world.clock.now()
    upload = Upload(CHANNEL, page.external_id, number, now, photo.mime, alt, "unpublished", photo.data)
    world.add_media(upload)
    return upload


def _kind(photo: Photo) -> str:
    mime = next((name for name, start in _KINDS.items() if start.match(photo.data)), None)
    if len(photo.data) >= PHOTO_MAX or mime is None:
        said = ("Can't read files", "Your photos couldn't be uploaded. Photos should be less than 4 MB and JPG or PNG.")
        raise declined(100, "(#100) Invalid parameter", subcode=1366046, said=said)
    return mime


def _attached(world: World, page: SandboxAccount, entry: Mapping[str, str]) -> PostMedia:
    if set(entry) != {"media_fbid"}:
        raise parameter("Param attached_media must hold objects with the one key media_fbid")
    upload = world.media(CHANNEL, entry["media_fbid"])
    if upload is None or upload.account != page.external_id:
        raise missing_object(entry["media_fbid"], "POST")
    if upload.state != "unpublished":
        said = ("Already posted", "This photo was already posted.")
        raise declined(100, "(#100) Invalid parameter", subcode=1366051, said=said)
    return _used(world, upload)


def _used(world: World, upload: Upload) -> PostMedia:
    world.add_media(replace(upload, state="published"))
    return PostMedia(upload.id, upload.alt)
