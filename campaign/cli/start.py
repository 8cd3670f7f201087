"""`campaign init` and `campaign check`: a new workspace, and whether all that a person wrote in it holds together."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import AsJson, cli, local_day, opened, show
from campaign.errors import BadInput, CampaignError, Finding, WrongUse
from campaign.wording import counted

if TYPE_CHECKING:
    from campaign.app import App
    from campaign.config import Settings


@cli.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Default: the current folder.")] = Path(),
    launch: Annotated[
        str | None, typer.Option("--launch", metavar="DATE", help="Move the shipped days to this launch day.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="With --launch: move the days of a timetable that is there already.")
    ] = False,
) -> None:
    """Lay out config.toml, templates/, schedules/, the key file and a database. What is there already is kept."""
    from campaign.opening import open_workspace

    day = local_day(launch) if launch else None
    settings = open_workspace(folder, os.environ, launch=day, move=force, salt=secrets.token_hex(16))
    typer.echo(f"{folder} is ready. You act as `operator`.")
    _say_launch(folder, settings)
    typer.echo("Next: campaign partners import, accounts import, lists import, check, plan, queue.")


def _say_launch(folder: Path, settings: "Settings") -> None:
    """Say which launch day the timetable has, and how to move one that is past."""
    from zoneinfo import ZoneInfo

    from campaign.clock import SystemClock
    from campaign.plan.shift import launch_in
    from campaign.plan.toml_tables import toml_text

    path, zone = settings.campaign.timetable, ZoneInfo(settings.campaign.timezone)
    try:
        launches = launch_in(toml_text(path))
    except WrongUse:
        return  # a timetable of its own kind; `campaign check` judges it
    past = launches < SystemClock().now().astimezone(zone).date()
    typer.echo(f"The timetable launches on {launches:%A} {launches.day} {launches:%B %Y}{', which is past' * past}.")
    if past:
        typer.echo(f"Move it before you queue: campaign init {folder} --launch DATE --force")


@cli.command("check")
def check(
    placeholders: Annotated[bool, typer.Option("--allow-placeholders", help="As in a rehearsal.")] = False,
    as_json: AsJson = False,
) -> None:
    """Validate configuration, templates, timetable, partners and accounts. Exit 1 when anything must be mended."""
    with opened() as app:
        found = _findings(app, placeholders=placeholders)
    documents: list[dict[str, object]] = [
        {
            "severity": item.severity,
            "file": item.file,
            "line": item.line,
            "field": item.field,
            "problem": item.problem,
            "mend": item.mend,
        }
        for item in found
    ]
    if as_json:
        show(documents, as_json=True, columns=(), empty="")
    else:
        for item in found:
            typer.echo(f"{item.severity}: {item}")
        typer.echo(f"{counted(len(found), 'finding')}." if found else "Everything holds together.")
    if any(item.severity == "error" for item in found):
        raise typer.Exit(1)


def _findings(app: "App", *, placeholders: bool) -> list[Finding]:
    from campaign.health.accounts import without_list
    from campaign.plan.audience import check_audience, check_channels
    from campaign.plan.gather import gather
    from campaign.plan.planner import plan
    from campaign.plan.share_check import check_shares
    from campaign.plan.timetable_check import check_timetable

    now = app.clock.now()
    try:
        source = app.source(placeholders=placeholders)
    except BadInput as error:
        return list(error.findings)
    copy = source.copy
    with app.database.read() as session:
        facts = gather(session, source, now)
        lists = [Finding("accounts", "external_id", one.what, one.mend) for one in without_list(session)]
    found = check_timetable(copy.timetable, now, placeholders_allowed=placeholders, questions=copy.questions)
    found += check_channels(copy.timetable, app.channels)
    found += check_audience(copy.timetable, facts.partners) if facts.partners else []
    try:
        found += check_shares(facts)
        known = {(item.file, item.field) for item in found}
        # What the timetable's check has said of a place the plan says again for every post that hangs on it.
        found += [item for row in plan(facts) for item in row.findings if (item.file, item.field) not in known]
    except CampaignError as error:
        if not isinstance(error, BadInput):
            raise
        found += error.findings
    return list(dict.fromkeys([*found, *lists]))
