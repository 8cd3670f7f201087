"""Read config.toml, lay the environment over it, and make the frozen settings."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from campaign.config.faults import Origin, dotted, validated, variable
from campaign.config.settings import Sections, Settings
from campaign.config.workspace import CONFIG_NAME
from campaign.errors import BadSetting, NoWorkspace

PREFIX = "CAMPAIGN__"
Table = dict[str, object]
Keys = tuple[str, ...]


def load_settings(workspace: Path, environ: Mapping[str, str]) -> Settings:
    """Read the workspace's config.toml, overridden by ``CAMPAIGN__SECTION__KEY`` variables; paths become absolute.

    Raises:
        NoWorkspace: there is no config.toml.
        BadSetting: the file or a variable has a fault; the line says which and how to mend it.

    """
    folder = workspace.resolve()
    text = _text(folder)
    raw = _parsed(text)
    origin = Origin(CONFIG_NAME, text, tuple(_override(raw, environ)))
    _resolve_database(raw, folder)
    return _placed(validated(Sections, raw, origin), folder, origin)


def _text(folder: Path) -> str:
    try:
        return (folder / CONFIG_NAME).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NoWorkspace(folder=folder) from error
    except UnicodeDecodeError as error:
        raise BadSetting(
            file=CONFIG_NAME, field="the file", problem="it is not UTF-8", mend="Save it as UTF-8."
        ) from error


def _parsed(text: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(
            file=CONFIG_NAME, field="the file", problem=f"it is not TOML ({error})", mend="Mend that place."
        ) from error


def _override(raw: Table, environ: Mapping[str, str]) -> list[Keys]:
    """Set what the variables say and return the keys that they set."""
    overridden = []
    for name in sorted(environ):
        if name.upper().startswith(PREFIX):
            keys = tuple(name[len(PREFIX) :].lower().split("__"))
            _set(raw, keys, _value(environ[name]))
            overridden.append(keys)
    return overridden


def _set(raw: Table, keys: Keys, value: object) -> None:
    table = raw
    for depth, key in enumerate(keys[:-1], start=1):
        inner = table.setdefault(key, {})
        if not isinstance(inner, dict):
            raise BadSetting(
                file=f"environment {variable(keys)}",
                field=dotted(keys),
                problem=f"{dotted(keys[:depth])} is a value and has no keys",
                mend="Unset the variable.",
            )
        table = cast("Table", inner)
    table[keys[-1]] = value


def _value(text: str) -> object:
    """Read a variable as TOML; what is none, or would be a date (no key wants one), is text."""
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    value = read.get("value")
    plain = isinstance(value, (bool, int, float, str, list, dict))
    # More than one key means that the text held a line break and went on as TOML of its own: it is just text.
    return value if plain and len(read) == 1 else text


def _resolve_database(raw: Table, folder: Path) -> None:
    """Make the path of a SQLite file absolute, so that every process of the workspace opens the same one."""
    section = raw.setdefault("database", {})
    if not isinstance(section, dict):
        return
    url = section.get("url", "sqlite:///campaign.db")
    prefix = "sqlite:///"
    if isinstance(url, str) and url.startswith(prefix) and url not in {prefix, prefix + ":memory:"}:
        path, mark, options = url.removeprefix(prefix).partition("?")
        section["url"] = f"{prefix}{folder / path}{mark}{options}"


def _placed(sections: Sections, folder: Path, origin: Origin) -> Settings:
    """Make every path absolute."""
    tables = dict(sections)
    for name, keys in (("campaign", ("timetable", "templates")), ("media", ("folder",)), ("vault", ("key_file",))):
        table = tables[name]
        tables[name] = table.model_copy(update={key: folder / getattr(table, key) for key in keys})
    return Settings(**tables, workspace=folder, origin=origin)
