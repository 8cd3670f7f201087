"""`campaign hand`: posts that a person publishes, copy-ready."""

from typing import Annotated

import typer

from campaign.cli.frame import As, AsJson, Partners, PostId, cli, desk, opened, show, show_one
from campaign.cli.posts import find, post_filter
from campaign.reports.documents import hand_document, held_for, row_document

hand = typer.Typer(help="Posts to publish by hand: list, show, record.", no_args_is_help=True)
cli.add_typer(hand, name="hand")


@hand.command("list")
def list_by_hand(partner: Partners = None, as_json: AsJson = False) -> None:
    """List the posts that wait for a person to publish them."""
    from campaign.models import holds, listing
    from campaign.review.foresight import over

    with opened() as app, app.database.read() as session:
        wanted = post_filter(app, partner, None, ["by_hand"], None)
        on = holds.active(session)
        rows = [row_document(row) | {"held": held_for(over(on, row))} for row in listing.posts(session, wanted)]
    columns = ("id", "partner", "channel", "account", "slot", "due_at", "held")
    show(rows, as_json=as_json, columns=columns, empty="Nothing waits to be published by hand.")


@hand.command("show")
def show_by_hand(ident: PostId, as_json: AsJson = False) -> None:
    """Show text, image, alt text and the platform's compose page, ready to copy."""
    from campaign.dispatch import by_hand
    from campaign.models import holds
    from campaign.review.foresight import over

    with opened() as app, app.database.read() as session:
        row = find(session, ident)
        held = over(holds.active(session), row)
        ready = by_hand.ready(session, app.channels, row, app.contents.message(row.post))
    document = hand_document(row, ready, held) | {"files": [str(item.path) for item in ready.message.media]}
    show_one(document, as_json=as_json)
    if held and not as_json:
        typer.echo("It is on hold: do not publish it yet.", err=True)


@hand.command("done")
def done(
    ident: PostId, url: Annotated[str, typer.Option("--url", help="The address of the post.")], by: As = None
) -> None:
    """Record where a post stands that was published by hand."""
    from campaign.dispatch import by_hand

    with opened() as app, desk(app, by) as place:
        why = by_hand.record(place, app.channels, find(place.session, ident), url)
    typer.echo(f"Post {ident} is published at {url}.")
    if why:
        typer.echo(why)
