"""Templates as a campaign ships them: one file for each post, variants per channel, read once into a catalogue.

A file is ``NAME.md`` or ``NAME.CHANNEL.md``. What a partner may change is the fields, and nothing else: every other
word of a template is locked. A variant takes from ``NAME.md`` each key of the head that it does not state itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from campaign.errors import BadInput, Finding, UnknownName
from campaign.plan.fields import FieldSpec
from campaign.plan.fill import REGISTERED, Facts, fill
from campaign.plan.frontmatter import Source, parse
from campaign.plan.head import Picturing, Template, read_head

__all__ = [
    "CORRECTION",
    "EVENT_NOTICE",
    "Facts",
    "FieldSpec",
    "Picturing",
    "Template",
    "Templates",
    "fill",
    "load_templates",
    "wanted_fields",
]

CORRECTION: Final = "correction"
"""The template of an issue that corrects another; it goes to those who got that one, and to nobody else."""

EVENT_NOTICE: Final = "event-notice"
"""The template of a notice that an event moves or is cancelled; drafted for the accounts that have spoken of it."""

_NOT_TEMPLATES: Final = frozenset({"departures.md", "readme.md"})


@dataclass(frozen=True, slots=True)
class Templates:
    """Every template of a campaign, by name and channel (None: the plain file)."""

    folder: Path
    by_key: Mapping[tuple[str, str | None], Template]

    def names(self) -> tuple[str, ...]:
        """Return the names of all templates, sorted."""
        return tuple(sorted({name for name, _ in self.by_key}))

    def pick(self, name: str, channel: str) -> Template:
        """Return the variant of ``name`` for ``channel``, else the plain one.

        Raises:
            UnknownName: there is no such template, or none for this channel.

        """
        found = self.by_key.get((name, channel)) or self.by_key.get((name, None))
        if found is None or (found.channels and channel not in found.channels):
            raise UnknownName(kind=f"template for {channel} named", name=name, mend=self._mend(name, channel))
        return found

    def digest(self, name: str, channel: str) -> str:
        """Return the digest of what ``pick`` gives: its words and its whole head."""
        return self.pick(name, channel).digest

    def _mend(self, name: str, channel: str) -> str:
        if name in self.names():
            return f"Write {name}.{channel}.md in the folder of the templates, or take {channel} out of the slot."
        near = get_close_matches(name, self.names(), n=1)
        return f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(self.names()) or 'none'}."


def load_templates(folder: Path) -> Templates:
    """Read all templates of ``folder``.

    Raises:
        BadInput: with every fault of every file.

    """
    if not folder.is_dir():
        raise BadInput([Finding(str(folder), "templates", "is no folder", "Name the right one in config.toml.")])
    sources, findings = _sources(folder)
    by_key: dict[tuple[str, str | None], Template] = {}
    for key, source in sources.items():
        plain = sources.get((key[0], None)) if key[1] else None
        reading = read_head(source, plain, key, folder)
        by_key[key] = reading.template
        findings += reading.faults
    if findings:
        raise BadInput(findings)
    return Templates(folder, by_key)


def wanted_fields(templates: Templates) -> Mapping[str, FieldSpec]:
    """Return every field that a partner's details fill, for forms; of two alike the tighter one, required if one is.
    What a correction says is said of one issue and is no partner's detail, and what the register keeps is not either.
    """
    wanted: dict[str, FieldSpec] = {}
    for template in (one for one in templates.by_key.values() if one.name not in {CORRECTION, EVENT_NOTICE}):
        for name, spec in ((name, spec) for name, spec in template.fields.items() if name not in REGISTERED):
            wanted[name] = _tighter(wanted[name], spec) if name in wanted else spec
    return dict(sorted(wanted.items()))


def _tighter(one: FieldSpec, other: FieldSpec) -> FieldSpec:
    return min(one, other, key=lambda spec: (not spec.required, spec.max or 1_000_000))


def _sources(folder: Path) -> tuple[dict[tuple[str, str | None], Source], list[Finding]]:
    sources: dict[tuple[str, str | None], Source] = {}
    findings: list[Finding] = []
    for file in sorted(folder.glob("*.md")):
        if file.name.lower() in _NOT_TEMPLATES:
            continue
        name, _, channel = file.stem.partition(".")
        try:
            sources[name, channel or None] = parse(file.name, file.read_text("utf-8"))
        except BadInput as why:
            findings += why.findings
        except UnicodeDecodeError:
            findings.append(Finding(file.name, "file", "is not in UTF-8", "Save it as UTF-8."))
    return sources, findings
