"""The page of config.toml: types and defaults from the settings types, meanings from the starter."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import reference_words as words
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from reference_table import table

from campaign.channels import load_channels
from campaign.config.durations import spoken
from campaign.config.settings import Sections

ROOT = Path(__file__).resolve().parents[1]


def comments() -> dict[str, str]:
    """Return what config.toml says beside each key, also beside those that are commented out."""
    found: dict[str, str] = {}
    section = ""
    for line in (ROOT / "config.toml").read_text(encoding="utf-8").splitlines():
        if head := re.match(r"(?:# )?\[([a-z.]+)\]", line):
            section = head[1]
        elif key := re.match(r"(?:# )?([a-z_]+) = .*?\s#\s(.+)", line):
            found[f"{section}.{key[1]}"] = key[2].rstrip(",;")
    return found


def settings() -> dict[str, type[BaseModel]]:
    """Return every table of config.toml with the type that reads it."""
    kinds = {name: field.annotation for name, field in Sections.model_fields.items() if name != "channels"}
    kinds |= {f"channels.{name}": kind.settings_type for name, kind in load_channels().items()}
    return {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}


def meaning(section: str, key: str) -> str | None:
    """Return the line that explains a key; None where there is none."""
    name = f"{section}.{key}"
    every = words.EVERY_CHANNEL.get(key) if section.startswith("channels.") else None
    return words.SETTINGS.get(name) or every or comments().get(name)


def _kind(annotation: Any, field: FieldInfo | None = None) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f'`"{one}"`' for one in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list of texts" if get_args(annotation)[0] is str else "list of lengths of time"
    if get_origin(annotation) is Mapping:
        return "table of texts"
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0], field)
    if type(None) in get_args(annotation):
        return _kind(next(one for one in get_args(annotation) if one is not type(None)))
    names: dict[Any, str] = {bool: "true or false", int: "whole number", Path: "path", timedelta: "length of time"}
    names |= {Decimal: "US dollars", str: "text", SecretStr: "text, secret"}
    bounds = {
        name: getattr(one, name)
        for one in (field.metadata if field else ())
        for name in ("ge", "le")
        if hasattr(one, name)
    }
    suffix = f", from {bounds['ge']}" if "ge" in bounds else ""
    return names[annotation] + suffix + (f" to {bounds['le']}" if "le" in bounds else "")


def _shown(value: object) -> str:
    if value is PydanticUndefined:
        return "must be given"
    if value is None or value == {}:
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(_spelt(one) for one in value)}]`"
    return f"`{_spelt(value)}`"


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, Decimal)):
        return str(value)
    return f'"{spoken(value) if isinstance(value, timedelta) else value}"'


def settings_page() -> str:
    """Return the page of config.toml."""
    intro = (
        "# Settings\n\nEvery key of `config.toml`. The environment overrides each: `CAMPAIGN__DISPATCH__GRACE=1h` sets "
        "`grace` under `[dispatch]`. Paths are relative to the file. Lengths of time: `45s`, `30m`, `1h30m`, `2d`.\n"
    )
    parts = [intro]
    for section, kind in settings().items():
        rows = [
            [
                f"`{field.alias or key}`",
                _kind(field.annotation, field),
                _shown(field.default),
                meaning(section, field.alias or key) or "",
            ]
            for key, field in kind.model_fields.items()
        ]
        parts.append(f"## [{section}]\n\n{table(['key', 'type', 'default', 'meaning'], rows)}")
    return "\n".join(parts)
