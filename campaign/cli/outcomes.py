"""`campaign outcomes`: what was counted elsewhere by day, brought in and taken away."""

import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from campaign.cli.frame import As, AsJson, cli, desk, opened, show

outcomes = typer.Typer(help="What the campaign brought about, counted elsewhere.", no_args_is_help=True)
cli.add_typer(outcomes, name="outcomes")


@outcomes.command("import")
def import_outcomes(file: Annotated[Path, typer.Argument(metavar="FILE.csv")], by: As = None) -> None:
    """Take in numbers by day from a CSV: day,name,number,source.

    What a source says of a day stands in the place of what it said of that day before.
    """
    from campaign.intake.outcomes import FILE_MAX, read_outcomes
    from campaign.intake.sheet import read_content
    from campaign.plan.days import local
    from campaign.register import outcomes as register

    with opened() as app:
        today = local(app.clock.now(), ZoneInfo(app.settings.campaign.timezone)).date()
        rows = read_outcomes(file.name, read_content(file, FILE_MAX), today)
        with desk(app, by) as place:
            done = register.take(place.session, rows, by=place.person, now=place.now)
    typer.echo(done.said("number"))


@outcomes.command("list")
def list_outcomes(as_json: AsJson = False) -> None:
    """List the numbers by day."""
    from campaign.models import outcomes as rows
    from campaign.reports.outcomes import COLUMNS, outcome_row

    with opened() as app, app.database.read() as session:
        documents = [outcome_row(one) for one in rows.between(session)]
    show(documents, as_json=as_json, columns=COLUMNS, empty="No outcomes. `campaign outcomes import` brings them in.")


@outcomes.command("export")
def export_outcomes() -> None:
    """Print every number as CSV, in the form in which it may come in again."""
    from campaign.models import outcomes as rows
    from campaign.reports.export import write_csv
    from campaign.reports.outcomes import COLUMNS, outcome_row

    with opened() as app, app.database.read() as session:
        write_csv([outcome_row(one) for one in rows.between(session)], sys.stdout, COLUMNS)
