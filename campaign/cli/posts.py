"""`campaign posts`: list, show, preview, new, edit, submit, move, withdraw."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.frame import (
    As,
    AsJson,
    Channels,
    Day,
    Partners,
    PostId,
    PostIds,
    Statuses,
    cli,
    day_bounds,
    desk,
    opened,
    show,
    show_one,
)
from campaign.cli.screen import NOTHING, said
from campaign.errors import CampaignError, UnknownName, WrongUse
from campaign.reports.documents import message_document, row_document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlmodel import Session

    from campaign.app import App
    from campaign.models.listing import PostFilter, PostRow
    from campaign.review.decisions import Desk

posts = typer.Typer(help="The posts: see, change, move and withdraw them.", no_args_is_help=True)
cli.add_typer(posts, name="posts")

COLUMNS = ("id", "partner", "channel", "slot", "due_at", "status", "content_hash", "url")


def post_filter(
    app: "App",
    partners: list[str] | None,
    channels: list[str] | None,
    statuses: list[str] | None,
    day: str | None,
    ids: tuple[int, ...] = (),
) -> "PostFilter":
    """Return the filter that the options of a listing say."""
    from campaign.models.listing import PostFilter
    from campaign.models.status import Status

    check_names("status", statuses, [status.value for status in Status])
    check_names("channel", channels, list(app.channels))
    check_partners(app, partners)
    since, until = day_bounds(app, day)
    return PostFilter(
        ids=ids,
        partners=tuple(partners or ()),
        channels=tuple(channels or ()),
        statuses=tuple(statuses or ()),
        since=since,
        until=until,
    )


def check_names(kind: str, named: list[str] | None, known: list[str]) -> None:
    """Refuse a name that nothing can have: an empty list would look like an answer."""
    for name in named or ():
        if name not in known:
            raise UnknownName(kind=kind, name=name, mend=f"There are {', '.join(sorted(known)) or 'none'}.")


def check_partners(app: "App", named: list[str] | None) -> None:
    """Refuse the key of a partner that nobody has imported."""
    from campaign.cli.facts import find_partner

    if named:
        with app.database.read() as session:
            for key in named:
                find_partner(session, key)


def find(session: "Session", ident: str) -> "PostRow":
    """Return a post by what a person typed. Raises UnknownName."""
    from campaign.intake.values import row_id
    from campaign.models import listing

    number = row_id(ident)
    row = listing.post(session, number) if number is not None else None
    if row is None:
        raise UnknownName(kind="post", name=ident, mend="`campaign posts list` names them.")
    return row


@posts.command("list")
def list_posts(
    partner: Partners = None,
    channel: Channels = None,
    status: Statuses = None,
    day: Day = None,
    search: Annotated[
        str, typer.Option("--search", help="A post's number, a partner's name, or words of a post.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List posts by due time."""
    from campaign.reports.posts import each_post
    from campaign.review import searching

    with opened() as app:
        wanted = post_filter(app, partner, channel, status, day)
        with app.database.read() as session:
            meant = searching.read(session, search, wanted)
        documents = [row_document(row) for row in each_post(app.database, meant)]
    if not as_json:
        for document in documents:
            document["content_hash"] = short_hash(document)
    show(documents, as_json=as_json, columns=COLUMNS, empty="No posts. `campaign queue` makes them from the timetable.")


def short_hash(document: "Mapping[str, object]") -> str:
    """Return as much of a post's content hash as whoever approves it has to type."""
    from campaign.review.decisions import HASH_MIN

    return str(document["content_hash"])[:HASH_MIN]


@posts.command("show")
def show_post(ident: PostId, as_json: AsJson = False) -> None:
    """Show a post with its events, attempts and deliveries."""
    from campaign.reports.story import copies, story

    with opened() as app, app.database.read() as session:
        row = find(session, ident)
        document = story(session, row) | {"deliveries": copies(session, row.post.ident)}
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    for name, value in document.items():
        if isinstance(value, list):
            typer.echo(f"{name}:")
            for item in value:
                typer.echo("  " + "  ".join(part for part in map(said, item.values()) if part != NOTHING))
        else:
            typer.echo(f"{name.replace('_', ' ')}: {said(value)}")


