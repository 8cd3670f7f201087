"""Fill a template with facts: the one place where a toolkit's words and a partner's details meet.

Details are handed over as data and never read as a template. For mail, which is Markdown, what a partner wrote is
escaped so that it shows as written.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NoReturn
from zoneinfo import ZoneInfo

from jinja2 import TemplateError, UndefinedError

from campaign.errors import BadInput, Finding
from campaign.plan.days import day_after
from campaign.plan.fields import FieldSpec, Picture, Quote, Value, checked, placed
from campaign.plan.head import Template
from campaign.plan.jinja import render
from campaign.plan.media import MediaStore
from campaign.ports import MAIL, Draft, Media

_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|~&]|(?<![^\n])[#+=-]|(?<![^\n])\d+(?=[.)]))")
_ADDRESS: Final = re.compile(r"https?://\S+|[^\s@]+@[^\s@]+\.[^\s@]+")
REGISTERED: Final = frozenset({"key", "name", "kind", "region"})
"""What the register says of a partner itself, whatever its details have under these names."""

_PARTS: Final = {"quote": ("text", ("name", "role")), "image": ("file", ("alt", "until"))}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may know of one post.

    ``fields`` are the post's own values; a field without one takes the partner's detail of the same name, then its
    default. A quote is a mapping (text, name, role) or the three values QUOTE, QUOTE_name and QUOTE_role; an image a
    mapping (file, alt, until) or IMAGE, IMAGE_alt and IMAGE_until. ``zone`` is where days begin and end.
    """

    campaign: Mapping[str, object]
    partner: Mapping[str, object]
    event: Mapping[str, object] | None = None
    question: Mapping[str, object] | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    channel: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


def fill(template: Template, facts: Facts, media: MediaStore, *, card: bool = False) -> Draft:
    """Return the draft that ``template`` makes of ``facts``.

    ``card``: the channel shows a link as a card, so a line that is only the card's address leaves the words. A post
    with an image shows no card, so there the line stays.

    Raises:
        BadInput: naming each field that is missing, too long or ill-typed, or the name that nothing fills.

    """
    values = _values(template, facts)
    pictures = _pictures(template, values, media, facts.zone)
    names = {**values, **_given_to_all(facts)}
    lines = {key: _line(template, key, names) for key in ("subject", "preheader", "link", "link_title")}
    words = _render(template, "words", template.words, _for_markdown(names) if facts.channel == MAIL else names)
    link = lines["link"] if card and not pictures else None
    words = settled(words, without=link)
    if not words:
        _stop(template, "words", "are empty", "Give the template words, or fill a field that it shows.")
    if facts.channel == MAIL and not lines["subject"]:
        _stop(template, "subject", "is missing", "Add `subject:` to the front matter.")
    return Draft(
        words=words,
        link=link,
        link_title=lines["link_title"],
        media=pictures,
        subject=lines["subject"],
        preheader=lines["preheader"],
    )


def _given_to_all(facts: Facts) -> dict[str, object]:
    """Return what every template may read beside its fields."""
    names = ("campaign", "partner", "event", "question", "channel")
    return {name: getattr(facts, name) for name in names}


@dataclass(frozen=True, slots=True)
class Outline:
    """A template's words with everything filled in but what a partner writes: ``holes`` are the names of those fields,
    in brackets, as they stand in the words.
    """

    words: str
    holes: frozenset[str] = frozenset()


def outline(template: Template, facts: Facts, *, without: str | None = None) -> Outline:
    """Return the words as ``fill`` makes them, with each field that has a value by its name. The wording of a choice is
    the template's, and kind and region are the register's: they are filled in. ``without`` as for ``settled``.

    Raises:
        BadInput: a field is ill-typed, or nothing fills a name.

    """
    values = _values(template, facts)
    named = {
        name: f"[{name.replace('_', ' ')}]"
        for name, spec in template.fields.items()
        if values[name] and spec.type not in {"choice", "image"} and (name in facts.fields or name not in REGISTERED)
    }
    names = {**values, **_given_to_all(facts)}
    words = _render(
        template, "words", template.words, (_for_markdown(names) if facts.channel == MAIL else names) | named
    )
    return Outline(settled(words, without=without), frozenset(named.values()))


