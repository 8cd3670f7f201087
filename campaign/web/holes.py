"""The fields of templates as fields of a form: what a partner may write, and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from campaign.errors import Finding
from campaign.plan.fields import FieldSpec
from campaign.web import times
from campaign.web.forms import Posted
from campaign.web.words import spoken

_LONG = 120
_ROLES = (("", "text"), ("_name", "name"), ("_role", "role"))
_KINDS = {"email": "email", "phone": "tel", "url": "url"}
_EXAMPLES = {
    "url": "For example, https://www.example.org/send",
    "email": "For example, name@example.org",
    "phone": "For example, 020 7946 0000",
    "date": "Day/month/year",
    "time": "For example, 18:00",
}


@dataclass(frozen=True, slots=True)
class Hole:
    """One input. ``options`` of a choice; ``long``: it takes several lines."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    longest: int | None = None
    long: bool = False
    options: tuple[tuple[str, str], ...] = ()
    value: str = ""
    required: bool = False
    day: bool = False

    @property
    def items(self) -> list[dict[str, object]]:
        """The options as the macro takes them."""
        blank = ("", "Leave out" if not self.required else "Choose one")
        chosen = self.value.casefold()
        return [
            {"value": value, "text": text, "selected": value.casefold() == chosen}
            for value, text in (blank, *self.options)
        ]


@dataclass(frozen=True, slots=True)
class Holes:
    """The inputs of a form, with what stands in them."""

    holes: tuple[Hole, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return tuple(hole.name for hole in self.holes)

    def sent(self, posted: Posted) -> dict[str, str]:
        """Return what a form says of each."""
        typed = {name: posted.one(name).replace("\r\n", "\n").strip() for name in self.names}
        return typed | {hole.name: times.stored(typed[hole.name]) for hole in self.holes if hole.day}

    def told(self, findings: Iterable[Finding]) -> dict[str, str]:
        """Return what is wrong by input; what belongs to none stands under ``words``."""
        errors: dict[str, str] = {}
        for finding in findings:
            name = finding.field.rpartition(".")[2]
            label = next((hole.label for hole in self.holes if hole.name == name), "")
            said = f"{label} {finding.problem}" if label else spoken(finding)
            errors.setdefault(name if label else "words", f"{said}. {finding.advice}")
        return errors


def holes(fields: Mapping[str, FieldSpec], values: Mapping[str, str], only: Sequence[str] | None = None) -> Holes:
    """Return the inputs of fields, filled with values; ``only``: these fields, in this order. Pictures have inputs of
    their own (``campaign.web.pictures``).
    """
    specs = [fields[name] for name in (only if only is not None else fields)]
    return Holes(tuple(hole for spec in specs if spec.type != "image" for hole in _of(spec, values)))


def _of(spec: FieldSpec, values: Mapping[str, str]) -> list[Hole]:
    label = spec.name.replace("_", " ").capitalize()
    if spec.type == "quote":
        hints = (spec.help.partition(" (")[0].rstrip(".") + ".", "Who said it", "In which role")
        return [
            Hole(
                f"{spec.name}{part}",
                label if not part else f"{label}: {said}",
                hint=hint,
                longest=spec.max if not part else None,
                long=not part,
                value=values.get(f"{spec.name}{part}", ""),
            )
            for (part, said), hint in zip(_ROLES, hints, strict=True)
        ]
    kept = values.get(spec.name) or spec.default or ""
    long = spec.type == "text" and (spec.max or 0) > _LONG
    # A long one has a counter, which says it.
    most = f"At most {spec.max} {spec.unit}." if spec.type == "text" and spec.max and not long else ""
    hint = " ".join(text for text in (spec.help, _EXAMPLES.get(spec.type, ""), most) if text)
    return [
        Hole(
            spec.name,
            label,
            hint=hint,
            kind=_KINDS.get(spec.type, "text"),
            longest=spec.max,
            long=long,
            options=tuple((name, wording) for name, wording in spec.choices.items()),
            value=times.shown(kept) if spec.type == "date" else kept,
            required=spec.required,
            day=spec.type == "date",
        )
    ]