@posts.command("preview")
def preview(ident: PostId, as_json: AsJson = False) -> None:
    """Show exactly what a post will send, and its length."""
    from campaign.newsletter.marks import spoken_marks

    with opened() as app:
        with app.database.read() as session:
            row = find(session, ident)
        message = app.contents.message(row.post)
        document = message_document(message)
    if as_json:
        show_one(document, as_json=True)
        return
    channel = app.channels[row.post.channel]
    typer.echo(f"{row.partner.name} on {channel.title} ({row.account.handle}), version {row.post.version}")
    if message.share_of is not None and not message.text:
        typer.echo(_shared(message.share_of))
        return
    typer.echo(f"{channel.limits.count(message.text):,} of {channel.limits.text_max:,} characters\n")
    if message.envelope:
        typer.echo(f"From: {message.envelope.sender}\nReply to: {message.envelope.reply_to or 'the same'}")
    typer.echo(f"Subject: {message.subject}\n" if message.subject else "", nl=False)
    typer.echo(spoken_marks(message.text) if message.html is not None else message.text)
    if message.link:
        typer.echo(f"\n[{message.link_title or 'link card'}] {message.link}")
    for item in message.media:
        typer.echo(f"\n[image {item.path.name}] {item.alt}")


def _shared(source: str) -> str:
    """Return what a share passes on: a post of the timetable (SLOT@PARTNER), or one that is out."""
    slot, at, partner = source.rpartition("@")
    what = f"the post of {partner} in the slot {slot!r}" if at else f"the post {source}"
    return f"It passes on {what} as it stands, and says no words of its own."


def each(rows: "Sequence[PostRow]", app: "App", by: str | None, decide: "Callable[[Desk, PostRow], None]") -> list[str]:
    """Decide about each post in its own transaction; returns what was said of those that could not be."""
    refused: list[str] = []
    for row in rows:
        try:
            with desk(app, by) as place:
                decide(place, find(place.session, str(row.post.id)))
        except CampaignError as error:
            refused.append(str(error))
    return refused


def together(idents: "Sequence[str]", by: str | None, decide: "Callable[[Desk, PostRow], None]", decided: str) -> None:
    """Decide the same about posts that a person named, of all or of none; ``decided`` says what they are then."""
    with opened() as app, desk(app, by) as place:
        for ident in idents:
            decide(place, find(place.session, ident))
    typer.echo(f"{len(idents)} {decided}.")


def say_refused(refused: list[str]) -> None:
    """Name what could not be done, and exit 1 when anything could not."""
    for line in refused:
        typer.echo(line, err=True)
    if refused:
        raise typer.Exit(1)


@posts.command("submit")
def submit(idents: PostIds, by: As = None) -> None:
    """Hand drafts to review."""
    from campaign.review import decisions

    together(idents, by, decisions.submit, "submitted")


@posts.command("withdraw")
def withdraw(
    idents: PostIds,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept.")] = "withdrawn by its author",
    by: As = None,
) -> None:
    """Take posts out before they are published."""
    from campaign.review import decisions

    together(idents, by, lambda place, row: decisions.withdraw(place, row, reason), "withdrawn")


@posts.command("edit")
def edit(
    ident: PostId,
    values: Annotated[list[str], typer.Argument(help="name=value: the template's fields.", metavar="FIELD=VALUE")],
    by: As = None,
) -> None:
    """Change the words of a post where its template lets them change: its fields."""
    from campaign.review.single import refill

    with opened() as app, desk(app, by) as place:
        row = find(place.session, ident)
        refill(place, app.source(placeholders=True), row, pairs(values), files=True)
        typer.echo(f"Post {ident} has new words and is {row.post.status}.")


def pairs(values: list[str]) -> dict[str, str]:
    """Read name=value arguments."""
    for value in values:
        if "=" not in value:
            raise WrongUse(problem=f"{value!r} is not name=value", mend='Write it as contact="Mrs Okoro".')
    return {name.strip(): text for name, _, text in (value.partition("=") for value in values)}
