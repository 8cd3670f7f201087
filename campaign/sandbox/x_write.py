"""Writing on X: create, delete, repost.

Sources: X API v2 reference, "Create Post", "Delete Post", "Repost Post", "Unrepost Post".
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import JSONResponse, Response

from campaign.sandbox.things import Upload
from campaign.sandbox.world import Post, PostMedia
from campaign.sandbox.x_call import EPOCH_MS, Call
from campaign.sandbox.x_media import LIFE
from campaign.sandbox.x_problem import duplicate, forbidden, invalid, not_found
from campaign.sandbox.x_words import refused_sign, rewritten, same_words, too_long

DUPLICATE_WINDOW = timedelta(hours=1)
"""X does not say for how long; the switch ``x.duplicate_window`` gives other seconds."""

Number = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
Settings = Literal["following", "mentionedUsers", "subscribers", "verified"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Media(_Shape):
    media_ids: Annotated[list[Number], Field(min_length=1, max_length=4)]
    tagged_user_ids: Annotated[list[Number], Field(max_length=10)] | None = None
    title: str | None = None
    description: str | None = None
    embeddable: bool | None = None
    preview_media_id: Number | None = None
    call_to_actions: dict[str, object] | None = None


class _Reply(_Shape):
    in_reply_to_tweet_id: Number
    exclude_reply_user_ids: list[str] | None = None
    auto_populate_reply_metadata: bool | None = None


class _Poll(_Shape):
    options: Annotated[list[Annotated[str, Field(min_length=1, max_length=25)]], Field(min_length=2, max_length=4)]
    duration_minutes: Annotated[int, Field(ge=5, le=10080)]
    reply_settings: Settings | None = None


class _Place(_Shape):
    place_id: str


class _Edit(_Shape):
    previous_post_id: Number


class NewPost(_Shape):
    """The body of Create Post; every other key is refused."""

    text: str = ""
    media: _Media | None = None
    reply: _Reply | None = None
    poll: _Poll | None = None
    geo: _Place | None = None
    edit_options: _Edit | None = None
    quote_tweet_id: Number | None = None
    reply_settings: Settings | None = None
    community_id: Number | None = None
    card_uri: str | None = None
    direct_message_deep_link: str | None = None
    for_super_followers_only: bool | None = None
    made_with_ai: bool | None = None
    nullcast: bool | None = None
    paid_partnership: bool | None = None
    share_with_followers: bool | None = None

    @model_validator(mode="after")
    def whole(self) -> "NewPost":
        """Want words or media, and at most one of media, poll, quote and card."""
        if not self.text.strip() and self.media is None:
            raise ValueError("text is required unless media is given")
        if sum(part is not None for part in (self.media, self.poll, self.quote_tweet_id, self.card_uri)) > 1:
            raise ValueError("media, poll, quote_tweet_id and card_uri exclude one another")
        return self


class NewRepost(_Shape):
    """The body of Repost Post."""

    tweet_id: Number


def create(call: Call) -> Response:
    """Store a post and return 201 with its id and its text as X made it."""
    call.needs("tweet.write")
    wanted = call.checked(NewPost)
    if too_long(wanted.text):
        raise invalid("text", wanted.text, "Tweet text is too long")
    if refused_sign(wanted.text):
        raise invalid("text", wanted.text, "Tweet text holds an invalid character")
    if wanted.quote_tweet_id:
        raise forbidden("Quoting is not part of your plan.")
    _check_reply(call, wanted)
    uploads = _uploads(call, wanted)
    with call.world.together():
        _refuse_duplicate(call, wanted)
        post = call.world.add_post(_post(call, wanted, uploads))
    facts = {"id": post.id, "text": post.text, "edit_history_tweet_ids": [post.id]}
    return JSONResponse({"data": facts}, 201)


def _check_reply(call: Call, wanted: NewPost) -> None:
    """Let replies through only to one's own posts: others must have mentioned the author first ("Create Post")."""
    if wanted.reply:
        parent = call.world.post("x", wanted.reply.in_reply_to_tweet_id)
        if parent is None or parent.account != call.account.external_id:
            raise forbidden("Reply to this conversation is not allowed because you have not been mentioned.")