def settled(text: str, *, without: str | None = None) -> str:
    """Return ``text`` in normal form C, without blanks at line ends, lines that are only ``without``, or wide gaps."""
    lines = (line.rstrip() for line in _nfc(text).split("\n"))
    kept = [line for line in lines if without is None or line.strip() != without]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")


def _values(template: Template, facts: Facts) -> dict[str, Value]:
    values: dict[str, Value] = {}
    findings: list[Finding] = []
    for name, spec in template.fields.items():
        try:
            values[name] = checked(spec, _given(spec, facts))
        except BadInput as why:
            findings += placed(why, template.file.name, name).findings
    if findings:
        raise BadInput(findings)
    return values


def parts(spec: FieldSpec) -> tuple[str, ...]:
    """Return the names under which a field's values stand: of a quote also who said it and in which role."""
    return (spec.name, *(f"{spec.name}_{part}" for part in _PARTS.get(spec.type, ("", ()))[1]))


def _given(spec: FieldSpec, facts: Facts) -> object:
    """Return the post's own value, else the partner's detail, else the default; the parts of one value together."""
    for source in (facts.fields, facts.partner):
        value = source.get(spec.name)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if spec.type in _PARTS and isinstance(value, str):
            main, others = _PARTS[spec.type]
            return {main: value} | {part: source.get(f"{spec.name}_{part}") for part in others}
        return value
    return spec.default


def _pictures(template: Template, values: Mapping[str, Value], media: MediaStore, zone: ZoneInfo) -> tuple[Media, ...]:
    """Return the template's images, then the partner's, each with the instant at which its permission ends."""
    theirs = [one for one in values.values() if isinstance(one, Picture)]
    try:
        images = [media.add(template.file.parent / one.file, one.alt) for one in template.media]
        images += [media.take(one.file, one.alt) for one in theirs]
    except BadInput as why:
        raise placed(why, template.file.name, "image") from why
    days = [one.permission_until for one in template.media] + [one.until for one in theirs]
    # The last day of all is never over.
    ends = [None if day in {None, date.max} else day_after(day, zone) for day in days]
    return tuple(replace(image, until=end) for image, end in zip(images, ends, strict=True))


def _line(template: Template, key: str, names: Mapping[str, object]) -> str | None:
    """Return a line of the head, filled and folded into one: a subject never carries a line end into a mail's head."""
    source = getattr(template, key)
    return " ".join(_nfc(_render(template, key, source, names)).split()) or None if source else None


def _render(template: Template, key: str, source: str, names: Mapping[str, object]) -> str:
    try:
        return render(source, names)
    except UndefinedError as why:
        problem, mend = f"needs what nothing gives ({why.message})", "Give the timetable or the partner that detail."
    except TemplateError as why:
        problem, mend = f"cannot be filled ({why.message})", "Use only names, conditions and plain filters."
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as why:
        problem, mend = f"cannot be filled ({why})", "Compare only what is of one kind."
    raise BadInput([Finding(template.file.name, key, problem, mend)])


def _stop(template: Template, key: str, problem: str, mend: str) -> NoReturn:
    raise BadInput([Finding(template.file.name, key, problem, mend)])


def _for_markdown(names: Mapping[str, object]) -> dict[str, object]:
    """Return ``names`` with the partner's own words escaped; what the campaign wrote is Markdown already."""
    ours = {"campaign", "event", "question", "channel"}
    return {name: value if name in ours else _escaped(value) for name, value in names.items()}


def _escaped(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _escaped(part) for key, part in value.items()}
    if isinstance(value, Quote):
        return Quote(*(str(_escaped(part)) for part in (value.text, value.name, value.role)))
    if isinstance(value, str) and not _ADDRESS.fullmatch(value):
        return _MARKDOWN.sub(r"\\\1", value)
    return value


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
