"""What the doctor finds: by which rule, how grave, on what, and the mend. docs/runbook.md has a section a rule."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote


class Rule(StrEnum):
    """The rules, by the names that alerts, the runbook and the doctor share."""

    DAEMON_SILENT = "daemon-silent"
    POSTS_OVERDUE = "posts-overdue"
    ISSUE_STUCK = "issue-stuck"
    POST_UNCONFIRMED = "post-unconfirmed"
    POST_BROKEN = "post-broken"
    POST_NEEDS_PERSON = "post-needs-person"
    POSTS_MISSED = "posts-missed"
    POSTS_FAILED = "posts-failed"
    LEASE_STALE = "lease-stale"
    ACCOUNT_STOPPED = "account-stopped"
    ACCOUNT_PAUSED = "account-paused"
    LANE_WAITING = "lane-waiting"
    LIST_MISSING = "list-missing"
    RENEWAL_FAILED = "renewal-failed"
    CREDENTIALS_CLOSED = "credentials-closed"
    TOKEN_ENDS = "token-ends"  # noqa: S105 - a rule's name
    VERSION_ENDS = "version-ends"
    KEY_FILE = "key-file"
    IMAGE_MISSING = "image-missing"
    DISK_LOW = "disk-low"
    CLOCK_OFFSET = "clock-offset"
    HOLD_OLD = "hold-old"
    IMPORT_BROKEN = "import-broken"
    READINGS_OVERDUE = "readings-overdue"
    MAIL_STUCK = "mail-stuck"
    MAIL_REFUSED = "mail-refused"
    MAIL_UNSENT = "mail-unsent"
    WEBHOOK_STUCK = "webhook-stuck"
    WEBHOOK_OFF = "webhook-off"
    PLATFORM_AWAY = "platform-away"


class Severity(StrEnum):
    """An error wants a person now and raises an alert; a warning wants one in working hours."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not well.

    ``subject`` tells it from others of its rule. ``sign`` is what of it counts as a change, which is told again: the
    text of ``what`` may hold a figure that moves every minute. No credential ever stands in any part.
    """

    rule: Rule
    severity: Severity
    subject: str
    what: str
    mend: str
    sign: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding an hour later."""
        return self.rule.value, self.subject

    def document(self, runbook: str) -> dict[str, object]:
        """Return the JSON of one finding; ``runbook`` is where the runbook can be read."""
        return {
            "rule": self.rule.value,
            "severity": self.severity.value,
            "subject": self.subject,
            "what": self.what,
            "mend": self.mend,
            "runbook": section(runbook, self.rule.value),
        }


def section(runbook: str, rule: str) -> str:
    """Return the address of a rule's section."""
    return f"{runbook}#{quote(rule)}"


def order(count: int) -> str:
    """Return the order of a count as a sign: it grows when the count doubles, not with every post."""
    return str(count.bit_length())
