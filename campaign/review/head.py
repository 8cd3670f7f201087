"""The head of the audit chain, logged and mailed to the admins once a day, so that a rewritten chain shows too."""

from datetime import datetime, timedelta

import structlog

from campaign.models import Database, audit, notices, users
from campaign.models.notices import Notice

log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)


def tell_head(database: Database, now: datetime) -> None:
    """Tell people where the chain stands, unless somebody has within a day."""
    with database.write() as session:
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
