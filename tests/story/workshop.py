"""A partner's desk for the stories: a workspace written by hand, the sandbox beside it, and the command line."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import forked
import leaks

LONDON = ZoneInfo("Europe/London")
CAMPAIGN = Path(sys.executable).with_name("campaign")

PARTNERS = {"oak": "Come & see us on Friday", "elm": "Ours is a different line"}

TEMPLATES = {
    "hello.md": """---
title: Hello
version: 1
fields:
  line: {type: text, max: 80, required: true}
link: "{{ campaign.views_url }}"
link_title: Share your views
---
{{ partner.name }} joins in & listens <now> (really).

{{ line }}

{{ campaign.views_url }}
""",
    "hello.x.md": """---
title: Hello on X
version: 1
---
{{ partner.name }} joins in & listens <now>.

{{ line }}

{{ campaign.views_url }}
""",
    "second.md": """---
title: Second
version: 2
---
A second word from {{ partner.name }} in {{ partner.region }}: #SEND [matters] *a lot*. {{ partner.key }}
""",
    "news.md": """---
title: News
version: 1
subject: "News from {{ partner.name }}"
preheader: What we heard
---
# Hello from {{ partner.name }}

We want to hear **your** views at [our page]({{ campaign.views_url }}).
""",
}


@dataclass
class Workshop:
    """A workspace with its environment. ``run`` calls the command line as a person would."""

    folder: Path
    addresses: Mapping[str, str]
    database_url: str = "sqlite:///campaign.db"
    environ: dict[str, str] = field(default_factory=dict)
    slowest: float = 0.0
    """Seconds that the slowest command has taken so far; what runs until it is idle is none."""

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def write_config(self, more: str = "") -> None:
        self.write(
            "config.toml",
            f"""[campaign]
name = "A campaign of our own"
timezone = "Europe/London"
timetable = "schedules/own.toml"
templates = "templates/own"

[database]
url = "{self.database_url}"

[dispatch]
grace = "10m"
lease = "8s"
call_timeout = "3s"
beat = "1s"
retries = ["1s"]
lookups = ["1s", "1s", "1s"]
lookup_spread = "2s"

[channels.x]
api_url = "{self.addresses["x"]}"
[channels.facebook]
graph_url = "{self.addresses["facebook"]}"
[channels.linkedin]
api_url = "{self.addresses["linkedin"]}"
[channels.email]
smtp_url = "{self.addresses["smtp"]}"
sender = "News <news@example.org>"

[engagement]
readings = ["1s", "2s", "4s"]
daily_until = "4s"
weekly_until = "4s"

{more}
""",
        )

    def write_copy(self) -> None:
        for name, text in TEMPLATES.items():
            self.write(f"templates/own/{name}", text)

    def write_people(self) -> None:
        """Write partners, and ten readers for each partner's list."""
        rows = [f"{key},{key.title()} School,school,London,{line}\n" for key, line in PARTNERS.items()]
        self.write("partners.csv", "partner,name,kind,region,line\n" + "".join(rows))
        readers = [f"r{n}@example.org,Reader {n},form,2025-01-01T10:00:00Z\n" for n in range(10)]
        self.write("readers.csv", "email,name,consent_source,consent_at\n" + "".join(readers))

    def open(self) -> None:
        """Make the workspace and bring in everything that was written, with a reviewer."""
        self.run("init", str(self.folder))
        self.run("partners", "import", str(self.folder / "partners.csv"))
        self.run("accounts", "import", str(self.folder / "accounts.csv"))
        for key in PARTNERS:
            self.run("lists", "import", f"readers-{key}", str(self.folder / "readers.csv"))
        self.run("users", "add", "rita", "--role", "reviewer")

    def write_timetable(self, slots: Sequence[tuple[str, str, Sequence[str], datetime]], more: str = "") -> None:
        """Write slots of (name, template, channels, instant)."""
        day = slots[0][3].astimezone(LONDON).date()
        parts = [f'[details]\nviews_url = "https://www.gov.uk/dfe/SEND-conversation"\n\n[days]\nlaunch = {day}\n']
        for name, template, channels, instant in slots:
            wall = instant.astimezone(LONDON)
            plus = (wall.date() - day).days
            at = f"launch + {plus} days {wall:%H:%M:%S}" if plus else f"launch {wall:%H:%M:%S}"
            names = json.dumps(list(channels))
            parts.append(f'[[slot]]\nname = "{name}"\ntemplate = "{template}"\nchannels = {names}\nat = "{at}"\n')
        self.write("schedules/own.toml", "\n".join(parts) + more)

    def run(self, *arguments: str, code: int = 0, timeout: float = 300) -> str:
        began = time.monotonic()
        done = forked.campaign(["-w", str(self.folder), *arguments], self.environ, timeout)
        if arguments[0] != "run":
            self.slowest = max(self.slowest, time.monotonic() - began)
        assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        leaks.check(done.stdout + done.stderr, f"what {arguments[0]} said")
        return done.stdout if code == 0 else done.stdout + done.stderr

    def soon(self, commands: int, least: float) -> datetime:
        """Return an instant before which so many commands can be typed on this machine."""
        return seconds_ahead(max(least, 1.5 * commands * self.slowest))

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def posts(self, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("posts", "list", *arguments)
        return found

    def approve_all(self, reviewer: str = "rita") -> None:
        waiting = self.json("review", "list")
        self.run("review", "approve", *(f"{row['id']}@{row['content_hash']}" for row in waiting), "--as", reviewer)


def credentials(channel: str, number: int) -> dict[str, str]:
    """Return made-up credentials as the platform would have given them."""
    if channel == "x":
        return {
            "consumer_key": "consumer",
            "consumer_secret": "consumer-secret",
            "access_token": f"{1000 + number}-token",
            "access_token_secret": f"token-secret-{number}",
        }
    return {"access_token": f"{channel}-token-{number}"}


def seconds_ahead(seconds: float) -> datetime:
    """Return the next full second that is at least so far ahead."""
    return datetime.now(LONDON).replace(microsecond=0) + timedelta(seconds=seconds + 1)
