"""`campaign users change`, `send-away`, `take-back`, `sign-out`: who is in, and as what."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.facts import as_what, users
from campaign.cli.frame import As, desk, opened
from campaign.wording import counted

if TYPE_CHECKING:
    from campaign.models.users import User
    from campaign.review.decisions import Desk

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `users list` shows it.")]


@contextmanager
def file_of(name: str, by: str | None) -> Iterator[tuple["Desk", "User"]]:
    """Open what is kept of a person, for an admin to change; it is stored when the block ends."""
    from campaign.people import Right, demand, roster

    with opened() as app, desk(app, by) as place:
        demand(place.person, Right.ADMINISTER)
        yield place, roster.anybody(place.session, name)


@users.command("change")
def change(
    name: Name,
    role: Annotated[str | None, typer.Option("--role", help="officer, reviewer or admin.")] = None,
    partner: Annotated[str | None, typer.Option("--partner", help="The partner that an officer acts for.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="Where they sign in and notices go.")] = None,
    by: As = None,
) -> None:
    """Give a person another role, partner or address; what is not named stays."""
    from campaign.register import letting_in

    with file_of(name, by) as (place, person):
        letting_in.change(
            place.session,
            person,
            role=role or person.role,
            partner_key=partner or person.partner_key,
            email=email or person.email,
            by=place.person.name,
            now=place.now,
        )
        said = as_what(person, partner)
    typer.echo(said)


@users.command("send-away")
def send_away(name: Name, by: As = None) -> None:
    """Let a person in no more, and end their sessions. What they did stays theirs."""
    from campaign.register import letting_in

    with file_of(name, by) as (place, person):
        letting_in.send_away(place.session, person, by=place.person.name, now=place.now)
    typer.echo(f"{name} can no longer sign in or act. `campaign users take-back {name}` lets them in again.")


@users.command("take-back")
def take_back(name: Name, by: As = None) -> None:
    """Let a person in again who was sent away."""
    from campaign.register import letting_in

    with file_of(name, by) as (place, person):
        letting_in.take_back(place.session, person, by=place.person.name, now=place.now)
    typer.echo(f"{name} can sign in and act again.")


@users.command("unbind")
def unbind(name: Name, by: As = None) -> None:
    """Let another account of the identity provider be a person's: they have a new one there."""
    from campaign.register import letting_in

    with file_of(name, by) as (place, person):
        letting_in.unbind(place.session, person, by=place.person.name, now=place.now)
    typer.echo(f"The next account of the provider that signs in with the address of {name} is theirs.")


@users.command("sign-out")
def sign_out(name: Name, by: As = None) -> None:
    """End every session of a person in the pages."""
    from campaign.people import roster

    with file_of(name, by) as (place, person):
        count = roster.end_sessions(place.session, person, by=place.person.name, now=place.now)
    typer.echo(f"{counted(count, 'session')} of {name} ended.")
