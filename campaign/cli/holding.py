"""`campaign hold`, `release`: stop and let go, at once."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import As, AsJson, cli, desk, opened, show
from campaign.errors import WrongUse
from campaign.wording import counted

if TYPE_CHECKING:
    from sqlmodel import Session

    from campaign.app import App

Scope = Annotated[
    str,
    typer.Argument(metavar="SCOPE", help="everything, channel:NAME, partner:KEY, event:NAME, account:ID or post:ID."),
]


@cli.command("hold")
def hold(
    scope: Scope = "everything",
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept and shown.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the holds that are on.")] = False,
    by: As = None,
    as_json: AsJson = False,
) -> None:
    """Stop everything, a channel, a partner, an event, an account or a post, at once."""
    from campaign.clock import iso
    from campaign.models import holds
    from campaign.review import holding
    from campaign.review.foresight import on_their_way

    with opened() as app:
        if listed:
            with app.database.read() as session:
                rows: list[dict[str, object]] = [
                    {"scope": row.scope, "reason": row.reason, "held_by": row.held_by, "held_at": iso(row.held_at)}
                    for row in holds.active(session)
                ]
            show(rows, as_json=as_json, columns=("scope", "reason", "held_by", "held_at"), empty="No hold is on.")
            return
        if not reason:
            raise WrongUse(problem="A hold needs a reason", mend="Give it with --reason.")
        with desk(app, by) as place:
            scope = holding.check_scope(place.session, scope, frozenset(app.channels), place.person.partner_key)
            holding.hold(place.session, place.person, scope, reason, place.now)
            going = len(on_their_way(place.session, scope))
    typer.echo(f"Held: {scope}. `campaign release {scope}` lets go.")
    if going:
        posts = counted(going, "post")
        typer.echo(f"On the way already: {posts}. A request that had gone out goes through, nothing more is asked.")


@cli.command("release")
def release(
    scope: Scope = "everything",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask at the terminal.")] = False,
    by: As = None,
    as_json: AsJson = False,
) -> None:
    """Say what happens to each post that fell due meanwhile, then let go."""
    from campaign.review import holding

    with opened() as app:
        with app.database.read() as session:
            scope = holding.check_scope(session, scope, frozenset(app.channels))
            holding.standing(session, scope)
            ahead = _foreseen(app, session, scope)
        show(ahead, as_json=as_json, columns=_RELEASE, empty="Nothing fell due meanwhile.")
        if dry_run:
            if not as_json:
                typer.echo(f"Only a look: {scope} is still held.")
            return
        if sys.stdin.isatty() and not yes and not as_json:
            typer.confirm(f"Release {scope}?", abort=True)
        with desk(app, by) as place:
            holding.release(place.session, place.person, scope, place.now)
    if not as_json:
        typer.echo(f"Released: {scope}.")


_RELEASE = ("id", "partner", "channel", "slot", "due_at", "outcome")


def _foreseen(app: "App", session: "Session", scope: str) -> list[dict[str, object]]:
    from campaign.clock import iso
    from campaign.review.foresight import Terms, foresee

    terms = Terms.of(app.clock.now(), app.settings.dispatch.grace, app.contents, app.channels)
    return [
        {
            "id": str(item.row.post.id),
            "partner": item.row.partner.key,
            "channel": item.row.post.channel,
            "slot": item.row.post.slot,
            "due_at": iso(item.row.post.due_at),
            "fate": item.fate.value,
            "outcome": item.outcome,
        }
        for item in foresee(session, scope, terms)
    ]
