"""`campaign hand`: posts that a person publishes, copy-ready."""

from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import As, AsJson, Partners, PostId, cli, desk, opened, show, show_one
from campaign.cli.posts import WITHOUT_ID, check_address, find, message_document, post_filter, row_document
from campaign.errors import WrongUse

if TYPE_CHECKING:
    from campaign.app import App
    from campaign.models.listing import PostRow
    from campaign.review.decisions import Desk

hand = typer.Typer(help="Posts to publish by hand: list, show, record.", no_args_is_help=True)
cli.add_typer(hand, name="hand")


@hand.command("list")
def list_by_hand(partner: Partners = None, as_json: AsJson = False) -> None:
    """List the posts that wait for a person to publish them."""
    from campaign.models import listing

    with opened() as app, app.database.read() as session:
        wanted = post_filter(app, partner, None, ["by_hand"], None)
        rows = [row_document(row) for row in listing.posts(session, wanted)]
    columns = ("id", "partner", "channel", "account", "slot", "due_at")
    show(rows, as_json=as_json, columns=columns, empty="Nothing waits to be published by hand.")


@hand.command("show")
def show_by_hand(ident: PostId, as_json: AsJson = False) -> None:
    """Show text, image, alt text and the platform's compose page, ready to copy."""
    from campaign.dispatch import by_hand

    with opened() as app, app.database.read() as session:
        row = find(session, ident)
        ready = by_hand.ready(session, app.channels, row, app.contents.message(row.post))
    message = ready.message
    document: dict[str, object] = {"id": ident} | message_document(message) | {"text": ready.words}
    if message.share_of is not None:
        document |= {
            "share_of": row.post.draft["share_of"],
            "share_partner": ready.original.partner if ready.original else None,
            "share_url": ready.original.url if ready.original else None,
            "link": None,
        }
    document["compose_url"] = ready.page
    document["files"] = [str(item.path) for item in message.media]
    show_one(document, as_json=as_json)


@hand.command("done")
def done(
    ident: PostId, url: Annotated[str, typer.Option("--url", help="The address of the post.")], by: As = None
) -> None:
    """Record where a post stands that was published by hand."""
    from campaign.models.status import Move
    from campaign.people import Right

    check_address(url)
    with opened() as app, desk(app, by) as place:
        row = find(place.session, ident)
        place.demand(Right.SETTLE, row)
        found, why = _id_at(place, app, row, url)
        changes: dict[str, object] = {"url": url, "external_id": found, "published_at": place.now}
        place.move(row.post, Move.DONE, why=f"published by hand: {url}", changes=changes)
    typer.echo(f"Post {ident} is published at {url}.")
    if found is None:
        typer.echo(why)


def _id_at(place: "Desk", app: "App", row: "PostRow", url: str) -> tuple[str | None, str]:
    """Return the id in the address, else None and why: what a person published counts, wherever they say it stands."""
    from campaign.review.addressed import id_at

    try:
        return id_at(place.session, app.channels[row.post.channel], row, url), WITHOUT_ID
    except WrongUse as error:
        return None, f"Its id was not kept: {error.facts['problem']}."
