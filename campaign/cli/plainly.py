"""Help for people: what a value stands for, and no type of the language that the program is written in."""

from typing import TYPE_CHECKING

from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from typer._click import Command, Context


class _Argument(TyperArgument):
    """An argument that help shows by its name alone, in square brackets where it may be left out."""

    def _usage_display_name(self) -> str:
        name = self.display_name_raw + ("..." if self.nargs != 1 else "")
        return name if self.required else f"[{name}]"

    def display_type_rich(self, ctx: "Context") -> str | None:  # noqa: ARG002 - the library's signature
        return None

    def _get_number_range_help_str(self) -> str | None:
        return None


class _Option(TyperOption):
    """An option that help shows with a word for its value."""

    def _get_number_range_help_str(self) -> str | None:
        return None


def in_plain_words(command: "Command") -> "Command":
    """Let a command and all below it show help without types. Typer has no setting for that, but one for each value."""
    for inner in getattr(command, "commands", {}).values():
        in_plain_words(inner)
    for given in command.params:
        if isinstance(given, TyperArgument):
            given.__class__ = _Argument
        elif isinstance(given, TyperOption):
            given.__class__ = _Option
            if given.metavar is None and not given.is_flag:
                given.metavar = str(given.name).upper()
    return command
