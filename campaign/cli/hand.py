"""`campaign hand`: posts that a person publishes, copy-ready."""

from typing import Annotated

import typer

from campaign.cli.frame import As, AsJson, Partners, cli, desk, opened, show, show_one
from campaign.cli.posts import check_address, find, message_document, row_document

hand = typer.Typer(help="Posts to publish by hand: list, show, record.", no_args_is_help=True)
cli.add_typer(hand, name="hand")


@hand.command("list")
def list_by_hand(partner: Partners = None, as_json: AsJson = False) -> None:
    """List the posts that wait for a person to publish them."""
    from campaign.models import listing

    with opened() as app, app.database.read() as session:
        wanted = listing.PostFilter(partners=tuple(partner or ()), statuses=("by_hand",))
        rows = [row_document(row) for row in listing.posts(session, wanted)]
    columns = ("id", "partner", "channel", "account", "slot", "due_at")
    show(rows, as_json=as_json, columns=columns, empty="Nothing waits to be published by hand.")


@hand.command("show")
def show_by_hand(ident: str, as_json: AsJson = False) -> None:
    """Show text, image, alt text and the platform's compose page, ready to copy."""
    from campaign.identities import public
    from campaign.ports import ByHand

    with opened() as app:
        with app.database.read() as session:
            row = find(session, ident)
        message = app.contents.message(row.post)
        channel = app.channels[row.post.channel]
        document = {"id": ident} | message_document(message)
        if isinstance(channel, ByHand):
            document["compose_url"] = channel.compose_url(public(row.account, row.partner), message)
        document["files"] = [str(item.path) for item in message.media]
    show_one(document, as_json=as_json)


@hand.command("done")
def done(
    ident: str, url: Annotated[str, typer.Option("--url", help="The address of the post.")], by: As = None
) -> None:
    """Record where a post stands that was published by hand."""
    from campaign.models.status import Move
    from campaign.people import Right

    check_address(url)
    with opened() as app, desk(app, by) as place:
        row = find(place.session, ident)
        place.demand(Right.SETTLE, row)
        changes: dict[str, object] = {"url": url, "published_at": place.now}
        place.move(row.post, Move.DONE, why=f"published by hand: {url}", changes=changes)
    typer.echo(f"Post {ident} is published at {url}.")
