"""What the benchmark of the pages asks for: every route at least once, lists with their filters and from far inside."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa
from sqlmodel import col

from campaign.models import Database
from campaign.models.posts import Post
from campaign.web.site import AREAS

_OLGAS = 2
"""An account of the officer's own partner."""
NO_PAGES = {
    "/posts/{ident}/images/{digest}": "an image",
    "/sign-in/passkey": "a challenge, no page",
    "/accounts/{ident}/connect": "begins a consent on another host",
    "/accounts/{ident}/connect/start": "leads to another host",
    "/accounts/connected/{channel}": "comes from another host",
    "/admin/webhooks/{ident}": "there is none",
    "/calendar/{secret}.ics": "a feed, made once an hour",
    "/pictures/{partner}/{digest}": "an image",
    "/posts/{ident}/correct": "of an issue that is corrected",
    "/sign-in/start": "leads to another host",
    "/sign-in/back": "comes from another host",
    "/sign-in/demo/{secret}": "of the demo alone",
    "/invitation/{secret}": "opens once",
    "/l/{token}/{number}": "leads to another host",
    "/review/words/line": "reads what the new words read, and shows one of them",
    "/posts/plan": "plans the whole timetable, as `campaign plan` does",
    "/posts.xlsx": "a workbook of what is asked for, made whole",
    "/engagement/log.xlsx": "a workbook of what is asked for, made whole",
}


@dataclass
class Asked:
    """One address that one person asks for; of a file the first piece counts."""

    route: str
    who: str
    path: str
    is_file: bool = False
    seconds: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.who} {self.path}"


