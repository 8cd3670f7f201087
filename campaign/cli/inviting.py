"""`campaign users invite`: a link with which a person who was added sets up their account in the pages."""

from typing import Annotated

import typer

from campaign.cli.facts import users
from campaign.cli.frame import As, desk, opened


@users.command("invite")
def invite(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `users list` shows it.")], by: As = None
) -> None:
    """Print a link with which a person sets up their account. It serves once, within seven days."""
    from campaign import people
    from campaign.people import tickets
    from campaign.people.tickets import Purpose

    with opened() as app, desk(app, by) as place:
        place_of = app.settings.web.public_url
        people.demand(place.person, people.Right.ADMINISTER)
        person = people.acting(place.session, name)
        secret = tickets.issue(place.session, person, Purpose.INVITATION, by=place.person.name, now=place.now)
    typer.echo(f"Send this to {person.email}; it serves once, within seven days:")
    typer.echo(f"{place_of}/invitation/{secret}")
