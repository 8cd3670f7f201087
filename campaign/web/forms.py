"""Forms: strings come in, a pydantic model reads them, and what is wrong goes out as GOV.UK's error summary."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from starlette.datastructures import UploadFile

from campaign.errors import BadInput, Finding, TurnedAway, WrongUse

CONFLICT, WRONG = 409, 422
"""The statuses of a form that comes back: what it was opened on has changed; something in it is wrong."""

MOST_BYTES = 100_000
"""A form without files is no longer; more is not read."""

_MOST_FILES = 10


class TooLong(TurnedAway):
    """The form is longer than any of ours, or does not say how long it is."""

    status, code = 413, "too-long"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields of a form as they came, and its files."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """Return a field's text; nothing where it did not come."""
        return self.values.get(name, ("",))[0]

    def many(self, name: str) -> tuple[str, ...]:
        """Return everything that was ticked under a name."""
        return self.values.get(name, ())

    def file(self, name: str) -> bytes:
        """Return the bytes of a file; nothing where none was chosen."""
        return self.files[name].content if name in self.files else b""


async def posted(request: Request) -> Posted:
    """Read the form of a request, once; bodies come in asynchronously. Raises TooLong."""
    length = request.headers.get("content-length", "")
    most = getattr(request.state, "most_bytes", MOST_BYTES)
    if not length.isdigit() or int(length) > most:
        raise TooLong
    async with request.form(max_files=_MOST_FILES if most > MOST_BYTES else 0) as data:
        names = dict.fromkeys(data.keys())
        values = {name: tuple(text for text in data.getlist(name) if isinstance(text, str)) for name in names}
        files = {name: await _upload(file) for name, file in data.items() if not isinstance(file, str)}
    return Posted(values, files)


async def _upload(file: UploadFile) -> Upload:
    return Upload(PurePath(file.filename or "").name, await file.read())


Sent = Annotated[Posted, Depends(posted)]
"""What a handler of a form takes."""


class Fields(BaseModel):
    """The fields of one form. ``missing`` says of each what a person reads who left it out or mistyped it."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True, hide_input_in_errors=True)
    missing: ClassVar[Mapping[str, str]] = {}

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_stored(cls, text: object) -> object:
        """Refuse a NUL: no key types one, and PostgreSQL answers a text with one by an error."""
        if isinstance(text, str) and "\0" in text:
            raise mistake("It holds a sign that cannot be stored. Type it again")
        return text

    @property
    def lacks(self) -> tuple[str, str] | None:
        """The field that is empty and that another makes necessary, with what to say."""
        return None


Secret = Annotated[str, StringConstraints(strip_whitespace=False)]
"""A text that is taken exactly as it was typed: a password."""


def seen(shown: Iterable[object]) -> str:
    """Return the digest of what a page shows, for its form to carry: whoever acts on it acts on what they saw."""
    return sha256(repr(list(shown)).encode()).hexdigest()


def options(blank: str, pairs: Iterable[tuple[str, str]], chosen: str | None) -> list[dict[str, object]]:
    """Return the choices of a select, of (value, text), under ``blank``, which chooses nothing."""
    return [{"value": value, "text": text, "selected": value == chosen} for value, text in [("", blank), *pairs]]


def mistake(words: str) -> PydanticCustomError:
    """Return what a validator raises, so that the person reads these words."""
    return PydanticCustomError("said", "{words}", {"words": words})


Kind = TypeVar("Kind", bound=Fields)


@dataclass(frozen=True, slots=True)
class Form(Generic[Kind]):
    """A form as it was filled in: what was found, or what is wrong with which field. Templates show it again."""

    posted: Posted = field(default_factory=Posted)
    found: Kind | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        """Return what the person typed, to show it again."""
        return self.posted.one(name) or default

    def error(self, name: str) -> dict[str, str] | None:
        """Return a field's error as the macros take it."""
        return {"text": self.errors[name]} if name in self.errors else None

    @property
    def summary(self) -> list[dict[str, str]]:
        """Every error with the link to its field, for the error summary."""
        return [{"text": words, "href": f"#{name}"} for name, words in self.errors.items()]

    def wrong(self, name: str, words: str) -> "Form[Kind]":
        """Return the form with an error that only the handler could find."""
        return Form(self.posted, None, {**self.errors, name: words})


_NO_LABELS: Mapping[str, str] = {}


def faulty(form: Posted, error: WrongUse, other: str, labels: Mapping[str, str] = _NO_LABELS) -> Form[Any]:
    """Return a form with what the floors below found wrong, each beside its field and by the field's name on the page,
    which is told in ``labels`` where it is another; what is about none of the form's fields stands at ``other``.
    """
    if isinstance(error, BadInput):
        said = {one.field: f"{_of(one, labels)}. {one.advice}" for one in error.findings}
    else:
        said = {str(error.facts.get("field", other)): str(error)}
    return Form(form, None, {name if name in form.values else other: words for name, words in said.items()})


def _of(one: Finding, labels: Mapping[str, str]) -> str:
    """Return what is wrong with the name of its field before it: a summary of errors stands away from the fields."""
    label = labels.get(one.field) or one.field.replace("_", " ").capitalize()
    return f"{label} {one.problem[3:]}" if one.problem.startswith("it ") else f"{label}: {one.problem}"


def read(kind: type[Kind], form: Posted) -> Form[Kind]:
    """Read a form; ``found`` is None when anything is wrong with it."""
    values = {name: form.one(name) for name in kind.model_fields if form.one(name).strip()}
    try:
        found = kind.model_validate(values)
    except ValidationError as error:
        return Form(form, None, dict(_told(kind, fault) for fault in error.errors()))
    return Form(form, None, dict([found.lacks])) if found.lacks else Form(form, found)


def _told(kind: type[Fields], fault: ErrorDetails) -> tuple[str, str]:
    """Return the field and what its person reads."""
    name = str(fault["loc"][0]) if fault["loc"] else ""
    return name, fault["msg"] if fault["type"] == "said" else kind.missing.get(name, fault["msg"])
