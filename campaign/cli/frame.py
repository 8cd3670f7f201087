"""The frame of the command line: the workspace, who acts, JSON or tables, and one clear line for every error."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from campaign.cli import screen
from campaign.cli.plainly import in_plain_words
from campaign.errors import CampaignError, WrongUse

if TYPE_CHECKING:
    from rich.table import Table
    from sqlmodel import Session

    from campaign.app import App
    from campaign.models.users import User
    from campaign.review.decisions import Desk

_PLAIN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COPIED = frozenset({"id", "content_hash"})

cli = typer.Typer(
    name="campaign",
    help="Plan, review, publish and measure a partner campaign.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

As = Annotated[str | None, typer.Option("--as", metavar="USER", help="Who acts; default CAMPAIGN_USER, else operator.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Partners = Annotated[list[str] | None, typer.Option("--partner", help="Only this partner (may be repeated).")]
Channels = Annotated[list[str] | None, typer.Option("--channel", help="Only this channel (may be repeated).")]
Statuses = Annotated[list[str] | None, typer.Option("--status", help="Only this status (may be repeated).")]
PostId = Annotated[str, typer.Argument(metavar="ID", help="The post, as `campaign posts list` numbers it.")]
PostIds = Annotated[list[str], typer.Argument(metavar="ID", help="The posts, as `campaign posts list` numbers them.")]
Day = Annotated[str | None, typer.Option("--day", help="Only this day, as 2025-12-02.")]

_FINDINGS, _WRONG_USE = 1, 2
_SQLITE = "sqlite:///"
_DATABASE_MEND = (
    "See config.toml and `campaign db upgrade`; what is lost or damaged comes back by `campaign db restore`."
)
_NO_ACCESS = ("readonly", "unable to open")
_FULL = ("disk is full", "No space left")
_NOBODY = ("Connection refused", "could not translate host name", "failed to resolve host", "is starting up")
_BUSY = ("database is locked", "lock timeout", "deadlock detected")
_place: dict[str, Path | None] = {"workspace": None, "database": None}


@cli.callback()
def options(
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="The folder with config.toml; default: the nearest upward.")
    ] = None,
) -> None:
    """Plan, review, publish and measure a partner campaign."""
    _place["workspace"] = workspace


def main() -> None:
    """Run the command line; every error becomes one clear line on stderr."""
    from campaign.cli import every_command

    sys.excepthook = _crashed
    every_command.load()
    try:
        _built()(standalone_mode=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_FINDINGS)
    except CampaignError as error:
        typer.echo(f"campaign: {error}", err=True)
        sys.exit(_WRONG_USE if isinstance(error, WrongUse) else _FINDINGS)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        typer.echo(f"campaign: {what}. Mend that, then try again.", err=True)
        sys.exit(_WRONG_USE)
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in {"sqlalchemy", "psycopg"}:
            raise
        # Only a command that uses the database has loaded these; --help must not pay for naming their errors. PgQueuer
        # speaks to PostgreSQL without SQLAlchemy.
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        typer.echo(f"campaign: {_database_fault(cause)}", err=True)
        sys.exit(_WRONG_USE)


@cache
def _built() -> Callable[..., object]:
    return in_plain_words(typer.main.get_command(cli))


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show a fault of our own as Python does, without what looks like a secret: an error may carry an address."""
    import traceback

    from campaign.scrubbing import scrub

    typer.echo(scrub("".join(traceback.format_exception(kind, error, trace))), err=True, nl=False)


def _database_fault(cause: str) -> str:
    """Return what the database said and how to mend it, by the file's name where it has one."""
    file = _place["database"]
    if file is not None and any(words in cause for words in _NO_ACCESS):
        mend = f"See that you may write {file} and its folder: SQLite keeps two files beside it, even to read."
        return f"the database {file} cannot be used: {cause}. {mend}"
    if any(words in cause for words in _FULL):
        return f"the database has no room left: {cause}. Nothing that was stored is lost: make room, then try again."
    if any(words in cause for words in _NOBODY):
        return f"the database server does not answer: {cause}. Start it, or correct `database.url`."
    if any(words in cause for words in _BUSY):
        return f"the database is busy: {cause}. Another program writes to it for long; try again."
    return f"the database said no: {cause}. {_DATABASE_MEND}"


