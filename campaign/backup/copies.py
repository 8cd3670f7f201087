"""What people wrote, and where its copies stand in a backup: under their place in the workspace, or under ``outside``
by what they are.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from campaign.config import CONFIG_NAME, Settings

_OUTSIDE: Final = "outside"
_TEMPLATES: Final = (_OUTSIDE, "templates")
_TIMETABLE: Final = (_OUTSIDE, "timetable")


def copied(settings: Settings) -> list[Path]:
    """Return the files that people wrote: configuration, timetable and templates."""
    named = [settings.workspace / CONFIG_NAME, settings.campaign.timetable, *within(settings.campaign.templates)]
    return [path for path in named if path.is_file()]


def place(path: Path, settings: Settings) -> str:
    """Return where a copy stands inside a backup; no two of ``copied`` stand in one place."""
    path, workspace, templates = map(_plain, (path, settings.workspace, settings.campaign.templates))
    if path.is_relative_to(workspace):
        return path.relative_to(workspace).as_posix()
    if path.is_relative_to(templates):
        return PurePosixPath(*_TEMPLATES, path.relative_to(templates)).as_posix()
    return PurePosixPath(*_TIMETABLE, path.name).as_posix()


def original(name: PurePosixPath, settings: Settings) -> Path:
    """Return the file that a copy by this name is to be held against."""
    if name.parts[:2] == _TEMPLATES:
        return settings.campaign.templates.joinpath(*name.parts[2:])
    if name.parts[:2] == _TIMETABLE:
        return settings.campaign.timetable
    return settings.workspace / name


def within(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, without those that are being written."""
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _plain(path: Path) -> Path:
    """Return the path without ``..``: a setting may name a folder beside the workspace."""
    return Path(os.path.normpath(path))
