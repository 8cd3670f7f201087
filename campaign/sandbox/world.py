"""The state that all local platforms share: who is known, what was posted, uploaded and mailed, and what goes wrong.

Reads go through ``posts`` and ``post``, which honour read lag; ``stored`` shows the truth, lag or not, for duplicate
checks and the ledger.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from campaign.clock import Clock
from campaign.ports import Figures
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.faults import Faults
from campaign.sandbox.growth import grown
from campaign.sandbox.storage import Storage
from campaign.sandbox.things import Mail, Post, PostMedia, Upload

__all__ = ["Mail", "Post", "PostMedia", "Upload", "World"]

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Lag:
    new_posts: timedelta = timedelta(0)
    reads: timedelta = timedelta(0)


_NO_LAG = _Lag()
_lag: ContextVar[_Lag] = ContextVar("lag", default=_NO_LAG)


class World:
    """Everything the local platforms know. Thread-safe; kept in ``folder``, or in memory without one."""

    def __init__(
        self,
        folder: Path | None,
        clock: Clock,
        *,
        accounts: Iterable[SandboxAccount] = (),
        speed: float = 1.0,
        seed: str = "campaign",
    ) -> None:
        self.clock = clock
        self.faults = Faults()
        self.speed = speed
        self.seed = seed
        self.switches: dict[str, object] = {}
        self.reads: set[tuple[str, str, date]] = set()
        """What is on X's bill for reading: app, post, UTC day. In memory: a restarted sandbox begins a new bill."""
        self._storage = Storage(folder)
        self.know(accounts)

    def know(self, accounts: Iterable[SandboxAccount]) -> None:
        """Take these accounts as all there are."""
        self.accounts: Mapping[tuple[str, str], SandboxAccount] = {(a.channel, a.external_id): a for a in accounts}

    def account(self, channel: str, external_id: str) -> SandboxAccount | None:
        """Return the account, or None."""
        return self.accounts.get((channel, external_id))

    def on(self, channel: str) -> list[SandboxAccount]:
        """Return the accounts of one platform."""
        return [account for account in self.accounts.values() if account.channel == channel]

    # --- posts ---------------------------------------------------------------------------------------------------

    def add_post(self, post: Post) -> Post:
        """Store a post; under a read-lag fault it becomes readable later. Returns it as stored."""
        lag = _lag.get().new_posts
        if lag:
            post = replace(post, visible_from=post.created_at + lag)
        self._storage.run(
            "INSERT INTO post (channel, id, account, created_at, visible_from, share_of, mark, body)"
            " VALUES (?,?,?,?,?,?,?,?)",
            *(post.channel, post.id, post.account, _key(post.created_at), _key(post.readable_from), post.share_of),
            *(post.mark, post.to_json()),
        )
        return post

    def change_post(self, post: Post) -> None:
        """Put ``post`` in the place of the stored one with its id (an edit)."""
        self._storage.run("UPDATE post SET body=? WHERE channel=? AND id=?", post.to_json(), post.channel, post.id)

    def delete_post(self, channel: str, post_id: str) -> bool:
        """Mark a post as deleted; say whether it was there."""
        with self._storage.lock:
            post = self._one("channel=? AND id=? AND deleted_at IS NULL", channel, post_id)
            if post is None:
                return False
            gone = replace(post, deleted_at=self.clock.now())
            changed = self._storage.count(
                "UPDATE post SET deleted_at=?, body=? WHERE channel=? AND id=? AND deleted_at IS NULL",
                *(_key(self.clock.now()), gone.to_json(), channel, post_id),
            )
            return bool(changed)

    def post(self, channel: str, post_id: str) -> Post | None:
        """Return the post with this id as reads show it now; None if it is unknown, deleted or not readable yet."""
        post = self._one("channel=? AND id=? AND deleted_at IS NULL", channel, post_id)
        return post if post and post.readable_from <= self.clock.now() else None

    def posts(
        self, channel: str, external_id: str, *, since: datetime | None = None, limit: int | None = None
    ) -> list[Post]:
        """Return the account's posts as a listing shows them now, newest first."""
        horizon = self.clock.now() - _lag.get().reads
        return self._many(
            "channel=? AND account=? AND deleted_at IS NULL AND created_at>=? AND visible_from<=?"
            " ORDER BY created_at DESC, number DESC LIMIT ?",
            *(channel, external_id, _key(since or _LONG_AGO), _key(horizon), -1 if limit is None else limit),
        )

    def stored(self, channel: str, external_id: str | None = None, *, since: datetime | None = None) -> list[Post]:
        """Return all posts ever stored, deleted and lagging ones too, newest first (of one account, or of all)."""
        return self._many(
            "channel=? AND (? IS NULL OR account=?) AND created_at>=? ORDER BY created_at DESC, number DESC",
            *(channel, external_id, external_id, _key(since or _LONG_AGO)),
        )

    def post_count(self) -> int:
        """Return how many posts were ever stored."""
        return int(self._storage.run("SELECT count(*) FROM post")[0][0])

    def marked(self, channel: str, external_id: str, mark: str, *, since: datetime | None = None) -> list[Post]:
        """Return the account's posts with this ``mark``, deleted and lagging ones too, newest first."""
        return self._many(
            "channel=? AND account=? AND mark=? AND created_at>=? ORDER BY created_at DESC, number DESC",
            *(channel, external_id, mark, _key(since or _LONG_AGO)),
        )

    def shares_of(self, channel: str, post_id: str) -> list[Post]:
        """Return the posts, not deleted, that pass this one on, oldest first."""
        return self._many("channel=? AND share_of=? AND deleted_at IS NULL ORDER BY number", channel, post_id)

    def figures(self, post: Post, now: datetime | None = None) -> Figures:
        """Return the post's engagement at ``now``: the seeded growth plus the shares made in this world."""
        figures = grown(self.seed, post.id, (now or self.clock.now()) - post.created_at, self.speed)
        real = self._storage.run(
            "SELECT count(*) FROM post WHERE channel=? AND share_of=? AND deleted_at IS NULL", post.channel, post.id
        )
        return replace(figures, shares=(figures.shares or 0) + int(real[0][0]))

    # --- uploads -------------------------------------------------------------------------------------------------

    def add_media(self, upload: Upload) -> None:
        """Store an upload, in place of one with its id."""
        self._storage.run(
            "INSERT OR REPLACE INTO upload (channel, id, account, created_at, mime, alt, state, extra, data)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            *(upload.channel, upload.id, upload.account, _key(upload.created_at), upload.mime, upload.alt),
            *(upload.state, json.dumps(dict(upload.extra)), upload.data),
        )

    def media(self, channel: str, media_id: str) -> Upload | None:
        """Return the upload, or None."""
        rows = self._storage.run(
            "SELECT channel, account, id, created_at, mime, alt, state, data, extra FROM upload"
            " WHERE channel=? AND id=?",
            *(channel, media_id),
        )
        if not rows:
            return None
        (place, account, upload_id, at, mime, alt, state, data, extra) = rows[0]
        return Upload(
            *(place, account, upload_id, datetime.fromisoformat(at), mime, alt, state),
            data=bytes(data),  # type: ignore[arg-type]  # the column is a BLOB
            extra=json.loads(extra),
        )

    # --- mail ----------------------------------------------------------------------------------------------------

    def add_mail(self, sender: str, recipients: Iterable[str], raw: bytes) -> Mail:
        """Store a message."""
        at, everyone = self.clock.now(), tuple(recipients)
        rows = self._storage.run(
            "INSERT INTO mail (sender, recipients, at, raw) VALUES (?,?,?,?) RETURNING number",
            *(sender, json.dumps(everyone), at.isoformat(), raw),
        )
        return Mail(str(rows[0][0]), sender, everyone, at, raw)

    def mails(self, *, limit: int = -1, skip: int = 0) -> list[Mail]:
        """Return the messages caught, newest first."""
        rows = self._storage.run(
            "SELECT number, sender, recipients, at, raw FROM mail ORDER BY number DESC LIMIT ? OFFSET ?", limit, skip
        )
        return [_mail(row) for row in rows]

    def mail(self, mail_id: str) -> Mail | None:
        """Return one message, or None."""
        rows = self._storage.run("SELECT number, sender, recipients, at, raw FROM mail WHERE number=?", mail_id)
        return _mail(rows[0]) if rows else None

    def mail_count(self) -> int:
        """Return how many messages were caught."""
        return int(self._storage.run("SELECT count(*) FROM mail")[0][0])

    # --- small facts (tokens, counters) --------------------------------------------------------------------------

    def keep(self, key: str, value: object) -> None:
        """Keep a fact (JSON values) durably under ``key``."""
        self._storage.run("INSERT OR REPLACE INTO fact (key, value) VALUES (?,?)", key, json.dumps(value))

    def recall(self, key: str) -> object:
        """Return the fact kept under ``key``, or None."""
        rows = self._storage.run("SELECT value FROM fact WHERE key=?", key)
        return json.loads(rows[0][0]) if rows else None

    def snowflake(self, channel: str, epoch_ms: int = 0) -> int:
        """Return a new id that carries the present millisecond (``ms << 22``) and rises strictly per channel."""
        stamp = (int(self.clock.now().timestamp() * 1000) - epoch_ms) << 22
        with self._storage.lock:
            last = self.recall(f"snowflake/{channel}")
            number = max(stamp, last + 1 if isinstance(last, int) else 0)
            self.keep(f"snowflake/{channel}", number)
        return number

    # --- the rest ------------------------------------------------------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make the changes inside one: none of them is kept when an exception leaves the block."""
        with self._storage.together():
            yield

    @contextmanager
    def lagging(self, *, new_posts: timedelta = timedelta(0), reads: timedelta = timedelta(0)) -> Iterator[None]:
        """Delay what is posted inside, or show listings inside as they were ``reads`` ago."""
        mark = _lag.set(_Lag(new_posts, reads))
        try:
            yield
        finally:
            _lag.reset(mark)

    def ledger(self) -> list[dict[str, object]]:
        """Return every post that is not deleted and every mail, oldest first: what the world really got."""
        posts = self._many("deleted_at IS NULL ORDER BY created_at, number")
        dated = [(post.created_at, post.in_ledger()) for post in posts]
        dated += [(mail.at, mail.in_ledger()) for mail in reversed(self.mails())]
        return [line for _, line in sorted(dated, key=lambda pair: pair[0])]

    def close(self) -> None:
        """Close the file."""
        self._storage.close()

    def _one(self, where: str, *values: object) -> Post | None:
        posts = self._many(where, *values)
        return posts[0] if posts else None

    def _many(self, where: str, *values: object) -> list[Post]:
        rows = self._storage.run(f"SELECT body FROM post WHERE {where}", *values)  # noqa: S608 - `where` is ours
        return [Post.from_json(row[0]) for row in rows]


def _key(instant: datetime) -> str:
    """Return a text that sorts as the instant does."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


def _mail(row: tuple[str, ...]) -> Mail:
    number, sender, recipients, at, raw = row
    everyone = tuple(json.loads(recipients))
    return Mail(str(number), sender, everyone, datetime.fromisoformat(at), bytes(raw))  # type: ignore[arg-type]
