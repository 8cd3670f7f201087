"""`campaign partners`, `accounts`, `lists`, `users`: the facts that a campaign works with."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import As, AsJson, cli, desk, opened, show
from campaign.errors import BadInput, UnknownName, WrongUse
from campaign.reports.documents import account_document, partner_document
from campaign.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlmodel import Session

    from campaign.app import App
    from campaign.models.partners import Partner
    from campaign.models.users import User

partners = typer.Typer(help="The organisations that take part.", no_args_is_help=True)
accounts = typer.Typer(help="Their accounts on the platforms and lists.", no_args_is_help=True)
lists = typer.Typer(help="Email lists and their subscribers.", no_args_is_help=True)
users = typer.Typer(help="The people who use this program.", no_args_is_help=True)
for name, group in (("partners", partners), ("accounts", accounts), ("lists", lists), ("users", users)):
    cli.add_typer(group, name=name)

CsvFile = Annotated[Path, typer.Argument(metavar="FILE.csv")]


def find_partner(session: "Session", key: str) -> "Partner":
    """Return a partner by its key. Raises UnknownName."""
    from campaign.models.partners import partner_by_key

    found = partner_by_key(session, key)
    if found is None:
        raise UnknownName(kind="partner", name=key, mend="`campaign partners list` names them.")
    return found


@partners.command("import")
def import_partners(file: CsvFile, by: As = None) -> None:
    """Add or change partners from a CSV: partner,name,kind,region,... Further columns become details.

    What the file has no column for is kept; an empty cell takes the value away.
    """
    from campaign.intake import read_partners
    from campaign.models.partners import agreements_given
    from campaign.register import partners as register
    from campaign.review.rules import QuietPeriods

    with opened() as app:
        rows = read_partners(file)
        with desk(app, by) as place:
            rules, quiet = app.settings.review, QuietPeriods(app.settings.campaign)
            done = register.take(place.session, rows, rules, quiet=quiet, by=place.person, now=place.now)
            place.session.flush()
            standing = agreements_given(place.session, place.person.name, place.now)
    typer.echo(done.said("partner"))
    if standing:
        given = counted(standing, "partner")
        typer.echo(f"{place.person.name} records the agreement of {given}; see `campaign agree` and `campaign revoke`.")
    _say_unmentioned(app, [name for row in rows for name in row.details])


def _say_unmentioned(app: "App", names: "Iterable[str]") -> None:
    """Warn of details that nothing uses: most often they are misspelt. A copy at fault is for `campaign check`."""
    from campaign.plan.mentions import unmentioned

    with suppress(BadInput):
        if said := unmentioned(app.copy, names):
            typer.echo(said, err=True)


@partners.command("list")
def list_partners(as_json: AsJson = False) -> None:
    """List the partners."""
    from campaign.models import partners as rows

    with opened() as app, app.database.read() as session:
        documents = [partner_document(session, row) for row in rows.partners(session)]
    columns = ("partner", "name", "kind", "region", "approver", "agreed")
    show(
        documents, as_json=as_json, columns=columns, empty="No partners. `campaign partners import FILE.csv` adds them."
    )


@partners.command("set")
def set_partner(
    key: Annotated[str, typer.Argument(metavar="PARTNER")],
    values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE")],
    by: As = None,
) -> None:
    """Change details of a partner. `campaign queue` carries them into its posts."""
    from campaign.cli.posts import pairs
    from campaign.register import partners as register
    from campaign.review.rules import QuietPeriods

    with opened() as app, desk(app, by) as place:
        found, quiet = find_partner(place.session, key), QuietPeriods(app.settings.campaign)
        named = pairs(values)
        register.change(place.session, found, named, quiet=quiet, by=place.person, now=place.now)
    _say_unmentioned(app, [name for name, value in named.items() if value and name not in register.COLUMNS])
    typer.echo(f"{key} is changed. `campaign plan` shows what that does to its posts.")


@accounts.command("import")
def import_accounts(file: CsvFile, by: As = None) -> None:
    """Add or change accounts from a CSV: partner,channel,handle,external_id,mode,credentials.

    What the file has no column for is kept. A new id, sender or reply address takes its posts back to review.
    """
    from campaign.intake import read_accounts
    from campaign.models import partners as rows
    from campaign.review.rebinding import take_accounts, told

    with opened() as app:
        with app.database.read() as session:
            known = {row.key for row in rows.partners(session)}
        found = read_accounts(file, set(app.channels), known, os.environ)
        with desk(app, by) as place:
            done = take_accounts(place, found, app.vault)
    typer.echo("\n".join(told(*done)))


@accounts.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts with what stops them."""
    from campaign.models import partners as rows

    with opened() as app, app.database.read() as session:
        documents = [account_document(account, partner) for account, partner in rows.accounts(session)]
    columns = ("id", "partner", "channel", "handle", "external_id", "mode", "credentials", "stopped", "disabled")
    show(
        documents, as_json=as_json, columns=columns, empty="No accounts. `campaign accounts import FILE.csv` adds them."
    )


