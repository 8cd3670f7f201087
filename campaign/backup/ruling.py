"""What becomes of a restored database whose time went on without it (docs/decisions/0009-restore.md).

Nothing goes out before a person lets it: everything is held. What may have been published since is unconfirmed: looked
up where the platform lets us, a person's question where not. Newsletters never resume by themselves.
"""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.backup.people import fallen_back, keep_out
from campaign.backup.stopping import Stayed, stay_stopped
from campaign.clock import iso
from campaign.models import audit, deliveries, notices, replaced, restoring, upkeep, users
from campaign.models.holds import Hold
from campaign.models.moves import move
from campaign.models.notices import Notice
from campaign.models.partners import Account, AccountMode
from campaign.models.posts import Post
from campaign.models.replaced import Replaced
from campaign.models.status import Move, Status
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.ports import MAIL
from campaign.wording import some_of

_NAMED = 20
"""How many people a line names."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What was decided. ``to_look_up`` posts are looked up by the daemon, ``to_ask`` wait for a person's word."""

    made_at: datetime
    posts: int
    to_look_up: int
    to_ask: int
    copies_in_doubt: int
    """Copies of begun issues that may have gone out since; they are not sent again."""
    opt_outs_kept: int
    webhooks_off: int
    kept_out: tuple[str, ...]
    """Who was sent away since, or lost a role: they stay so."""
    fallen_back: tuple[str, ...]
    """Who has anything of the backup again, with what it is."""
    stayed: Stayed | None
    """What stays stopped; None where no database tells what was stopped since."""


def rule(
    session: Session,
    *,
    made_at: datetime,
    now: datetime,
    person: User,
    posts: int,
    before: Replaced,
) -> Ruled:
    """Hold everything, doubt what fell due since, and say so to the reviewers, in one transaction with the rows.
    ``before`` is the database that was replaced.

    Raises:
        NotAllowed: the person may not administer.

    """
    demand(person, Right.ADMINISTER)
    restoring.free_lanes(session)
    restoring.drop_notices(session, now)
    restoring.set_salt(session, secrets.token_hex(16))
    stayed = stay_stopped(session, before.stops, who=person.name, now=now)
    looked, asked, doubted = restoring.look_anew(session, now), 0, 0
    for post, account in restoring.perhaps_gone(session, now):
        question = _question(post, account, made_at)
        doubted += _doubt(session, post, person.name, made_at, now, question)
        asked += question is not None
        looked += question is None
    session.flush()
    silenced = restoring.silence_webhooks(session, by=person.name, why="restored from a backup", now=now)
    kept_out = keep_out(session, before.people, but=person)
    ruled = Ruled(
        made_at,
        posts,
        looked,
        asked,
        doubted,
        restoring.keep_opt_outs(session, before.opt_outs),
        silenced,
        tuple(kept_out),
        tuple(fallen_back(before.people, replaced.people(session.connection()))),
        stayed if before.told else None,
    )
    _hold(session, ruled, person, now)
    _tell(session, ruled, now)
    return ruled


def _question(post: Post, account: Account, made_at: datetime) -> str | None:
    """Return what a person is asked where nobody can look."""
    since = f"{made_at:%Y-%m-%d %H:%M:%S} UTC"
    if post.channel == MAIL:
        return f"restored from the backup of {since}: did this issue go out since? Ask the mail server's log"
    if account.mode != AccountMode.API:
        return f"restored from the backup of {since}: has this been published by hand since?"
    return None


def _doubt(session: Session, post: Post, who: str, made_at: datetime, now: datetime, question: str | None) -> int:
    """Make a post unconfirmed, with an attempt that a look-up can go by. Returns the copies of an issue in doubt."""
    changes = {**upkeep.looked_up_from(now), "needs_person": question}
    if post.status == Status.PUBLISHING:
        restoring.close_attempts(session, post, now)
    else:
        restoring.add_doubtful_attempt(session, post, who=who, since=made_at, now=now)
        changes["tries"] = post.tries + 1
    why = f"restored from the backup of {iso(made_at)}; it may have been published since"
    move(session, post, Move.RESTORE, who=who, at=now, why=why, changes=changes)
    if post.channel != MAIL:
        return 0
    return deliveries.doubt(session, post.ident, "perhaps sent after the backup was made; not sent again", now)


