"""`campaign lists`: email lists and their readers, brought in, counted, taken away."""

import sys
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from campaign.cli.facts import CsvFile, Reason, lists
from campaign.cli.frame import As, AsJson, desk, opened, person, show
from campaign.wording import counted, some_of

if TYPE_CHECKING:
    from sqlmodel import Session

_AGAIN = "Import the same file again: nobody comes in twice, and until it has ended no issue of the list begins."
FileLost = Annotated[
    bool, typer.Option("--file-lost", help="The file of an import that broke off is lost: this one ends it.")
]


@lists.command("import")
def import_list(
    name: Annotated[str, typer.Argument(metavar="LIST")], file: CsvFile, file_lost: FileLost = False, by: As = None
) -> None:
    """Add subscribers to a list: email,name,...,consent_source,consent_at.

    A time without a zone is local wall time. Others write meanwhile, so that a hold holds at once. What is stored
    stays if it breaks off: import the file again.
    """
    from campaign.intake import each_subscriber
    from campaign.models import mailing
    from campaign.register import Taken
    from campaign.register import lists as register

    done = Taken()
    with opened() as app:
        readers = each_subscriber(file, app.clock.now(), ZoneInfo(app.settings.campaign.timezone))
        with app.database.read() as session:
            who, is_new = person(session, by), mailing.list_by_key(session, name.strip()) is None
        try:
            for so_far in register.bring(app.database, name, readers, by=who, clock=app.clock, lost=file_lost):
                done = so_far
        except BaseException:
            if done.rows:
                typer.echo(f"Only {counted(done.rows, 'row')} of the file came in. {_AGAIN}", err=True)
            raise
        app.nudge()
        with app.database.read() as session:
            made = _made(session, name.strip()) if is_new else ""
    typer.echo(done.said("subscriber") + made)


def _made(session: "Session", key: str) -> str:
    """Say that a list is new, and where no account mails it, which lists accounts wait for: it may be misspelt."""
    from campaign.models import audiences, mailing

    found = mailing.list_by_key(session, key)
    said = f"\n{key} is a new list."
    if found is None or mailing.speakers(session, found.ident):
        return said
    waiting = [account.external_id for account, _ in audiences.without_list(session)]
    more = f" Accounts wait for the lists that are not there: {some_of(waiting)}." if waiting else ""
    return f"{said} No account mails it.{more}"


@lists.command("list")
def list_lists(as_json: AsJson = False) -> None:
    """List the email lists with the number of people who want their mail."""
    from campaign.models import audiences

    with opened() as app, app.database.read() as session:
        found = audiences.counts(session)
    documents: list[dict[str, object]] = [{"list": one.key, "subscribers": one.wanting} for one in found]
    show(documents, as_json=as_json, columns=("list", "subscribers"), empty="No lists.")
    for one in found:
        if one.importing:
            of = f" of {one.file}" if one.file else ""
            typer.echo(f"An import{of} into {one.key} has not ended. If it broke off: {_AGAIN}", err=True)


@lists.command("export")
def export_list(name: Annotated[str, typer.Argument(metavar="LIST")], by: As = None) -> None:
    """Print a list as CSV, with consent and unsubscription. The audit log says who did."""
    from campaign.register import lists as register
    from campaign.reports.export import write_csv
    from campaign.reports.readers import READER_COLUMNS, each_reader

    with opened() as app:
        with desk(app, by) as place:
            ident = register.hand_out(place.session, name, by=place.person, now=place.now)
        write_csv(each_reader(app.database, ident), sys.stdout, READER_COLUMNS)


@lists.command("allow")
def allow_address(address: Annotated[str, typer.Argument(metavar="ADDRESS")], reason: Reason, by: As = None) -> None:
    """Mail an address again that gets no mail since a mail server said that nobody is there.

    Whoever has left a list, or complained, stays away.
    """
    from campaign.register import allowing

    with opened() as app, desk(app, by) as place:
        allowing.allow(place.session, address, reason, by=place.person, now=place.now)
    typer.echo(f"{address.strip()} gets the next issue of each list that it stands on and has not left.")
