"""The head of the audit chain, logged and mailed to the admins once a day, so that a rewritten chain shows too."""

from datetime import datetime, timedelta

import structlog

from campaign.models import Database, audit, notices, users
from campaign.models.notices import Notice

log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)


class HeadReport:
    """Tells of the head. Any number of processes may: one of them does, each day."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next_at: datetime | None = None

    def chore(self, now: datetime) -> datetime | None:
        """Tell people if the day's word is due; returns when the next one is."""
        if self._next_at is None or now >= self._next_at or self._next_at - now > _DAY:
            self._tell(now)
            self._next_at = now + _DAY
        return self._next_at

    def _tell(self, now: datetime) -> None:
        with self._database.write() as session:
            head = audit.to_tell(session, now - _DAY, now)
            if head is None:
                return
            facts = {"rows": head.rows, "digest": head.digest}
            subject = f"The audit chain stands at {head.rows} rows"
            body = f"Its newest digest is {head.digest}.\nKeep this mail. If the chain is ever in doubt, compare: "
            body += "`campaign audit --json` shows the digest of each row, `campaign audit --verify` checks them all.\n"
            for to in sorted(users.addresses(users.in_roles(session, "admin"))):
                notices.write(session, Notice(to=to, subject=subject, body=body, created_at=now, next_try_at=now))
        log.info("audit head", **facts)
