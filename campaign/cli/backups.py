"""`campaign db backup` and `restore`: one sealed file that holds the workspace."""

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from campaign.cli.frame import As, actor_name, opened, workspace
from campaign.cli.upkeep import db
from campaign.errors import WrongUse

_SHORTEST = 12
BackupFile = Annotated[Path, typer.Argument(metavar="FILE")]
Passphrase = Annotated[
    str | None,
    typer.Option("--passphrase", metavar="REF", help="env:NAME or file:PATH; asked for when left out."),
]


@db.command("backup")
def backup(file: BackupFile, passphrase: Passphrase = None) -> None:
    """Write database, key file, images and copies of what people wrote into one sealed file; the daemon may run."""
    from campaign.backup.take import take

    secret = _secret(passphrase, confirm=True)
    with opened() as app:
        done = take(file, secret, database=app.database, settings=app.settings, clock=app.clock)
    typer.echo(f"{file} holds {done.rows} rows and {done.files} files ({done.size / 1_000_000:.1f} MB).")
    typer.echo("Keep its passphrase apart from it: without it nobody can open the file.")


@db.command("restore")
def restore(
    file: BackupFile,
    passphrase: Passphrase = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the campaign that the database holds.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only read the file through; change nothing.")] = False,
    by: As = None,
) -> None:
    """Put a backup back. Everything is held then, and what fell due since is looked up before anything goes out."""
    from campaign.backup import restore as backups
    from campaign.backup.ruling import lines
    from campaign.clock import SystemClock, iso
    from campaign.config import load_settings
    from campaign.models import Database

    secret = _secret(passphrase, confirm=False)
    if check:
        found = backups.survey(file, secret)
        typer.echo(f"{file} is whole: {found.campaign}, made at {iso(found.made_at)} by version {found.program},")
        typer.echo(f"{sum(found.rows.values())} rows ({found.rows.get('post', 0)} posts) and {found.files} files.")
        return
    settings = load_settings(workspace(), os.environ)
    with closing(Database(settings.database.url)) as database:
        done = backups.restore(
            file, secret, database=database, settings=settings, clock=SystemClock(), by=actor_name(by), force=force
        )
    for line in lines(done.ruled):
        typer.echo(line)
    if done.aside:
        typer.echo(f"Configuration, timetable or templates differ from the backup's: its copies lie in {done.aside}.")
    if done.old_key:
        typer.echo(f"The key file was another one; it is kept as {done.old_key}.")


def _secret(reference: str | None, *, confirm: bool) -> str:
    from campaign.vault import read_passphrase

    if reference is not None:
        secret = read_passphrase(reference, Path.cwd(), os.environ)
    elif sys.stdin.isatty():
        secret = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    else:
        raise WrongUse(problem="There is nobody to ask for the passphrase", mend="Name it: --passphrase env:NAME.")
    if confirm and len(secret) < _SHORTEST:
        mend = f"Take at least {_SHORTEST} characters; four or five words are good."
        raise WrongUse(problem="The passphrase is too short", mend=mend)
    return secret