def workspace() -> Path:
    """Return the workspace that the command works in. Raises NoWorkspace."""
    from campaign.config import find_workspace

    return find_workspace(_place["workspace"], os.environ, Path.cwd())


@contextmanager
def opened() -> Iterator["App"]:
    """Open the workspace's program for one command."""
    from campaign.app import App

    app = App.open(workspace(), os.environ)
    screen.show_times_in(ZoneInfo(app.settings.campaign.timezone))
    url = app.settings.database.url
    _place["database"] = Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None
    try:
        yield app
    finally:
        app.close()


def actor_name(named: str | None) -> str:
    """Return who acts: as named, else CAMPAIGN_USER, else the operator. Raises WrongUse for an empty name: somebody
    meant to name a person, and must not act as the operator unawares.
    """
    from campaign.config import said

    if named is not None:
        return said("name after --as", named)
    return os.environ.get("CAMPAIGN_USER") or "operator"


def person(session: "Session", named: str | None) -> "User":
    """Return the person who acts. Raises UnknownName."""
    from campaign.people import acting

    return acting(session, actor_name(named))


@contextmanager
def desk(app: "App", named: str | None) -> Iterator["Desk"]:
    """Open one transaction of a person's decisions; the daemon is nudged when it has been committed."""
    from campaign.review.decisions import Desk

    with app.database.write() as session:
        yield Desk(session, app.contents, person(session, named), app.clock.now())
    app.nudge()


def show(rows: Sequence[Mapping[str, object]], *, as_json: bool, columns: Sequence[str], empty: str) -> None:
    """Print rows as one JSON array, or as a table of ``columns`` for people."""
    if as_json:
        typer.echo(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=1))
    elif not rows:
        typer.echo(empty)
    else:
        _print(table(rows, columns))


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> "Table":
    """Return rows as a table. What is copied from it into another command stays in one piece on a narrow screen."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name.replace("_", " "), overflow="fold", no_wrap=name in _COPIED)
    for row in rows:
        made.add_row(*(screen.said(row.get(name)).replace("[", r"\[") for name in columns))
    return made


def _print(table: "Table") -> None:
    from rich.console import Console

    console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
    if not sys.stdout.isatty():
        console.width = 200
    console.print(table)


def show_one(document: dict[str, object], *, as_json: bool) -> None:
    """Print one document as JSON, or as names and values for people; words to copy stand last, as they are."""
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    from campaign.newsletter.marks import spoken_marks

    words = {name: str(value) for name, value in document.items() if value and (name == "text" or "\n" in str(value))}
    for name, value in document.items():
        if name not in words:
            typer.echo(f"{name.replace('_', ' ')}: {screen.said(value)}")
    for name, text in words.items():
        typer.echo(f"\n{name}:\n\n{spoken_marks(text)}")


def local_time(app: "App", text: str) -> datetime:
    """Read a local wall time of the campaign's zone, as 2025-12-02 09:00, into aware UTC.

    Raises WrongUse: it is none, lies beyond the years of a campaign, or is a day alone, for which nobody may choose a
    time unasked (rulings, 13).
    """
    from campaign.intake import values
    from campaign.plan.days import YEARS

    found = values.local_instant(text, ZoneInfo(app.settings.campaign.timezone))
    if found is None:
        problem = f"{text!r} is {'a day without a time' if values.day(text) else 'no date and time'}"
        raise WrongUse(problem=problem, mend="Write it as 2025-12-02T09:00.")
    if found.year not in YEARS:
        raise WrongUse(problem=f"{text!r} lies beyond the years {YEARS[0]} to {YEARS[-1]}", mend="Correct the year.")
    return found


def local_day(text: str) -> date:
    """Read a day as 2025-12-02. Raises WrongUse."""
    try:
        if _PLAIN_DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # a day that no calendar has, which is said as of any other text
    raise WrongUse(problem=f"{text!r} is no day", mend="Write it as 2025-12-02.")


def day_bounds(app: "App", day: str | None) -> tuple[datetime | None, datetime | None]:
    """Return the aware UTC bounds of a local day, or two times None."""
    from campaign.plan.days import day_after, day_start

    if day is None:
        return None, None
    found, zone = local_day(day), ZoneInfo(app.settings.campaign.timezone)
    try:
        return day_start(found, zone), day_after(found, zone)
    except OverflowError as error:
        raise WrongUse(problem=f"{day!r} is no day", mend="Write it as 2025-12-02.") from error
