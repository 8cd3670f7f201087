"""The shape of a post's body on LinkedIn: what is wanted, what is allowed, what is too long.

LinkedIn, *Posts API*, Post schema. A field beyond it is refused, as the API refuses it.
"""

from typing import Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from campaign.errors import Declined
from campaign.sandbox.linkedin_error import bad_field

COMMENTARY_MAX = 3000
IMAGE = r"^urn:li:image:[\w-]+$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Picture(_Strict):
    """An image alone; its title and its words for a screen reader."""

    id: str = Field(pattern=IMAGE)
    title: str | None = Field(default=None, max_length=400)
    altText: str = Field(default="", max_length=4086)  # noqa: N815 - LinkedIn's spelling


class Tile(_Strict):
    """One image of many."""

    id: str = Field(pattern=IMAGE)
    altText: str = Field(default="", max_length=4086)  # noqa: N815 - LinkedIn's spelling


class Gallery(_Strict):
    """Two to twenty images (LinkedIn, *MultiImage API*)."""

    images: tuple[Tile, ...] = Field(min_length=2, max_length=20, strict=False)
    altText: str = Field(default="", max_length=4086)  # noqa: N815 - LinkedIn's spelling


class Article(_Strict):
    """A link's card. LinkedIn fetches nothing: what is not sent is not shown (*Article posts*)."""

    source: str = Field(pattern=r"^https?://[^\s/]+\S*$")
    title: str = Field(min_length=1, max_length=400)
    description: str = Field(default="", max_length=4086)
    thumbnail: str | None = Field(default=None, pattern=IMAGE)
    thumbnailAltText: str = Field(default="", max_length=4086)  # noqa: N815 - LinkedIn's spelling


class Content(_Strict):
    """What hangs on the words: one of the three."""

    media: Picture | None = None
    multiImage: Gallery | None = None  # noqa: N815 - LinkedIn's spelling
    article: Article | None = None


class Distribution(_Strict):
    """Where the post is shown."""

    feedDistribution: Literal["MAIN_FEED", "NONE"]  # noqa: N815 - LinkedIn's spelling
    targetEntities: list[dict[str, object]] = Field(default_factory=list)  # noqa: N815 - LinkedIn's spelling
    thirdPartyDistributionChannels: list[str] = Field(default_factory=list)  # noqa: N815 - LinkedIn's spelling


class Reshare(_Strict):
    """The post that is passed on."""

    parent: str = Field(pattern=r"^urn:li:(?:share|ugcPost):\d+$")


class NewPost(_Strict):
    """The body of a create."""

    author: str = Field(pattern=r"^urn:li:(?:organization|person):[\w-]+$")
    commentary: str
    visibility: Literal["PUBLIC", "CONNECTIONS", "LOGGED_IN"]
    distribution: Distribution
    lifecycleState: Literal["PUBLISHED"]  # noqa: N815 - LinkedIn's spelling
    isReshareDisabledByAuthor: bool = False  # noqa: N815 - LinkedIn's spelling
    content: Content | None = None
    reshareContext: Reshare | None = None  # noqa: N815 - LinkedIn's spelling


class _Set(_Strict):
    commentary: str


class _Patch(_Strict):
    set_: _Set = Field(alias="$set")


class Change(_Strict):
    """The body of a partial update; of a published post only the words may change."""

    patch: _Patch

    @property
    def commentary(self) -> str:
        """The new words."""
        return self.patch.set_.commentary


def new_post(body: dict[str, object]) -> NewPost:
    """Read the body of a create, or refuse it by its first fault."""
    try:
        post = NewPost.model_validate(body)
    except ValidationError as error:
        _refuse(error)
    if post.content and len(post.content.model_dump(exclude_none=True)) != 1:
        raise bad_field("/content", "exactly one kind of content is expected", "INVALID_VALUE_FOR_FIELD")
    return post


def change(body: dict[str, object]) -> Change:
    """Read the body of a partial update, or refuse it by its first fault."""
    try:
        return Change.model_validate(body)
    except ValidationError as error:
        _refuse(error)


def too_long(length: int) -> Declined:
    """Return the refusal of over-long words."""
    problem = f"length {length} exceeds the maximum of {COMMENTARY_MAX}"
    return bad_field("/commentary", problem, "FIELD_LENGTH_TOO_LONG")


def _refuse(error: ValidationError) -> NoReturn:
    fault = error.errors(include_url=False, include_input=False)[0]
    path = "/" + "/".join(map(str, fault["loc"]))
    problems = {
        "missing": ("field is required but not found and has no default value", "MISSING_FIELD"),
        "extra_forbidden": ("unrecognized field found but not allowed", "UNPERMITTED_FIELD"),
        "string_too_long": (fault["msg"], "FIELD_LENGTH_TOO_LONG"),
    }
    raise bad_field(path, *problems.get(fault["type"], (fault["msg"], "INVALID_VALUE_FOR_FIELD")))
