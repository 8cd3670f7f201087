"""`campaign db`, `doctor`: upkeep."""

import typer

from campaign.cli.frame import AsJson, cli, opened, show, workspace
from campaign.errors import Finding

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


@cli.command("doctor")
def doctor(as_json: AsJson = False) -> None:
    """Say what needs a person: the daemon's beat, stopped accounts, posts to settle. Exit 1 when anything does."""
    from campaign.health import health
    from campaign.models import listing, partners

    with opened() as app:
        found: list[Finding] = []
        beat = health(app.database, app.clock)
        if not beat.well:
            found.append(Finding("daemon", "beat", beat.reason, "Start `campaign run`."))
        with app.database.read() as session:
            for account, partner in partners.accounts(session):
                if account.stopped_why:
                    mend = "Connect it again with `campaign accounts import`."
                    place = f"{partner.key} {account.channel}"
                    found.append(Finding("account", place, account.stopped_why, mend))
            for row in listing.waiting_for_person(session):
                mend = f"Look at the account, then `campaign settle {row.post.id}`."
                found.append(Finding("post", str(row.post.id), row.post.needs_person or str(row.post.status), mend))
    documents: list[dict[str, object]] = [
        {"what": item.file, "which": item.field, "problem": item.problem, "mend": item.mend} for item in found
    ]
    show(documents, as_json=as_json, columns=("what", "which", "problem", "mend"), empty="All is well.")
    if found:
        raise typer.Exit(1)
