"""`campaign demo`: the campaign of eight fictional partners on local platforms, for anyone to watch."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from campaign.cli.frame import cli

Folder = Annotated[Path, typer.Option("--folder", help="The demo's workspace.", file_okay=False)]
Port = Annotated[int | None, typer.Option(help="Default: the one of the last start.", min=0, max=65535)]


@cli.command("demo")
def demo(
    folder: Folder = Path(".demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the last demo and start anew.")] = False,
    links: Annotated[
        bool, typer.Option("--links", help="Only print new links to sign in to the demo that runs.")
    ] = False,
    seconds: Annotated[float | None, typer.Option("--seconds", help="End by itself after so long.")] = None,
    port: Port = None,
    smtp_port: Port = None,
    web_port: Port = None,
) -> None:
    """Queue and publish the SEND campaign of fictional partners to the sandbox, until Ctrl-C."""
    from campaign.demo.run import Demo
    from campaign.demo.settings import Ports

    given = {"platforms": port, "mail": smtp_port, "web": web_port}
    asked = {name: value for name, value in given.items() if value is not None}
    shown = Demo(
        folder.resolve(),
        typer.echo,
        ports=Ports(**asked) if asked else None,
        fresh=fresh,
        seconds=seconds,
        program=_program(),
        environ=os.environ,
    )
    if links:
        shown.links()
        return
    try:
        code = shown.run()
    except KeyboardInterrupt:
        typer.echo("Stopped before it was ready; the next start begins anew.")
        code = 0
    raise typer.Exit(code)


def _program() -> str:
    """Return how the person called this program, so that a line can be copied."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "campaign" and called.is_absolute() else str(called)
