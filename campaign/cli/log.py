"""`campaign log`, `report`, `export`, `audit`: what happened."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import AsJson, Day, cli, day_bounds, opened, show, show_one
from campaign.cli.posts import check_names, check_partners
from campaign.cli.screen import zone
from campaign.errors import WrongUse
from campaign.wording import counted

if TYPE_CHECKING:
    from sqlmodel import Session

    from campaign.app import App
    from campaign.models.snapshots import LogFilter
    from campaign.reports.log import LogRow

_ROWS_MAX = 1_000_000
_TABLE = 500

OnePartner = Annotated[str | None, typer.Option("--partner", help="Only this partner.")]
OneChannel = Annotated[str | None, typer.Option("--channel", help="Only this channel.")]
OneSlot = Annotated[str | None, typer.Option("--slot", help="Only this slot.")]
OneTemplate = Annotated[str | None, typer.Option("--template", help="Only this template.")]


def _filter(
    app: "App", partner: str | None, channel: str | None, slot: str | None, template: str | None, day: str | None
) -> "LogFilter":
    from campaign.models import listing
    from campaign.models.snapshots import LogFilter

    check_partners(app, [partner] if partner is not None else None)
    check_names("channel", [channel] if channel is not None else None, list(app.channels))
    with app.database.read() as session:
        for kind, name in (("slot", slot), ("template", template)):
            if name is not None:
                check_names(kind, [name], listing.names(session, kind))
    since, until = day_bounds(app, day)
    return LogFilter(partner=partner, channel=channel, slot=slot, template=template, since=since, until=until)


@cli.command("log")
def log(
    partner: OnePartner = None,
    channel: OneChannel = None,
    slot: OneSlot = None,
    template: OneTemplate = None,
    day: Day = None,
    as_json: AsJson = False,
) -> None:
    """Show the engagement log: a row per reading, and a small chart."""
    from campaign.reports.export import write_json
    from campaign.reports.log import each_log_row, log_rows

    with opened() as app:
        wanted = _filter(app, partner, channel, slot, template, day)
        if as_json:
            write_json(each_log_row(app.database, wanted), sys.stdout)
            return
        with app.database.read() as session:
            rows = log_rows(session, wanted)
    if not rows:
        typer.echo("No readings yet. The first is taken a while after publishing ([engagement] readings).")
        return
    _show_log(rows)


def _show_log(rows: "list[LogRow]") -> None:
    from rich.console import Console

    from campaign.reports.chart import chart
    from campaign.reports.log import NEWEST
    from campaign.reports.table import table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    if len(rows) > _TABLE:
        typer.echo(f"The newest {_TABLE} readings; `campaign export FILE` and --json have them all.")
    console.print(table(rows[-_TABLE:], zone=zone()))
    console.print(chart(rows, console.width, zone=zone()))
    if len(rows) == NEWEST:
        typer.echo(f"The chart is drawn from the newest {NEWEST:,} readings.")


@cli.command("report")
def report(
    week: Annotated[
        str | None, typer.Option("--week", metavar="DATE", help="One week instead: that of this day, as 2025-12-02.")
    ] = None,
    partner: OnePartner = None,
    as_json: AsJson = False,
) -> None:
    """Show what was planned, published and missed, by day, partner and channel.

    With --week: what went out in a week, what it brought by channel, who was silent, what waits.
    """
    from campaign.models.listing import PostFilter
    from campaign.reports.log import posts_report

    with opened() as app:
        check_partners(app, [partner] if partner is not None else None)
        wanted = PostFilter(partners=(partner,) if partner is not None else ())
        with app.database.read() as session:
            rows = posts_report(session, wanted, zone=zone()) if week is None else _week(app, session, week, partner)
    columns = tuple(rows[0]) if rows else ()
    show(rows, as_json=as_json, columns=columns, empty="No posts yet.")


def _week(app: "App", session: "Session", day: str, partner: str | None) -> "list[LogRow]":
    """Return the rows of a week's report. Raises WrongUse for what is no day."""
    from zoneinfo import ZoneInfo

    from campaign.reports import weekly

    place, since = ZoneInfo(app.settings.campaign.timezone), day_bounds(app, day)[0]
    if since is None:
        raise WrongUse(problem="--week names no day", mend="Write it as 2025-12-02.")
    found = since.astimezone(place).date()
    return list(weekly.rows(weekly.weekly(session, found, place, partner=partner, with_outcomes=True)))


@cli.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv, .xlsx or .json; - is stdout as CSV.")],
    partner: OnePartner = None,
    channel: OneChannel = None,
    slot: OneSlot = None,
    template: OneTemplate = None,
    day: Day = None,
) -> None:
    """Write the engagement log to a file, as CSV, Excel or JSON by its name."""
    from campaign.reports.export import write_csv, write_json
    from campaign.reports.log import each_log_row
    from campaign.reports.sheet import write_xlsx

    if str(file) != "-" and file.suffix not in {".csv", ".json", ".xlsx"}:
        mend = "It is written as CSV (.csv), Excel (.xlsx) or JSON (.json): name the file so."
        raise WrongUse(problem=f"{file.name} ends in neither .csv, .xlsx nor .json", mend=mend)
    with opened() as app:
        rows = each_log_row(app.database, _filter(app, partner, channel, slot, template, day))
        if str(file) == "-":
            write_csv(rows, sys.stdout)
            return
        if file.suffix == ".xlsx":
            count = write_xlsx(rows, file)
        else:
            with file.open("w", encoding="utf-8", newline="") as out:
                count = (write_csv if file.suffix == ".csv" else write_json)(rows, out)
    typer.echo(f"{counted(count, 'row')} written to {file}.")


@cli.command("audit")
def audit(
    verify: Annotated[bool, typer.Option("--verify", help="Check the chain of digests.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="How many of the newest rows.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who decided what, or check that no row was removed or changed (exit 1 when one was)."""
    from campaign.clock import iso
    from campaign.models import audit as chain

    if not 1 <= limit <= _ROWS_MAX:
        raise WrongUse(problem=f"--limit {limit} is no number of rows", mend=f"Write one from 1 to {_ROWS_MAX:,}.")
    with opened() as app, app.database.at_one_instant() as session:
        if verify:
            faults, head = list(chain.faults(session)), chain.head(session)
            document = {"whole": not faults, "rows": head.rows if head else 0, "head": head.digest if head else ""}
            show_one(document | {"faults": faults}, as_json=as_json)
            raise typer.Exit(1 if faults else 0)
        rows: list[dict[str, object]] = [
            {
                "at": iso(row.at),
                "who": row.who,
                "action": row.action,
                "subject": row.subject,
                "facts": row.facts,
                "digest": row.digest,
            }
            for row in chain.rows(session, limit=limit)
        ]
    show(rows, as_json=as_json, columns=("at", "who", "action", "subject", "facts"), empty="No decisions yet.")
