"""Compares what the world has got with what was approved: every post once, where, when and as it should be."""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select
from workshop import Workshop

from campaign.app import App
from campaign.models import deliveries, listing, mailing
from campaign.models.listing import PostRow
from campaign.models.posts import Attempt
from campaign.models.status import Status
from campaign.ports import Message

Entry = dict[str, Any]


@dataclass
class Verdict:
    """What was found, by fault; every list but ``unknown`` must be empty."""

    posts: int = 0
    mails: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    open_attempts: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Mails of which nobody knows whether they went out; they are not sent again."""
    refused: list[str] = field(default_factory=list)
    """What the platforms refused for good: it was not possible."""
    in_flight: int = 0
    """Attempts that a kill struck between their beginning and their end."""

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        found = [self.lost, self.doubled, self.strays, self.altered, self.early, self.stuck, self.open_attempts]
        return [line for lines in found for line in lines]

    def __str__(self) -> str:
        names = ("lost", "doubled", "strays", "altered", "early", "stuck", "open_attempts", "unknown", "refused")
        counts = ", ".join(f"{len(getattr(self, name))} {name.replace('_', ' ')}" for name in names)
        return f"{self.posts} posts, {self.mails} mails, {self.in_flight} struck in flight: {counts}"


def judge(desk: Workshop, ledger: Sequence[Entry], *, refusals: int = 0) -> Verdict:
    """Look at every post of the workspace and every line of the ledger.

    The world knows how many posts and copies it refused for good (``refusals``): so many may be missing.
    """
    verdict = Verdict()
    app = App.open(desk.folder, os.environ | desk.environ)
    try:
        with app.database.read() as session:
            rows = listing.posts(session, listing.PostFilter())
            _judge_posts(verdict, app, [row for row in rows if row.post.channel != "email"], ledger)
            _judge_issues(verdict, app, session, [row for row in rows if row.post.channel == "email"], ledger)
            _judge_rest(verdict, session, rows)
    finally:
        app.close()
    verdict.stuck += verdict.refused[refusals:]
    del verdict.refused[refusals:]
    return verdict


def _judge_posts(verdict: Verdict, app: App, rows: Sequence[PostRow], ledger: Sequence[Entry]) -> None:
    """Match by account and words alone, without regard to what the program believes, and then by its receipt."""
    shown = defaultdict[tuple[str, str, str], list[Entry]](list)
    for entry in ledger:
        if entry["channel"] != "email":
            shown[entry["channel"], entry["account"], entry["text"]].append(entry)
    verdict.posts = sum(map(len, shown.values()))
    for row in rows:
        message = app.contents.message(row.post)
        key = (row.post.channel, row.account.external_id, message.text)
        same = shown.pop(key, [])
        if not same and row.post.status != Status.FAILED:
            verdict.lost.append(f"post {row.post.id} is not there: {key}")
        if len(same) > 1:
            verdict.doubled.append(f"post {row.post.id} is there {len(same)} times: {key}")
        for entry in same:
            _judge_one(verdict, row, message, entry)
    verdict.strays += [f"nobody approved {key} ({len(same)} times)" for key, same in shown.items()]


def _judge_one(verdict: Verdict, row: PostRow, message: Message, entry: Entry) -> None:
    link = entry["link"] if row.post.channel != "x" else message.link  # X makes its card of an address in the words
    if link != message.link or [item["alt"] for item in entry["media"]] != [item.alt for item in message.media]:
        verdict.altered.append(f"post {row.post.id} stands there with another link or other images: {entry}")
    if entry["id"] != row.post.external_id:
        verdict.altered.append(f"post {row.post.id} is known as {row.post.external_id}, but stands as {entry['id']}")
    if datetime.fromisoformat(entry["at"]) < row.post.due_at:
        verdict.early.append(f"post {row.post.id} was due at {row.post.due_at}, and stands since {entry['at']}")


def _judge_issues(
    verdict: Verdict, app: App, session: Session, rows: Sequence[PostRow], ledger: Sequence[Entry]
) -> None:
    mails = [entry for entry in ledger if entry["channel"] == "email"]
    got = Counter((entry["subject"], recipient) for entry in mails for recipient in entry["to"])
    due = {app.contents.message(row.post).subject: row.post.due_at for row in rows}
    for row in rows:
        subject = app.contents.message(row.post).subject
        copies = deliveries.of_issue(session, row.post.ident)
        named = mailing.list_by_key(session, row.account.external_id)
        readers = mailing.subscribers(session, named.id) if named and named.id else []
        if not copies and row.post.url:
            # A person said that it went out before a restore forgot of whom: the mails themselves tell.
            for reader in readers:
                _judge_forgotten(verdict, row, reader.email, got.pop((subject, reader.email), 0))
        elif {reader.email for reader in readers} != {delivery.email for delivery in copies} or not readers:
            verdict.lost.append(f"issue {row.post.id} has no delivery for some of its {len(readers)} readers")
        for delivery in copies:
            _judge_copy(verdict, delivery, got.pop((subject, delivery.email), 0))
    verdict.mails = len(mails)
    verdict.strays += [f"nobody approved the mail {key} ({times} times)" for key, times in got.items()]
    for entry in mails:
        if entry["subject"] in due and datetime.fromisoformat(entry["at"]) < due[entry["subject"]]:
            verdict.early.append(f"{entry['subject']} went out at {entry['at']}")


def _judge_forgotten(verdict: Verdict, row: PostRow, email: str, times: int) -> None:
    name = f"the copy of issue {row.post.id} for {email}"
    if times == 0:
        verdict.unknown.append(name)
    if times > 1:
        verdict.doubled.append(f"{name}: {times} times")


def _judge_copy(verdict: Verdict, delivery: deliveries.Delivery, times: int) -> None:
    name = f"the copy of issue {delivery.post_id} for {delivery.email} ({delivery.status}, {delivery.reply})"
    if delivery.status == "unknown":
        verdict.unknown.append(name)
    elif delivery.status == "bounced" and times == 0:
        verdict.refused.append(name)
    elif delivery.status != "sent":
        verdict.stuck.append(name)
    elif times == 0:
        verdict.lost.append(name)
    if times > 1:
        verdict.doubled.append(f"{name}: {times} times")


def _judge_rest(verdict: Verdict, session: Session, rows: Sequence[PostRow]) -> None:
    for post in (row.post for row in rows):
        if post.status == Status.FAILED and not post.external_id:
            verdict.refused.append(f"post {post.id} on {post.channel} was refused")
        elif post.status != Status.PUBLISHED:
            verdict.stuck.append(
                f"post {post.id} on {post.channel} is {post.status}: {post.needs_person or post.looks}"
            )
    for attempt in session.exec(select(Attempt).where(col(Attempt.closed_at).is_(None))):
        verdict.open_attempts.append(f"attempt {attempt.number} of post {attempt.post_id} is open")
    ended = select(Attempt).where(col(Attempt.detail) == "its process ended in mid-send")
    verdict.in_flight = len(session.exec(ended).all())
