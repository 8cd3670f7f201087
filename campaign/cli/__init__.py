"""The command line: one module per group of commands; whatever is heavy is imported inside the commands."""

from campaign.cli.frame import main

__all__ = ["main"]