def _uploads(call: Call, wanted: NewPost) -> list[Upload]:
    """Return the uploads to attach: one's own, finished, at most a day old; 4 photos or 1 GIF or 1 video."""
    ids = wanted.media.media_ids if wanted.media else []
    uploads = [call.world.media("x", media_id) for media_id in ids]
    now = call.world.clock.now()
    good = [
        upload
        for upload in uploads
        if upload and upload.account == call.account.external_id and upload.state == "ready"
        if now - upload.created_at < LIFE
    ]
    mixed = len(good) > 1 and any(upload.extra.get("kind") != "photo" for upload in good)
    if len(good) < len(ids) or mixed:
        raise invalid("media.media_ids", ids, "Your media IDs are invalid.")
    return good


def _refuse_duplicate(call: Call, wanted: NewPost) -> None:
    """Refuse words equal to a recent post of the same author; a deleted one still counts."""
    window = timedelta(seconds=call.switch("duplicate_window", DUPLICATE_WINDOW.total_seconds()))
    since = call.world.clock.now() - window
    words = same_words(wanted.text)
    if words and call.world.marked("x", call.account.external_id, words, since=since):
        raise duplicate()


def _post(call: Call, wanted: NewPost, uploads: list[Upload]) -> Post:
    number = str(call.world.snowflake("x", EPOCH_MS))
    page = f"https://x.com/{call.account.handle.removeprefix('@')}/status/{number}"
    keys = [
        (str(upload.extra["media_key"]), f"{page}/{upload.extra['kind']}/{place}")
        for place, upload in enumerate(uploads, 1)
    ]
    text, urls = rewritten(wanted.text, keys)
    return Post(
        channel="x",
        account=call.account.external_id,
        id=number,
        text=text,
        raw=wanted.text,
        created_at=call.world.clock.now(),
        link=next((str(url["expanded_url"]) for url in urls if "media_key" not in url), None),
        media=tuple(PostMedia(upload.id, upload.alt) for upload in uploads),
        mark=same_words(wanted.text) or None,
        extra={
            "urls": urls,
            "media_keys": [key for key, _ in keys],
            "in_reply_to": wanted.reply.in_reply_to_tweet_id if wanted.reply else None,
            "reply_settings": wanted.reply_settings or "everyone",
        },
    )


def delete(call: Call) -> Response:
    """Take a post of one's own down. X does not document a missing one: ``x.delete_missing`` = 200 makes it a yes."""
    call.needs("tweet.write")
    post_id = call.request.path_params["id"]
    post = call.world.post("x", post_id)
    if post is None and int(call.switch("delete_missing", 404)) != 200:  # noqa: PLR2004 - an HTTP status
        raise not_found("id", post_id)
    if post and post.account != call.account.external_id:
        raise forbidden("You are not authorized to delete this Tweet.")
    call.world.delete_post("x", post_id)
    return JSONResponse({"data": {"deleted": True}})


def repost(call: Call) -> Response:
    """Pass a post on; doing it twice changes nothing."""
    call.needs("tweet.write")
    _own_path(call)
    source_id = call.checked(NewRepost).tweet_id
    with call.world.together():
        source = call.world.post("x", source_id)
        if source is None:
            raise not_found("tweet_id", source_id)
        if not _reposts(call, source_id):
            call.world.add_post(_passed_on(call, source))
    return JSONResponse({"data": {"retweeted": True, "rest_id": source_id, "id": source_id}})


def _passed_on(call: Call, source: Post) -> Post:
    author = call.world.account("x", source.account)
    handle = (author.handle if author else source.account).removeprefix("@")
    return Post(
        channel="x",
        account=call.account.external_id,
        id=str(call.world.snowflake("x", EPOCH_MS)),
        text=f"RT @{handle}: {source.text}",
        created_at=call.world.clock.now(),
        share_of=source.id,
    )


def unrepost(call: Call) -> Response:
    """Take one's repost back; ``retweeted`` is false afterwards, whether there was one or not."""
    call.needs("tweet.write")
    _own_path(call)
    for post in _reposts(call, call.request.path_params["source_tweet_id"]):
        call.world.delete_post("x", post.id)
    return JSONResponse({"data": {"retweeted": False}})


def _reposts(call: Call, source_id: str) -> list[Post]:
    return [post for post in call.world.shares_of("x", source_id) if post.account == call.account.external_id]


def _own_path(call: Call) -> None:
    if call.request.path_params["id"] != call.account.external_id:
        raise forbidden("The user in the path must be the authenticated user.")
