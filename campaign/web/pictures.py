"""Pictures that people upload in forms: drawn anew before they are kept, and shown to whoever may use them.

A form carries on the digest of a picture that was uploaded before. It is believed only where the very session uploaded
it, or where it stands there already: nobody names a file of this machine, nor another partner's picture.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fastapi.responses import FileResponse

from campaign.errors import BadInput, UnknownName
from campaign.models import partners
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.users import User
from campaign.people import Right
from campaign.plan.fields import FieldSpec, checked, wrong
from campaign.plan.media import MediaStore
from campaign.ports import Media
from campaign.seats import Seats
from campaign.web import times
from campaign.web.area import Area
from campaign.web.forms import Posted
from campaign.web.house import House
from campaign.web.visitor import Actor, Who

area = Area()

MOST_FILE = 10_000_000
"""Bytes of one picture as it is uploaded."""

MOST_WITH_PICTURES = 12_000_000
"""The longest form with pictures."""

_KEPT = 20
_SEATS = Seats(2, waiting=4)
"""So many pictures are drawn at once: each may take some hundred megabytes while it is, and seconds."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAY = FieldSpec("until", type="date")
_PARTS = ("", "_alt", "_until")


@dataclass(frozen=True, slots=True)
class Picture:
    """The inputs of one picture. ``address`` is where it is seen; empty: it is a file that an admin named."""

    name: str
    label: str
    hint: str
    value: str = ""
    alt: str = ""
    until: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The picture fields of a form of one partner, filled with values."""

    who: Actor
    partner: Partner
    specs: tuple[FieldSpec, ...]
    values: Mapping[str, str]
    post: Post | None = None

    @classmethod
    def of(
        cls,
        who: Actor,
        partner: Partner,
        fields: Mapping[str, FieldSpec],
        values: Mapping[str, str],
        post: Post | None = None,
    ) -> "Pictures":
        """Return those among the fields that are pictures. ``post`` is the one that shows them already."""
        return cls(who, partner, tuple(spec for spec in fields.values() if spec.type == "image"), values, post)

    @property
    def shown(self) -> list[Picture]:
        """The inputs, for the template."""
        return [self._shown(spec) for spec in self.specs]

    def _shown(self, spec: FieldSpec) -> Picture:
        value, alt, until = (self.values.get(f"{spec.name}{part}", "") for part in _PARTS)
        address = addresses(self.who, self.partner, self.post).get(value, "")
        label = spec.name.replace("_", " ").capitalize()
        hint = spec.help.partition(" (")[0].rstrip(".")
        return Picture(spec.name, label, f"{hint}. " if hint else "", value, alt, times.shown(until), address)

    def sent(self, form: Posted) -> tuple[dict[str, str], dict[str, str]]:
        """Return what a form says of each picture, with what is wrong by input. What it uploads is kept at once."""
        values: dict[str, str] = {}
        errors: dict[str, str] = {}
        for spec in self.specs:
            try:
                found = self._sent(spec, form)
            except BadInput as why:
                errors |= {f"{spec.name}_file": f"The picture {_said(why)}"}
                found = {part: self.values.get(part, "") for part in _names(spec)}
            values |= found
            errors |= _faults(spec, found) if f"{spec.name}_file" not in errors else {}
        return values, errors

    def _sent(self, spec: FieldSpec, form: Posted) -> dict[str, str]:
        raw, name = form.file(f"{spec.name}_file"), spec.name
        value = self._taken(raw) if raw else self._carried(name, form.one(name))
        if not value or (form.one(f"{name}_remove") and not raw):
            return dict.fromkeys(_names(spec), "")
        alt, until = (form.one(f"{name}{part}").strip() for part in _PARTS[1:])
        return {name: value, f"{name}_alt": alt, f"{name}_until": times.stored(until)}

    def _carried(self, name: str, value: str) -> str:
        """Return the picture that the form carries on, where it may name it; else the one that stands there."""
        known = value in {*uploaded(self.who), self.values.get(name, "")}
        return value if known else self.values.get(name, "")

    def _taken(self, raw: bytes) -> str:
        """Keep an upload and return its digest. Raises BadInput."""
        digest = take_in(self.who.house, self.who.person, raw)
        self.who.keep(pictures=[*(one for one in uploaded(self.who) if one != digest), digest][-_KEPT:])
        return digest


def take_in(house: House, person: User, raw: bytes) -> str:
    """Draw anew and keep what a person uploads; returns its digest. Raises BadInput, TooMany, Busy."""
    if len(raw) > MOST_FILE:
        raise wrong(f"is larger than {MOST_FILE // 1_000_000} MB", "Save it smaller")
    house.rates.spend("picture", person.name)
    with _SEATS.taken():
        # Its alt text is asked for beside it; the store wants one for whoever uses the picture.
        return MediaStore(house.app.media_folder).take_in(raw, "a picture").digest


def file_of(house: House, digest: str) -> FileResponse:
    """Return a stored picture by its digest. Raises UnknownName."""
    try:
        media = MediaStore(house.app.media_folder).get(digest, "a picture")
    except BadInput as why:
        raise UnknownName(kind="picture", name=digest, mend="Upload it again.") from why
    return picture_file(media)


def picture_file(media: Media) -> FileResponse:
    """Return a picture as a file: under its digest it never changes."""
    return FileResponse(media.path, media_type=media.mime, headers={"Cache-Control": "private, max-age=86400"})


def image_of(house: House, post: Post, digest: str) -> FileResponse:
    """Return an image that a post shows. Raises UnknownName."""
    found = next((one for one in house.app.contents.draft(post).media if one.digest == digest), None)
    if found is None or not found.path.is_file():
        raise UnknownName(kind="image", name=digest, mend="The post shows those that it has.")
    return picture_file(found)


def _names(spec: FieldSpec) -> tuple[str, ...]:
    return tuple(f"{spec.name}{part}" for part in _PARTS)


def _said(why: BadInput) -> str:
    return f"{why.findings[0].problem}. {why.findings[0].mend.rstrip('.')}"


def _faults(spec: FieldSpec, found: Mapping[str, str]) -> dict[str, str]:
    """Find what is wrong with the words beside a picture."""
    file, alt, until = (found[name] for name in _names(spec))
    if not file:
        return {}
    if not alt:
        return {f"{spec.name}_alt": "Say what the picture shows, for those who do not see it"}
    errors: dict[str, str] = {}
    for part, ask in (("_alt", (spec, {"file": file, "alt": alt})), ("_until", (_DAY, until))):
        try:
            checked(*ask)
        except BadInput as why:
            errors[f"{spec.name}{part}"] = f"What it shows {_said(why)}" if part == "_alt" else f"The day {_said(why)}"
    return errors


def own(sent: Mapping[str, str], details: Mapping[str, str], specs: Iterable[FieldSpec]) -> dict[str, str]:
    """Return the pictures that are a post's own, each with its words: what equals the details follows them."""
    found: dict[str, str] = {}
    for spec in specs:
        parts = {name: sent.get(name, "") for name in _names(spec)}
        if parts[spec.name] and any(text != details.get(name, "") for name, text in parts.items()):
            found |= {name: text for name, text in parts.items() if text}
    return found


def uploaded(who: Actor) -> list[str]:
    """Return the digests of what this session has uploaded, the newest last."""
    return list(who.visit.kept.get("pictures") or [])


def addresses(who: Actor, partner: Partner, post: Post | None = None) -> dict[str, str]:
    """Return where the person sees each picture that they may use for this partner, by digest; with those of a post."""
    media = who.house.app.contents.draft(post).media if post else ()
    shown = {one.digest: f"/posts/{post.ident}/images/{one.digest}" for one in media} if post else {}
    digests = {*uploaded(who), *(value for value in partner.details.values() if _DIGEST.fullmatch(value))}
    return shown | {digest: f"/pictures/{partner.key}/{digest}" for digest in digests}


@area.get("/pictures/{partner}/{digest}", Right.QUEUE)
def show(partner: str, digest: str, who: Who) -> FileResponse:
    """Show a picture of a partner's details, or one that this session has uploaded."""
    with who.reading() as session:
        found = partners.partner_by_key(session, partner)
    mine = found is not None and (not who.partners or partner in who.partners)
    if found is None or not mine or digest not in addresses(who, found):
        raise UnknownName(kind="picture", name=digest, mend="Upload it again.")
    return file_of(who.house, digest)