def _hold(session: Session, ruled: Ruled, person: User, now: datetime) -> None:
    reason = f"restored from the backup of {iso(ruled.made_at)}"
    session.add(Hold(scope="everything", reason=reason, held_by=person.name, held_at=now))
    facts = {
        "backup": iso(ruled.made_at),
        "to_look_up": ruled.to_look_up,
        "to_ask": ruled.to_ask,
        "opt_outs_kept": ruled.opt_outs_kept,
        "webhooks_off": ruled.webhooks_off,
        "kept_out": list(ruled.kept_out),
        "stayed": asdict(ruled.stayed) if ruled.stayed else None,
    }
    audit.record(session, who=person.name, action="restore", subject="database", at=now, facts=facts)


def _tell(session: Session, ruled: Ruled, now: datetime) -> None:
    body = "\n".join(lines(ruled)) + "\n"
    subject = "The campaign was restored from a backup"
    for address in sorted(users.addresses(users.in_roles(session, "reviewer", "admin"))):
        notices.write(session, Notice(to=address, subject=subject, body=body, created_at=now, next_try_at=now))


def lines(ruled: Ruled) -> list[str]:
    """Return what a person must know after a restore."""
    found = [
        f"The database stands as at {iso(ruled.made_at)}, with {ruled.posts} posts. Everything is held.",
        "Gone is what was done since: posts queued, words and times changed, approvals, agreements, new readers.",
        "Run `campaign plan`, then `campaign queue`; a post made since by `campaign posts new` must be made again.",
        f"{ruled.to_look_up} posts may have been published since; `campaign run` looks them up, under the hold.",
    ]
    if ruled.to_ask:
        found.append(f"{ruled.to_ask} issues and posts by hand wait for a person's word: `campaign doctor` names them.")
    if ruled.copies_in_doubt:
        found.append(f"{ruled.copies_in_doubt} copies of begun issues may have gone out since; none is sent again.")
    found.append(_of_stops(ruled.stayed))
    found.append(f"{ruled.opt_outs_kept} readers who left since are known from the database that stood here before.")
    found.append("If others left since (ask the mail server and the inbox), take them off before you release.")
    if ruled.kept_out:
        found.append(f"Sent away or with less to do since, and so still: {some_of(ruled.kept_out, _NAMED)}.")
    found.append(_of_people(ruled))
    if ruled.webhooks_off:
        wait = "switch them on when all is settled: each is told of what happens from the restore on"
        found.append(f"{ruled.webhooks_off} webhooks are switched off; {wait}.")
    found.append("When all that fell due is settled: `campaign release --dry-run`, then `campaign release`.")
    return found


def _of_people(ruled: Ruled) -> str:
    """Return what about people is as it was at the backup, by name as far as the database before it tells."""
    said = "Roles, passwords, passkeys and recovery codes are those of the backup; open invitations are void."
    if not ruled.fallen_back:
        return said
    return f"{said} Changed since, and fallen back: {some_of(ruled.fallen_back, _NAMED)}. Change them or invite anew."


def _of_stops(stayed: Stayed | None) -> str:
    """Return what is still stopped, or that nobody knows what was."""
    if stayed is None:
        what = "posts withdrawn, rejected or taken down, agreements taken back, holds, accounts disabled"
        return f"Gone is also what people stopped since: {what}. Ask for it and do it again before you release."
    parts = {
        "posts withdrawn or rejected": stayed.out,
        "posts to be taken down": stayed.down,
        "agreements taken back": stayed.agreements,
        "holds": stayed.holds,
        "accounts disabled": stayed.accounts,
    }
    said = ", ".join(f"{count} {what}" for what, count in parts.items() if count) or "nothing"
    return f"Stopped since, by the database that stood here before, and so still: {said}."
