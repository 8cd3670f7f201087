"""`campaign review`, `agree`, `revoke`, `retract`, `settle`: the decisions."""

from typing import TYPE_CHECKING, Annotated

import typer

from campaign.cli.facts import find_partner
from campaign.cli.frame import (
    As,
    AsJson,
    Channels,
    Day,
    Partners,
    PostId,
    PostIds,
    cli,
    day_bounds,
    desk,
    opened,
    show,
)
from campaign.cli.holding import Scope
from campaign.cli.posts import (
    COLUMNS,
    each,
    find,
    post_filter,
    say_refused,
    short_hash,
    together,
)
from campaign.errors import UnknownName, WrongUse
from campaign.reports.documents import row_document
from campaign.wording import counted, some_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel import Session

    from campaign.app import App
    from campaign.models.listing import PostRow
    from campaign.review.agreement import Given
    from campaign.review.decisions import Desk

review = typer.Typer(help="Review: list what waits, approve, return, reject.", no_args_is_help=True)
cli.add_typer(review, name="review")

Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept and shown.")]
_BY_HAND = "Whoever published one takes it down there; to stop the others, `campaign posts withdraw ID`."


@review.command("list")
def list_review(partner: Partners = None, channel: Channels = None, day: Day = None, as_json: AsJson = False) -> None:
    """List the posts that wait for a decision, by due time; on stderr, those that wait for a person's word."""
    from campaign.models import listing
    from campaign.review import inbox

    with opened() as app, app.database.read() as session:
        wanted = post_filter(app, partner, channel, ["in_review"], day)
        documents = [row_document(row) for row in listing.posts(session, wanted)]
        asked = listing.waiting_for_person(session, wanted)
    if not as_json:
        for document in documents:
            document["id"] = f"{document['id']}@{short_hash(document)}"
    show(documents, as_json=as_json, columns=COLUMNS[:-2], empty="Nothing waits for review.")
    # On stderr, so that what reads the listing gets posts in review and nothing else, as a table and as JSON.
    for row in asked:
        typer.echo(f"{inbox.question(row)}. {inbox.settled_by(row)}", err=True)


@review.command("approve")
def approve(
    seen: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID@HASH", help="As `review list` shows them: at least 32 characters of the hash."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="What the filters list, as it stands now.")] = False,
    partner: Partners = None,
    channel: Channels = None,
    day: Day = None,
    by: As = None,
) -> None:
    """Approve posts by the content hash that was seen. All of them are approved, or none."""
    if bool(seen) == everything:
        raise WrongUse(problem="Name posts as ID@HASH, or use --all", mend="`campaign review list` shows them.")
    if seen and any((partner, channel, day)):
        raise WrongUse(problem="Filters go with --all alone", mend="Leave them out: the posts are named.")
    with opened() as app:
        if everything:
            _approve_listed(app, partner, channel, day, by)
            return
        with desk(app, by) as place:
            pairs = [_pair(text) for text in seen or []]
            done = [_approve_typed(place, ident, digest) for ident, digest in pairs]
    _say_approved(done)


def _approve_typed(place: "Desk", ident: str, digest: str) -> bool:
    from campaign.review import decisions

    row = find(place.session, ident)
    return decisions.approve(place, row, decisions.typed(place, row, digest))


def _pair(text: str) -> tuple[str, str]:
    ident, at, digest = text.partition("@")
    if not at:
        mend = "Write ID@HASH with the hash that `campaign review list` shows."
        raise WrongUse(problem=f"{text!r} names no content hash", mend=mend)
    return ident, digest


def _approve_listed(
    app: "App", partner: list[str] | None, channel: list[str] | None, day: str | None, by: str | None
) -> None:
    """Approve what the filters list, each in its own transaction; what may not be approved is named and left."""
    from campaign.models import listing
    from campaign.review import decisions

    with app.database.read() as session:
        rows = listing.posts(session, post_filter(app, partner, channel, ["in_review"], day))
    seen, done = {row.post.id: row.post.content_hash for row in rows}, list[bool]()
    refused = each(rows, app, by, lambda place, row: done.append(decisions.approve(place, row, seen[row.post.id])))
    _say_approved(done)
    say_refused(refused)


def _say_approved(done: list[bool]) -> None:
    typer.echo(f"{sum(done)} approved.")
    if len(done) > sum(done):
        typer.echo(f"Not approved yet: {len(done) - sum(done)}. The other side must approve too, or it came too late.")


@review.command("return")
def send_back(
    idents: PostIds, comment: Annotated[str, typer.Option("--comment", help="What to change.")], by: As = None
) -> None:
    """Return posts to their partner with a comment; the partner is told."""
    from campaign.review import decisions

    together(idents, by, lambda place, row: decisions.send_back(place, row, comment), "returned")


@review.command("reject")
def reject(idents: PostIds, reason: Reason, by: As = None) -> None:
    """Reject posts for good."""
    from campaign.review import decisions

    together(idents, by, lambda place, row: decisions.reject(place, row, reason), "rejected")


OnePartner = Annotated[str, typer.Option("--partner", help="The partner's key.")]
OneSlot = Annotated[str | None, typer.Option("--slot", help="Only this slot.")]


