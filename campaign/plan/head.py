"""What the head of a template file says, read into a frozen ``Template`` with every fault named by line."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from jinja2 import TemplateAssertionError, TemplateSyntaxError, meta, nodes

from campaign.errors import BadInput, Finding
from campaign.plan.fields import KINDS, FieldSpec, checked
from campaign.plan.frontmatter import KEYS, Source
from campaign.plan.jinja import CELL
from campaign.weights import x_length

FACTS: Final = frozenset({"campaign", "partner", "event", "question", "channel"})
"""The names that words may use beside the fields."""

_FIELD_KEYS: Final = ("type", "max", "default", "required", "help", "choices")
_LINES: Final = ("subject", "preheader", "link", "link_title")


@dataclass(frozen=True, slots=True)
class Picturing:
    """An image that a template brings along: a file beside it, its alt text, whose it is, until when it may be used."""

    file: str
    alt: str
    credit: str = ""
    permission_until: date | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """The copy for one post on one channel (``channel`` None: wherever no variant stands).

    ``until`` is the date, or the name of a day of the timetable, after which the words are stale. ``channels`` names
    the channels that the copy is for; empty means all. ``locked``: all words but the fields must stay as they are;
    false marks copy that the campaign itself wrote and may rewrite.
    """

    name: str
    channel: str | None
    file: Path
    title: str
    version: str
    words: str
    digest: str
    words_line: int = 1
    fields: Mapping[str, FieldSpec] = field(default_factory=dict)
    media: tuple[Picturing, ...] = ()
    subject: str | None = None
    preheader: str | None = None
    link: str | None = None
    link_title: str | None = None
    until: date | str | None = None
    copyright: str = ""
    locked: bool = True
    channels: tuple[str, ...] = ()


def read_head(source: Source, plain: Source | None, key: tuple[str, str | None], folder: Path) -> "Reading":
    """Return the template in ``source``; the keys that it lacks come from ``plain``, the file without a channel."""
    reading = Reading(source, plain)
    reading.template = reading.build(key, folder)
    return reading


class Reading:
    """One template file being read: gathers its faults instead of stopping at the first."""

    template: Template

    def __init__(self, source: Source, plain: Source | None) -> None:
        self.source = source
        self.head: dict[str, Any] = {**(plain.head if plain else {}), **source.head}
        self.faults: list[Finding] = []

    def build(self, key: tuple[str, str | None], folder: Path) -> Template:
        """Read every key; what is wrong is left at its default and named in ``faults``."""
        for name in self.source.head:
            if name not in KEYS:
                near = get_close_matches(str(name), KEYS, n=1)
                self._fault(str(name), "is no key of a template", f"Write {near[0]!r}." if near else "Take it out.")
        fields = dict(self._fields(key[1]))
        self._names(fields)
        return Template(
            name=key[0],
            channel=key[1],
            file=folder / self.source.file,
            title=self._line("title") or self._missing("title", "Say in a few words what the post is for."),
            version=str(
                self.head.get("version") or self._missing("version", "Number the wording, such as `version: 1`.")
            ),
            words=self.source.words,
            digest=self._digest(),
            words_line=self.source.words_line,
            fields=fields,
            media=tuple(self._media(folder)),
            subject=self._line("subject"),
            preheader=self._line("preheader"),
            link=self._line("link"),
            link_title=self._line("link_title"),
            until=self._until(),
            copyright=self._line("copyright") or "",
            locked=self._flag("locked", self.head.get("locked", True)),
            channels=tuple(map(str, self._list("channels"))),
        )

    def _fault(self, key: str, problem: str, mend: str) -> None:
        self.faults.append(self.source.finding(key, problem, mend))

    def _missing(self, key: str, mend: str) -> str:
        self._fault(key, "is missing", mend)
        return ""

    def _digest(self) -> str:
        whole = json.dumps([self.head, self.source.words], sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(whole.encode()).hexdigest()

    def _line(self, key: str) -> str | None:
        value = self.head.get(key)
        if value is None or isinstance(value, str):
            return value.strip() if value else None
        self._fault(key, "is no text", "Put it in quotation marks.")
        return None

    def _flag(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            self._fault(key, "is neither true nor false", "Write true or false.")
        return value is True

    def _list(self, key: str) -> list[Any]:
        value = self.head.get(key) or []
        if isinstance(value, list):
            return value
        self._fault(key, "is no list", "Write one entry a line, each behind a dash.")
        return []

    def _until(self) -> date | str | None:
        value = self.head.get("until")
        if isinstance(value, datetime) or not (value is None or isinstance(value, date | str)):
            self._fault("until", "is neither a date nor the name of a day", "Write 2025-12-31, or a name from [days].")
            return None
        return value

    def _media(self, folder: Path) -> Iterator[Picturing]:
        for given in self._list("media"):
            entry = given if isinstance(given, dict) else {}
            file, alt, until = (entry.get(key) for key in ("file", "alt", "permission_until"))
            if not (isinstance(file, str) and isinstance(alt, str) and alt.strip()):
                self._fault("media", "has an entry without file or alt", "Give `file:` and `alt:` for each image.")
            elif not (folder / file).resolve().is_relative_to(folder.resolve()) or not (folder / file).is_file():
                self._fault(
                    "media", f"names {file!r}, which is not in the folder", "Put the image beside the template."
                )
            else:
                yield Picturing(file, alt.strip(), str(entry.get("credit") or ""), self._permission(until))

    def _permission(self, until: object) -> date | None:
        if until is None or (isinstance(until, date) and not isinstance(until, datetime)):
            return until
        self._fault("media", f"has {until!r} as permission_until, which is no date", "Write the last day: 2025-12-31.")
        return None

    def _fields(self, channel: str | None) -> Iterator[tuple[str, FieldSpec]]:
        entries = self.head.get("fields") or {}
        if not isinstance(entries, dict):
            self._fault("fields", "is no mapping", "Write one `name:` a line, with its type and help below.")
            return
        for name, entry in entries.items():
            key = f"fields.{name}"
            if not str(name).isidentifier() or name in FACTS:
                self._fault(key, "cannot be a field's name", "Use small letters and underscores, and no name of ours.")
            elif not isinstance(entry or {}, dict):
                self._fault(key, "is no mapping", "Write `type: text` and the like below it.")
            else:
                yield name, self._field(key, str(name), entry or {}, channel)

    def _field(self, key: str, name: str, entry: Mapping[str, Any], channel: str | None) -> FieldSpec:
        for stray in [str(one) for one in entry if one not in _FIELD_KEYS]:
            near = get_close_matches(stray, _FIELD_KEYS, n=1)
            self._fault(f"{key}.{stray}", "is no key of a field", f"Write {near[0]!r}." if near else "Take it out.")
        kind, longest = entry.get("type", "text"), entry.get("max")
        if kind not in KINDS:
            self._fault(f"{key}.type", f"is {kind!r}, which is no type", f"Write one of: {', '.join(KINDS)}.")
            kind = "text"
        if longest is not None and (not isinstance(longest, int) or isinstance(longest, bool) or longest < 1):
            self._fault(f"{key}.max", "is no whole number above nought", "Write the longest length in characters.")
            longest = None
        # A short word can weigh much on X: an address in it counts 23 whatever its length.
        count, unit = (x_length, "characters as X counts them") if channel == "x" else (len, "characters")
        required = self._flag(f"{key}.required", entry.get("required", False))
        spec = FieldSpec(
            name,
            kind,
            longest,
            None,
            required,
            str(entry.get("help") or ""),
            self._choices(key, kind, entry),
            count,
            unit,
        )
        return self._with_default(key, spec, entry.get("default"))

    def _choices(self, key: str, kind: str, entry: Mapping[str, Any]) -> Mapping[str, str]:
        choices = entry.get("choices")
        if isinstance(choices, list):
            choices = {str(one): str(one) for one in choices}
        if (kind == "choice") != bool(choices) or not isinstance(choices or {}, dict):
            self._fault(
                f"{key}.choices", "must stand with type choice, and only there", "List each value and its wording."
            )
            return {}
        return {str(value): str(wording) for value, wording in (choices or {}).items()}

    def _with_default(self, key: str, spec: FieldSpec, default: object) -> FieldSpec:
        if default is None:
            return spec
        try:
            checked(spec, default)
        except BadInput as why:
            for one in why.findings:
                self._fault(f"{key}.default", one.problem, one.mend)
        return FieldSpec(
            spec.name, spec.type, spec.max, str(default), spec.required, spec.help, spec.choices, spec.count, spec.unit
        )

    def _names(self, fields: Mapping[str, FieldSpec]) -> None:
        """Find the names in words and lines that nothing will ever fill."""
        for key in ("words", *_LINES):
            text = self.source.words if key == "words" else self.head.get(key)
            if isinstance(text, str):
                self._names_in(key, text, {*fields, *FACTS})

    def _names_in(self, key: str, text: str, known: set[str]) -> None:
        try:
            tree = CELL.parse(text)
            free = meta.find_undeclared_variables(tree)
        except TemplateAssertionError as why:
            self._fault_in(key, why, f"cannot be filled: {why.message}", f"The filters are {', '.join(CELL.filters)}.")
            return
        except TemplateSyntaxError as why:
            self._fault_in(key, why, f"has broken grammar: {why.message}", "Close every brace and every block.")
            return
        for call in tree.find_all(nodes.Call):
            finding = self.source.finding(key, "calls something", "Show names, and use only conditions and filters.")
            self.faults.append(replace(finding, line=self._line_in(key, call.lineno)))
        for name in sorted(free - known):
            near = get_close_matches(name, known, n=1)
            mend = f"Did you mean {near[0]!r}?" if near else "Declare it under `fields`."
            at = next((n for n, line in enumerate(text.split("\n"), start=1) if name in line), 1)
            line = self._line_in(key, at)
            self.faults.append(Finding(self.source.file, name, f"is used in {key}, but is no field", mend, line))

    def _fault_in(self, key: str, why: TemplateSyntaxError, problem: str, mend: str) -> None:
        self.faults.append(replace(self.source.finding(key, problem, mend), line=self._line_in(key, why.lineno)))

    def _line_in(self, key: str, number: int) -> int | None:
        """Return the file's line of a line of the words, or of the key in the head."""
        return self.source.words_line + number - 1 if key == "words" else self.source.lines.get(key)
