"""What comes in and goes out of posts, and of several modules' calls, as pydantic models: OpenAPI is made from them."""

from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from campaign.errors import Finding
from campaign.intake.values import KEY_MAX, ROW_MAX
from campaign.plan.days import YEARS

Item = TypeVar("Item")
When = TypeVar("When", bound=date)


def _plain(text: str) -> str:
    if any(not letter.isprintable() and letter not in "\n\t" for letter in text):
        msg = "it has letters that cannot be printed"
        raise ValueError(msg)
    return text


def _near(moment: When) -> When:
    if moment.year not in YEARS:
        msg = "the year is not between 2000 and 2100"
        raise ValueError(msg)
    return moment


Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), AfterValidator(_plain)]
Address = Annotated[str, StringConstraints(min_length=8, max_length=1000), AfterValidator(_plain)]
Words = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_plain)]
Instant = Annotated[AwareDatetime, AfterValidator(_near)]
Day = Annotated[date, AfterValidator(_near)]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
PartnerKey = Annotated[
    str, Path(max_length=KEY_MAX, pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", description="The partner's key.")
]
PostId = Annotated[int, Path(ge=1, le=ROW_MAX, description="The post's number.")]
RowNumber = Annotated[str, StringConstraints(pattern="^[1-9][0-9]{0,9}$")]
Size = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str, Query(max_length=100, description="`next` of the page before.")]


class Sent(BaseModel):
    """A body that came in; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewPost(Sent):
    """A post outside the timetable."""

    partner: Name
    channel: Name
    account: str = Field(default="", max_length=200, description="Its handle, where the partner has several there.")
    template: Name
    due_at: Instant
    fields: dict[Name, Words] = Field(default_factory=dict, max_length=50)


class Correction(Sent):
    """What a newsletter said wrongly, and what is right."""

    due_at: Instant
    fields: dict[Name, Words] = Field(min_length=1, max_length=50)


class NewWords(Sent):
    """Values for fields of the post's template; what is not named stays."""

    fields: dict[Name, Words] = Field(min_length=1, max_length=50)


class NewTime(Sent):
    """Another time."""

    due_at: Instant


class CsvFile(Sent):
    """A CSV file."""

    csv: Annotated[str, StringConstraints(min_length=1, max_length=80_000)]
    name: Name = Field(default="rows.csv", description="What the file is called where it is spoken of.")


class SeenCsvFile(CsvFile):
    """A CSV file whose preview was seen."""

    seen: Digest


class Seen(Sent):
    """The content that was seen: its whole hash."""

    content_hash: Digest


class Comment(Sent):
    """What needs to change."""

    comment: Reason


class Why(Sent):
    """Why."""

    reason: Reason


class Yes(Sent):
    """What a partner's yes is for."""

    slot: Name | None = Field(default=None, description="A slot of the timetable; null: the whole campaign.")


class Page(BaseModel, Generic[Item]):
    """Some of many. ``next`` is the cursor of those after them; null where there are none."""

    items: list[Item]
    next: str | None = None


class Fault(BaseModel):
    """What is wrong with something, or wants looking at."""

    field: str
    problem: str
    mend: str
    severity: str = Field(description="error or warning")

    @classmethod
    def of(cls, found: Finding) -> "Fault":
        """Return a finding as it goes out."""
        return cls(field=found.field, problem=found.problem, mend=found.mend, severity=found.severity)


class PostOut(BaseModel):
    """A post."""

    id: str
    partner: str
    channel: str
    account: str
    template: str
    slot: str
    occurrence: str
    due_at: str
    status: str
    content_hash: str
    external_id: str | None
    url: str | None
    published_at: str | None
    needs_person: str | None


class PostStory(PostOut):
    """A post with all that happened to it."""

    events: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    deliveries: dict[str, int]


class PostPreview(BaseModel):
    """Exactly what a post will send."""

    model_config = ConfigDict(extra="allow")
    channel: str
    text: str
    link: str | None
    media: list[dict[str, Any]]


class PostProposed(BaseModel):
    """What a new post would send; null where it would be none."""

    preview: PostPreview | None
    faults: list[Fault]


class Agreed(BaseModel):
    """How many drafts went to review by a partner's yes."""

    partner: str
    submitted: int


class Revoked(BaseModel):
    """How many approved posts went back to review, since their partner no longer agrees."""

    partner: str
    returned: int


class PartnerOut(BaseModel):
    """A partner."""

    partner: str
    name: str
    kind: str
    region: str
    approver: str
    agreed: bool
    details: dict[str, Any]


class AccountOut(BaseModel):
    """An account. Its credentials are never shown."""

    id: str
    partner: str
    channel: str
    handle: str
    external_id: str
    mode: str
    credentials: bool
    can_find: bool | None
    stopped: str | None
    stopped_until: str | None
    disabled: str | None
