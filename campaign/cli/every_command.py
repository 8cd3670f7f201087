"""Hangs every command on the frame. The modules are light: what is heavy they import inside their commands."""

from importlib import import_module

_MODULES = (
    "start",
    "facts",
    "lists",
    "inviting",
    "roster",
    "tokens",
    "planning",
    "posts",
    "importing",
    "moving",
    "review",
    "holding",
    "hand",
    "running",
    "log",
    "outcomes",
    "upkeep",
    "doctor",
    "backups",
    "demo",
)


def load() -> None:
    """Import the modules of the commands, which register themselves."""
    for name in _MODULES:
        import_module(f"campaign.cli.{name}")
