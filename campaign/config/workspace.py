"""Which folder a command works in: the nearest config.toml, unless the person says otherwise."""

from collections.abc import Mapping
from pathlib import Path

from campaign.errors import NoWorkspace

CONFIG_NAME = "config.toml"
WORKSPACE_VARIABLE = "CAMPAIGN_WORKSPACE"


def find_workspace(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the workspace: ``explicit``, else CAMPAIGN_WORKSPACE, else the nearest folder upward with config.toml.

    Raises:
        NoWorkspace: the named folder has no config.toml, or none was found upward.

    """
    named = explicit or (Path(environ[WORKSPACE_VARIABLE]) if environ.get(WORKSPACE_VARIABLE) else None)
    start = (cwd / named.expanduser()).resolve() if named else cwd.resolve()
    for folder in (start,) if named else (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise NoWorkspace(folder=start)
