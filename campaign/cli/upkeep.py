"""`campaign db`: upkeep."""

import typer

from campaign.cli.frame import cli, workspace

db = typer.Typer(help="The database: bring its schema up to date.", no_args_is_help=True)
cli.add_typer(db, name="db")


@db.command("upgrade")
def upgrade() -> None:
    """Bring the schema to the newest migration; safe to run again."""
    import os

    from campaign.config import load_settings
    from campaign.opening import upgraded

    database = upgraded(load_settings(workspace(), os.environ))
    typer.echo(f"The database stands at migration {database.revision()}.")
    database.close()
