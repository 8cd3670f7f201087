"""The doctor on posts: late, in doubt, waiting for a person, ended badly; on holds that somebody forgot, and on imports
of readers that broke off, for no issue to their list begins.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from campaign.clock import iso
from campaign.health.finding import Finding, Rule, Severity, order
from campaign.models import audiences, holds, listing, upkeep, vitals
from campaign.models.status import Status
from campaign.models.vitals import Pile
from campaign.review import inbox
from campaign.review.content import Contents
from campaign.wording import counted

_LOOKS_TAKE = timedelta(minutes=6)
"""Within so long a look-up finds a post or proves it absent (ruling 3)."""
_LOOKS_FAIL = timedelta(minutes=30)
_RECENT = timedelta(days=7)
_AHEAD = timedelta(days=1)
_PUT_OFF = 200
"""So many posts that were put off are composed to see whether they can be."""
_OLD_HOLD = timedelta(days=1)
_BROKE_OFF = timedelta(minutes=5)
"""An import of which no row comes in for so long has ended; each of its portions takes seconds."""


def examine(session: Session, now: datetime) -> Iterator[Finding]:
    """Find what is not well with posts."""
    yield from _overdue(vitals.overdue(session, now), now)
    yield from _stuck(session, now)
    yield from _unconfirmed(vitals.unconfirmed(session, for_person=False), now)
    yield from _for_person(session)
    yield from _ended_badly(session, now)
    yield from _stale(session, now)
    yield from _old_holds(session, now)
    yield from _broken_imports(session, now)


def _overdue(pile: Pile, now: datetime) -> Iterator[Finding]:
    if pile.since is not None:
        late, oldest = counted(pile.count, "post"), _ago(now - pile.since)
        what = f"{late} could have gone and did not, the oldest was due {oldest} ago"
        mend = "See that `campaign run` lives and is not held up; its log says why."
        yield Finding(Rule.POSTS_OVERDUE, Severity.ERROR, "posts", what, mend, order(pile.count))


def _stuck(session: Session, now: datetime) -> Iterator[Finding]:
    for issue in vitals.stuck_issues(session, now):
        what = (
            f"Newsletter {issue.post_id} does not go on: {counted(issue.waiting, 'copy', 'copies')} wait, and none has"
        )
        what += f" gone for {_ago(now - issue.since)}" + (f": {issue.detail}" if issue.detail else "")
        mend = f"See `campaign posts show {issue.post_id}` and the log. It goes on by itself once the cause is mended."
        yield Finding(Rule.ISSUE_STUCK, Severity.ERROR, f"post {issue.post_id}", what, mend)


def _unconfirmed(pile: Pile, now: datetime) -> Iterator[Finding]:
    if not pile.count:
        return
    age = now - (pile.since or now)
    if age <= _LOOKS_TAKE:
        return  # the look-ups are about their work
    what = f"{counted(pile.count, 'post')} wait to be looked up, the oldest was sent {_ago(age)} ago"
    mend = "See `campaign posts list --status unconfirmed`; the log says why the look-ups fail."
    severity = Severity.ERROR if age > _LOOKS_FAIL else Severity.WARNING
    yield Finding(Rule.POST_UNCONFIRMED, severity, "posts", what, mend, order(pile.count))


def _for_person(session: Session) -> Iterator[Finding]:
    for row in listing.waiting_for_person(session):
        what = inbox.question(row)
        yield Finding(Rule.POST_NEEDS_PERSON, Severity.ERROR, str(row.post.id), what, inbox.settled_by(row))


def _ended_badly(session: Session, now: datetime) -> Iterator[Finding]:
    for rule, status, said in (
        (Rule.POSTS_MISSED, Status.MISSED, "were missed"),
        (Rule.POSTS_FAILED, Status.FAILED, "were refused by their platform"),
    ):
        count = vitals.due_since(session, status, now - _RECENT)
        if count:
            what = f"{counted(count, 'post')} of the last {_RECENT.days} days {said}"
            mend = f"See `campaign posts list --status {status}`; move each to a new time, or withdraw it."
            yield Finding(rule, Severity.WARNING, "posts", what, mend, order(count))


def broken(session: Session, contents: Contents, now: datetime) -> Iterator[Finding]:
    """Find posts that fell due and cannot be composed: dispatch puts them off until they are missed."""
    for post in upkeep.put_off_posts(session, now, limit=_PUT_OFF):
        try:
            contents.message(post)
        except Exception as error:  # noqa: BLE001 - told to a person
            row = listing.post(session, post.ident)
            name = inbox.name_of(row) if row else f"Post {post.id}"
            what = f"{name} is due, and what it sends cannot be made of what is stored ({type(error).__name__})"
            mend = (
                "Does another machine run a newer version? Update this one. Else `campaign posts edit` or withdraw it."
            )
            yield Finding(Rule.POST_BROKEN, Severity.ERROR, str(post.id), what, mend)


def images(session: Session, folder: Path, now: datetime) -> Iterator[Finding]:
    """Find images of the next day's posts that this machine has not got: it cannot send those posts."""
    for file, count in sorted(vitals.images_to_show(session, now + _AHEAD).items()):
        if not (folder / file).is_file():
            what = f"The image {file} of {counted(count, 'post')} is not in {folder} of this machine"
            mend = "Copy it there from the machine on which the posts were queued, or share the folder."
            yield Finding(Rule.IMAGE_MISSING, Severity.ERROR, file, what, mend)


def _stale(session: Session, now: datetime) -> Iterator[Finding]:
    for ident, attempt in vitals.abandoned(session, now):
        what = f"Post {ident} is being sent by {attempt.owner}, whose lease ended at {iso(attempt.lease_until)}"
        mend = "Start `campaign run`: it looks the post up before anything else."
        yield Finding(Rule.LEASE_STALE, Severity.ERROR, f"post {ident}", what, mend)
    for found in vitals.stale_lanes(session, now):
        place = f"{found.partner.key} {found.account.channel}"
        what = f"The lane of {place} is still held by {found.lane.owner}, whose lease has ended"
        mend = "Nothing, if that process was killed: the next due post takes the lane over."
        yield Finding(Rule.LEASE_STALE, Severity.WARNING, place, what, mend)


def _old_holds(session: Session, now: datetime) -> Iterator[Finding]:
    for hold in holds.old(session, now - _OLD_HOLD):
        what = f"{hold.held_by} held {hold.scope} {_ago(now - hold.held_at)} ago: {hold.reason}"
        mend = f"See `campaign release {hold.scope} --dry-run`, then release it, if it was forgotten."
        yield Finding(Rule.HOLD_OLD, Severity.WARNING, hold.scope, what, mend)


def _broken_imports(session: Session, now: datetime) -> Iterator[Finding]:
    for one in audiences.broken_off(session, now - _BROKE_OFF, now + _AHEAD):
        file = one.file or "a file"
        what = f"The import of {file} into the mailing list {one.key} broke off at {iso(one.at)}: no issue to it begins"
        if one.issues:
            what += f", and {counted(one.issues, 'is', 'are')} due within a day"
        mend = (
            f"Import {one.file or 'the file'} again: `campaign lists import {one.key} FILE.csv`, or Admin, Email lists."
        )
        severity = Severity.ERROR if one.issues else Severity.WARNING
        yield Finding(Rule.IMPORT_BROKEN, severity, f"list {one.key}", what, mend, order(one.issues))


def _ago(span: timedelta) -> str:
    """Say a span as people do, to its largest unit."""
    for unit, size in (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))):
        if span >= 2 * size:
            return f"{span // size} {unit}"
    return f"{max(0, round(span.total_seconds()))} seconds"
