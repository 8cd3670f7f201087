"""`campaign posts move`: a new time for a post, or for what a whole slot missed."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import As, Day, desk, local_time, opened
from campaign.cli.posts import each, find, post_filter, posts, say_refused
from campaign.cli.screen import when
from campaign.errors import UnknownName, WrongUse

if TYPE_CHECKING:
    from datetime import datetime

    from campaign.app import App


@posts.command("move")
def move(
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="Local wall time, as 2025-12-02T09:00.")],
    ident: Annotated[str | None, typer.Argument(metavar="ID", help="The post.")] = None,
    slot: Annotated[str | None, typer.Option("--slot", help="Instead of a post: what this slot missed.")] = None,
    day: Day = None,
    by: As = None,
) -> None:
    """Give a post a new time. Inside its slot's window it keeps its approval, unless it says other words at that time.

    A newsletter that failed when some had got it goes on unchanged to the others.

    With --slot what a whole slot missed gets one new time; its words are the approved ones, so it stays approved.
    """
    from campaign.review import rearranging

    if (ident is None) == (slot is None):
        raise WrongUse(problem="Name a post or a slot", mend="Write its id, or --slot NAME.")
    if slot is None and day is not None:
        raise WrongUse(problem="--day goes with --slot alone", mend="Leave it out: the post is named.")
    with opened() as app:
        due_at = local_time(app, at)
        if slot is not None:
            _rearrange(app, slot, day, due_at, by)
            return
        with desk(app, by) as place:
            row = find(place.session, ident or "")
            rearranging.new_time(place, partial(app.source, placeholders=True), row, due_at)
            typer.echo(f"Post {ident} is {row.post.status} for {when(row.post.due_at)}.")


def _rearrange(app: "App", slot: str, day: str | None, slot_at: "datetime", by: str | None) -> None:
    """Give what a slot missed one new time, each post in its own transaction; what may not go is named and left."""
    from dataclasses import replace

    from campaign.models import listing
    from campaign.review import rearranging

    wanted = replace(post_filter(app, None, None, ["missed"], day), slots=(slot,))
    with app.database.read() as session:
        rows = listing.posts(session, wanted)
    if not rows:
        raise UnknownName(
            kind="missed post of slot", name=slot, mend="`campaign posts list --status missed` shows them."
        )
    rearranging.refuse_crowd(rows)
    files = partial(app.source, placeholders=True)
    refused = each(rows, app, by, lambda place, row: rearranging.rearrange(place, files, row, slot_at))
    typer.echo(f"{len(rows) - len(refused)} posts are approved for their new time.")
    say_refused(refused)