def questions(database: Database, now: datetime) -> list[Asked]:
    """Return what is asked: every route at least once, lists with their filters and from a place far inside."""
    posts = _examples(database)
    out, reviewed, mailed, doubt, hand = (posts[name] for name in ("out", "reviewed", "mailed", "doubt", "hand"))
    own = posts["own"]
    far = f"{now - timedelta(weeks=20):%Y-%m-%dT%H:%M:%SZ}~5"
    before = urlencode({"status": "published", "before": far})
    month, weeks_ago = f"{now:%Y-%m}", now - timedelta(weeks=9)
    day = f"{weeks_ago.day}/{weeks_ago.month}/{weeks_ago.year}"
    group = urlencode({"template": "question", "version": "1", "channel": "facebook"})
    every: dict[str, list[str]] = {
        "/": ["olga /", "rita /", "adam /"],
        "/posts": [
            *("olga /posts", "rita /posts", f"rita /posts?{before}", "olga /posts?status=failed&status=missed"),
            *("rita /posts?channel=email&status=failed", f"rita /posts?from={day}&channel=x&channel=linkedin"),
            *("rita /posts?partner=partner-77&status=published", "rita /posts?status=withdrawn&status=rejected"),
            *(f"rita /posts?search={own}", "rita /posts?search=number+77", "rita /posts?search=words+nobody+says"),
            *("rita /posts?search=care&status=published", "olga /posts?search=words+nobody+says"),
        ],
        "/posts.csv": ["rita /posts.csv", "olga /posts.csv"],
        "/posts/{ident}": [f"olga /posts/{own}", f"rita /posts/{reviewed}", f"adam /posts/{mailed}"],
        "/posts/{ident}/mail": [],
        "/posts/new": ["olga /posts/new", "adam /posts/new", "olga /posts/new?template=post-1&account=2"],
        "/posts/{ident}/edit": [f"adam /posts/{reviewed}/edit"],
        "/posts/{ident}/hand": [f"adam /posts/{hand}/hand"],
        "/posts/{ident}/article": [],
        "/posts/{ident}/article.eml": [],
        "/take-down": ["rita /take-down?slot=slot+3", "olga /take-down?slot=slot+3"],
        "/accounts": ["olga /accounts", "rita /accounts", "rita /accounts?partner=partner-77"],
        "/participation": ["rita /participation"],
        "/participation/remind": ["rita /participation/remind"],
        "/participation.csv": ["rita /participation.csv"],
        "/calendar": [
            "olga /calendar",
            "rita /calendar",
            f"rita /calendar?week={now:%Y-%m-%d}",
            f"rita /calendar?month={month}",
        ],
        "/details": ["olga /details", "adam /details?partner=partner-77"],
        "/details/agreement": ["olga /details/agreement"],
        "/accessibility": ["nobody /accessibility"],
        "/review": ["rita /review"],
        "/review/words": ["rita /review/words"],
        "/review/group": [f"rita /review/group?{group}"],
        "/hold": ["rita /hold"],
        "/hold/release": ["rita /hold/release?scope=partner%3Apartner-9"],
        "/engagement": [
            *("olga /engagement", "rita /engagement", "rita /engagement?partner=partner-77&figure=reactions"),
            *("rita /engagement?channel=facebook&template=post-1", f"rita /engagement?slot=slot+3&to={day}"),
        ],
        "/engagement/over-time.csv": ["rita /engagement/over-time.csv"],
        "/engagement/by/{part}": [
            *("olga /engagement/by/template", "rita /engagement/by/template", "rita /engagement/by/partner"),
            *("rita /engagement/by/region", "rita /engagement/by/partner?channel=x"),
        ],
        "/engagement/by/{part}/totals.csv": ["rita /engagement/by/partner/totals.csv"],
        "/engagement/hours": ["olga /engagement/hours", "rita /engagement/hours"],
        "/engagement/hours.csv": ["rita /engagement/hours.csv"],
        "/engagement/newsletters": ["olga /engagement/newsletters", "rita /engagement/newsletters"],
        "/engagement/log": [
            *("olga /engagement/log", "rita /engagement/log", "rita /engagement/log?sort=-impressions"),
            f"rita /engagement/log?sort=-taken_at&after={far}",
            *("olga /engagement/log?sort=-impressions", "rita /engagement/log?sort=reach&channel=facebook"),
            *("rita /engagement/log?partner=partner-77", "rita /engagement/log?channel=email"),
            *("rita /engagement/log?template=post-2", f"rita /engagement/log?slot=slot+3&to={day}"),
        ],
        "/engagement/log.csv": ["rita /engagement/log.csv", "olga /engagement/log.csv"],
        "/engagement/posts/{ident}": [f"rita /engagement/posts/{out}", f"adam /engagement/posts/{mailed}"],
        "/engagement/posts/{ident}/readings.csv": [f"rita /engagement/posts/{out}/readings.csv"],
        "/settle": ["olga /settle", "adam /settle"],
        "/settle/{ident}": [f"adam /settle/{doubt}"],
        "/admin": ["adam /admin"],
        "/admin/audit": [
            *("adam /admin/audit", "adam /admin/audit?older=2000", "adam /admin/audit?by=adam"),
            *("adam /admin/audit?action=approve", f"adam /admin/audit?subject=post%3A{out}"),
        ],
        "/admin/audit/check": ["adam /admin/audit/check"],
        "/admin/people": ["adam /admin/people"],
        "/admin/people/new": ["adam /admin/people/new"],
        "/admin/people/{ident}": ["adam /admin/people/1"],
        "/admin/people/{ident}/send-away": ["adam /admin/people/1/send-away"],
        "/admin/partners": ["adam /admin/partners", "adam /admin/partners?after=partner-77"],
        "/admin/partners/new": ["adam /admin/partners/new"],
        "/admin/partners/import": ["adam /admin/partners/import"],
        "/admin/partners/import/template.csv": ["adam /admin/partners/import/template.csv"],
        "/admin/partners/{ident}": ["adam /admin/partners/77"],
        "/accounts/new": ["adam /accounts/new?partner=partner-77"],
        "/accounts/import": ["adam /accounts/import"],
        "/accounts/import/template.csv": ["adam /accounts/import/template.csv"],
        "/admin/lists": ["adam /admin/lists"],
        "/admin/lists/import": ["adam /admin/lists/import"],
        "/admin/lists/import/template.csv": ["adam /admin/lists/import/template.csv"],
        "/admin/lists/{key}.csv": ["adam /admin/lists/readers.csv"],
        "/account": ["olga /account"],
        "/sign-in": ["nobody /sign-in"],
        "/u/{token}": ["nobody /u/s7"],
        "/u/{token}/lists": ["nobody /u/s7/lists"],
        "/posts/import": ["olga /posts/import"],
        "/posts/import/template.csv": ["olga /posts/import/template.csv?template=post-1"],
        "/engagement/week": ["olga /engagement/week", "rita /engagement/week"],
        "/engagement/week.csv": ["rita /engagement/week.csv"],
        "/engagement/outcomes": ["rita /engagement/outcomes"],
        "/engagement/outcomes.csv": ["rita /engagement/outcomes.csv"],
        "/admin/webhooks": ["adam /admin/webhooks"],
    }
    missing = {path for area in AREAS for method, path in area.needs if method == "GET"} ^ {*every, *NO_PAGES}
    assert not missing, f"routes that are not asked for, or are gone: {missing}"
    return [_asked(route, text) for route, texts in every.items() for text in texts]


def _asked(route: str, text: str) -> Asked:
    who, _, path = text.partition(" ")
    return Asked(route, who, path, is_file=urlsplit(path).path.endswith((".csv", ".eml")))


def _examples(database: Database) -> dict[str, int]:
    """Return posts of the kinds that pages are about."""
    kinds = {
        "out": (col(Post.status) == "published", col(Post.channel) == "facebook"),
        "own": (col(Post.status) == "published", col(Post.account_id) == _OLGAS),
        "reviewed": (col(Post.status) == "in_review", col(Post.channel) == "facebook"),
        "mailed": (col(Post.status) == "published", col(Post.channel) == "email"),
        "doubt": (col(Post.status) == "unconfirmed",),
        "hand": (col(Post.status) == "by_hand",),
    }
    with database.read() as session:
        return {
            name: int(session.execute(sa.select(sa.func.max(col(Post.id))).where(*conditions)).scalar_one())
            for name, conditions in kinds.items()
        }
