"""What a forked command finds loaded: the program, what its libraries load late, and the tables' classes made ready."""

import gc
from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy.orm import configure_mappers

from campaign import channels
from campaign.cli import every_command, frame

_PROGRAM = ("app", "daemon", "opening", "intake", "register", "reports", "sandbox.server")
_LATE = ("alembic.command", "holidays.countries", "typer._adapters")

every_command.load()
frame._built()
for name in (
    *(f"campaign.{name}" for name in _PROGRAM),
    *(f"campaign.channels.{module.name}" for module in iter_modules(channels.__path__)),
    *_LATE,
):
    import_module(name)
configure_mappers()
gc.freeze()
