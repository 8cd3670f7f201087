"""`campaign tokens`: what programs call the API with."""

from datetime import timedelta
from typing import Annotated

import typer

from campaign.cli.frame import As, AsJson, cli, desk, opened, show

tokens = typer.Typer(help="Tokens with which programs call the API.", no_args_is_help=True)
cli.add_typer(tokens, name="tokens")

_COLUMNS = ("id", "person", "name", "scopes", "made_at", "ends_at", "used_at")


@tokens.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="read, queue, review, hold, settle, agree, connect, retract, account, administer (repeat it).",
        ),
    ],
    days: Annotated[int, typer.Option("--days", help="How long it lasts, at most 365.", min=1, max=365)] = 30,
    by: As = None,
) -> None:
    """Print a new token, this once: a program that holds it acts for the person who makes it."""
    from campaign.people import bearers

    with opened() as app, desk(app, by) as place:
        lasts = timedelta(days=days)
        person, now = place.person, place.now
        secret = bearers.issue(place.session, person, name=name, scopes=scope, lasts=lasts, by=person.name, now=now)
    typer.echo(secret)


@tokens.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens of everybody that were not revoked. The secrets themselves are kept nowhere."""
    from campaign.clock import iso
    from campaign.models import tokens as rows

    with opened() as app, app.database.read() as session:
        documents: list[dict[str, object]] = [
            {
                "id": str(one.id),
                "person": person.name,
                "name": one.name,
                "scopes": one.scopes,
                "made_at": iso(one.made_at),
                "ends_at": iso(one.ends_at),
                "used_at": iso(one.used_at) if one.used_at else None,
            }
            for one, person in rows.tokens(session)
        ]
    show(documents, as_json=as_json, columns=_COLUMNS, empty="No tokens.")


@tokens.command("revoke")
def revoke(
    ident: Annotated[int, typer.Argument(metavar="ID", help="As `tokens list` shows it.", min=1, max=2**31 - 1)],
    by: As = None,
) -> None:
    """Let a token serve no more: one's own, or as an admin anybody's."""
    from campaign.people import RIGHTS, Right, bearers

    with opened() as app, desk(app, by) as place:
        anybodys = Right.ADMINISTER in RIGHTS[place.person.role]
        bearers.revoke(place.session, ident, by=place.person, now=place.now, anybodys=anybodys)
    typer.echo(f"Token {ident} serves no more.")
