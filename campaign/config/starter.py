"""The starter that ships with the program: config.toml, templates/ and schedules/ of the SEND campaign."""

import shutil
from pathlib import Path

from campaign.errors import WrongUse

PARTS = ("config.toml", "schedules", "templates")
_ROOM = Path(__file__).resolve().parent.parent


def starter_folder(room: Path = _ROOM) -> Path:
    """Return the folder that holds the starter: the one packed into the wheel, else the checkout's top level.

    Raises:
        WrongUse: neither is there, so the program was installed by halves.

    """
    for folder in (room / "starter", room.parent):
        if all((folder / part).exists() for part in PARTS):
            return folder
    raise WrongUse(problem="The files that ship with the program are missing", mend="Install it again.")


def lay_out(folder: Path, starter: Path | None = None) -> list[Path]:
    """Copy the starter into ``folder`` (made when missing) and return what was laid out.

    Raises:
        WrongUse: one of the parts is there already; nothing is overwritten and nothing was written.

    """
    source = starter or starter_folder()
    taken = [part for part in PARTS if (folder / part).exists()]
    if taken:
        raise WrongUse(problem=f"{folder / taken[0]} is there already", mend="Choose an empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    return [_copied(source / part, folder / part) for part in PARTS]


def _copied(source: Path, target: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    else:
        shutil.copyfile(source, target)
    return target