@accounts.command("check")
def check_accounts(as_json: AsJson = False) -> None:
    """Ask each platform whose credentials these are and what they may do. Exit 1 when any does not work.

    An account that works and had stopped goes again; one whose credentials are somebody else's stops.
    """
    from campaign.register import checking

    with opened() as app:
        documents = checking.check(app.database, app.channels, app.identities)
    columns = ("id", "partner", "channel", "handle", "works", "can_find", "note")
    show(documents, as_json=as_json, columns=columns, empty="No accounts with API access.")
    if not all(document["works"] for document in documents):
        raise typer.Exit(1)


@accounts.command("connect")
def connect_accounts(
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="x, facebook or linkedin.")],
    partner: Annotated[str, typer.Option("--partner", help="Whose account it is.")],
) -> None:
    """Print where a person connects an account: the platform's consent needs a browser, signed in to the pages."""
    from campaign.models import partners as rows
    from campaign.register.connecting import Connector

    with opened() as app:
        Connector(app.channels, app.workspace, os.environ).channel(channel)
        with app.database.read() as session:
            found = find_partner(session, partner)
            every = [account for account, _ in rows.accounts(session, partner_ids=[found.ident])]
    mine = [account for account in every if account.channel == channel and account.disabled_why is None]
    if not mine:
        mend = "`campaign accounts import FILE.csv` adds it; mode by-hand needs no credentials yet."
        raise WrongUse(problem=f"{found.name} has no account on {channel}", mend=mend)
    typer.echo(f"Sign in to the pages as an admin or as an officer of {found.name}, and open:")
    for account in mine:
        typer.echo(f"{account.handle}: {app.settings.web.public_url}/accounts/{account.ident}/connect")


AccountId = Annotated[int, typer.Argument(metavar="ID", help="As `accounts list` shows it.", min=1, max=2**31 - 1)]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept and shown.")]


@accounts.command("disable")
def disable_account(ident: AccountId, reason: Reason, by: As = None) -> None:
    """Take an account out: nothing more is planned for it, and its approved posts are held."""
    from campaign.config import said
    from campaign.register import accounts as register

    why = said("reason", reason)
    with opened() as app, desk(app, by) as place:
        called = register.disable(place.session, ident, why, by=place.person, now=place.now)
    typer.echo(f"Disabled: {called}. `campaign accounts enable {ident} --reason R` takes it back.")


@accounts.command("enable")
def enable_account(ident: AccountId, reason: Reason, by: As = None) -> None:
    """Take a disabled account back; what was held since then goes on, or is missed when its time has passed."""
    from campaign.config import said
    from campaign.register import accounts as register

    why = said("reason", reason)
    with opened() as app, desk(app, by) as place:
        called = register.enable(place.session, ident, why, by=place.person, now=place.now)
    typer.echo(f"Enabled: {called}. `campaign plan` shows what the timetable wants of it.")


@users.command("add")
def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[str, typer.Option("--role", help="officer, reviewer or admin.")],
    partner: Annotated[str | None, typer.Option("--partner", help="The partner that an officer acts for.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="Where notices go.")] = None,
    by: As = None,
) -> None:
    """Add a person."""
    from campaign import people
    from campaign.register import letting_in

    with opened() as app, desk(app, by) as place:
        people.demand(place.person, people.Right.ADMINISTER)
        person = letting_in.add(
            place.session,
            name=name,
            role=role,
            partner_key=partner,
            email=email,
            by=place.person.name,
            now=place.now,
        )
        said = as_what(person, partner)
    typer.echo(said)


def as_what(person: "User", partner: str | None) -> str:
    """Say as what a person is in, and where the partner that was named with ``--partner`` is not theirs."""
    said = f"{person.name} is {person.role}{f' of {person.partner_key}' if person.partner_key else ''}."
    left_out = partner is not None and person.partner_key is None
    return f"{said} Only an officer belongs to a partner: --partner is left out." if left_out else said


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the people."""
    from campaign.models import users as rows

    with opened() as app, app.database.read() as session:
        documents: list[dict[str, object]] = [
            {"name": row.name, "role": row.role, "partner": row.partner_key, "email": row.email, "active": row.active}
            for row in rows.users(session)
        ]
    show(documents, as_json=as_json, columns=("name", "role", "partner", "email", "active"), empty="Nobody.")