@cli.command("agree")
def agree(
    partner: OnePartner,
    slot: OneSlot = None,
    post: Annotated[str | None, typer.Option("--post", help="Only this post.")] = None,
    given_by: Annotated[str, typer.Option("--given-by", help="Who of the partner said it, where you record it.")] = "",
    given_on: Annotated[str | None, typer.Option("--given-on", metavar="DAY", help="When, as 2025-12-02.")] = None,
    source: Annotated[str, typer.Option("--source", help="Where that stands: a mail, a signed form.")] = "",
    by: As = None,
) -> None:
    """Record a partner's own yes to speak in its name; its drafts go to review."""
    from campaign.people import Right, demand
    from campaign.review import speaking

    with opened() as app, desk(app, by) as place:
        row = find_partner(place.session, partner)
        demand(place.person, Right.AGREE, partner)
        post_id = find_of(place.session, partner, post).post.ident if post is not None else None
        if slot is not None:
            speaking.check_slot(place.session, slot, app.copy.timetable)
        given = _given(app, given_by, given_on, source)
        ready = speaking.agree(place, row, slot=slot, post_id=post_id, given=given)
    typer.echo(f"{partner} agrees. {counted(ready, 'draft')} went to review.")


def _given(app: "App", by: str, on: str | None, source: str) -> "Given | None":
    """Return the yes that was given elsewhere: all three options or none."""
    from campaign.review.agreement import Given

    if not (by or on or source):
        return None
    at = day_bounds(app, on)[0]
    if at is None or not by or not source:
        problem = "A yes that was given elsewhere has who said it, when, and where that stands"
        raise WrongUse(problem=problem, mend="Give --given-by, --given-on and --source.")
    return Given(by, at, source)


def find_of(session: "Session", partner: str, ident: str) -> "PostRow":
    """Return a post of this partner. Raises UnknownName: nobody agrees to the post of another."""
    row = find(session, ident)
    if row.partner.key != partner:
        raise UnknownName(kind=f"post of {partner}", name=ident, mend=f"It is a post of {row.partner.key}.")
    return row


@cli.command("revoke")
def revoke(partner: OnePartner, slot: OneSlot = None, by: As = None) -> None:
    """Take a partner's yes back; what is approved and not yet sent stops."""
    from campaign.people import Right, demand
    from campaign.review import agreement

    with opened() as app, desk(app, by) as place:
        row = find_partner(place.session, partner)
        demand(place.person, Right.AGREE, partner)
        stopped = agreement.revoke(place.session, row, by=place.person.name, now=place.now, slot=slot)
    typer.echo(f"{partner} no longer agrees. {counted(stopped, 'approved post')} went back to review.")


@cli.command("retract")
def retract(scope: Scope, reason: Reason, by: As = None) -> None:
    """Take published posts down where the platform lets us; else a person gets the task.

    What is on its way or unconfirmed is taken down once it is found. Mail that was sent cannot be taken back.
    """
    from campaign.review import holding, taking_down

    with opened() as app, desk(app, by) as place:
        scope = holding.check_scope(place.session, scope, frozenset(app.channels), place.person.partner_key)
        posts, handed, mail = taking_down.out_under(place.session, scope)
        if mail and not posts and not handed:
            raise WrongUse(problem="Mail that was sent cannot be taken back", mend=_correct(mail))
        now, once_found = taking_down.take_down(place, posts, reason)
    typer.echo(f"To be taken down: {counted(now, 'post')}. `campaign run` does it.")
    if once_found:
        typer.echo(f"On the way or in doubt: {counted(once_found, 'post')}. Each is taken down once it is found.")
    if handed:
        named = some_of(str(row.post.id) for row in handed)
        typer.echo(f"Handed over and not recorded: {counted(len(handed), 'post')}. {_BY_HAND} ID: {named}.")
    if mail:
        typer.echo(f"Newsletters that stay: {counted(len(mail), 'issue')}. {_correct(mail)}")


def _correct(mail: "Sequence[PostRow]") -> str:
    named = some_of(str(row.post.id) for row in mail)
    return f"`campaign posts correct ID` writes to exactly those who got one. ID: {named}."


@cli.command("settle")
def settle(
    ident: PostId,
    published: Annotated[
        str | None, typer.Option("--published", metavar="URL", help="It is there: its address.")
    ] = None,
    not_published: Annotated[bool, typer.Option("--not-published", help="It is not there.")] = False,
    sure: Annotated[bool, typer.Option("--sure", help="It is the address, though it names another account.")] = False,
    by: As = None,
) -> None:
    """Give a person's word on a post that nobody could confirm, or that was to be taken down by hand."""
    from campaign.dispatch import word
    from campaign.dispatch.by_hand import WITHOUT_ID

    if (published is None) is not not_published:
        raise WrongUse(problem="Say one of --published URL and --not-published", mend="Look at the account first.")
    with opened() as app, desk(app, by) as place:
        row = find(place.session, ident)
        if published is not None and not sure and (why := word.doubt(row, app.channels, published)):
            raise WrongUse(problem=why.removesuffix("."), mend="Check the address, or say --sure.")
        known = word.settle(place, row, published, channels=app.channels, means=app.means())
        typer.echo(f"Post {ident} is {row.post.status}.")
    if not known:
        typer.echo(WITHOUT_ID)
