"""`campaign users invite`: a link with which a person who was added sets up their account in the pages."""

from typing import Annotated

import typer

from campaign.cli.facts import users
from campaign.cli.frame import As, desk, opened


@users.command("invite")
def invite(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `users list` shows it.")],
    mail: Annotated[bool, typer.Option("--mail", help="Mail it to them too. Exit 1 when that does not work.")] = False,
    by: As = None,
) -> None:
    """Print a link with which a person sets up their account. It serves once, within seven days."""
    from campaign import people
    from campaign.register import letting_in

    with opened() as app:
        with desk(app, by) as place:
            people.demand(place.person, people.Right.ADMINISTER)
            person = people.acting(place.session, name)
            secret = letting_in.invite(place.session, person, by=place.person.name, now=place.now)
        to, invitations = person.email or "", app.notices.invitations
        link = invitations.link(secret)
        unsent = invitations.send(to, person.name, link) if mail else None
    typer.echo(f"{'Mailed to' if mail and unsent is None else 'Send this to'} {to}; it serves once, within seven days:")
    typer.echo(link)
    if unsent is not None:
        why = " ".join(unsent.split()).removesuffix(".")
        typer.echo(f"It was not mailed to {to}: {why}. The invitation stands: send the link yourself.", err=True)
        raise typer.Exit(1)
