"""Where the demo listens and how quick it is: its config.toml, written over the shipped one line by line.

The file is the only memory of the ports: a later start reads them there, and rewrites the lines of a port that another
program has taken meanwhile.
"""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from campaign.config import CONFIG_NAME, Settings
from campaign.sandbox.consent import CLIENT_ID

Values = Mapping[str, Mapping[str, object]]

QUICK: Values = {
    "dispatch": {
        "retries": ["1s", "3s", "10s"],
        "lookups": ["1s", "2s", "3s", "5s"],
        "lookup_spread": "5s",
    },
    "channels.linkedin": {"image_poll": "200ms"},
    "engagement": {"readings": ["5s", "10s", "20s", "40s", "80s", "3m", "10m", "1h", "6h", "24h"]},
}
"""Pauses and readings in seconds instead of minutes and hours; only the sandbox may be asked so often."""

APP_SECRET_FILE = "tokens/app.txt"  # noqa: S105 - the file's name
APP: Values = {
    f"channels.{channel}": {"client_id": CLIENT_ID, "client_secret": f"file:{APP_SECRET_FILE}"}
    for channel in ("x", "facebook", "linkedin")
}
"""The app under which the sandbox knows the program, so that accounts can be connected."""

ABOUT: Values = {
    "web": {
        "privacy_url": "https://www.example.org/privacy",
        "help_url": "https://www.example.org/help",
        "contact_email": "campaign-team@example.org",
    }
}
"""What stands below the pages of a campaign that somebody runs."""

_HOST = "127.0.0.1"
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the platforms, the mail catcher and the program's own pages; 0 stands for any that is free."""

    platforms: int = 8100
    mail: int = 8125
    web: int = 8000

    def free(self) -> "Ports":
        """Return the same ports where nobody listens, else the next free ones."""
        taken: set[int] = set()
        return Ports(*(_free(wanted, taken) for wanted in (self.platforms, self.mail, self.web)))


def _free(wanted: int, taken: set[int]) -> int:
    for port in [*range(wanted, min(wanted + _TRIES, 65536)), 0] if wanted else [0]:
        if port in taken:
            continue
        try:
            with socket.create_server((_HOST, port)) as door:
                found = int(door.getsockname()[1])
        except OSError:
            continue
        taken.add(found)
        return found
    return wanted  # none was to be had: whoever listens there next says so by name


def remembered(settings: Settings) -> Ports:
    """Return the ports that config.toml names."""
    return Ports(
        platforms=_port(settings.channels["x"]["api_url"]),
        mail=_port(settings.channels["email"]["smtp_url"]),
        web=int(settings.web.listen.rpartition(":")[2]),
    )


def _port(address: object) -> int:
    return urlsplit(str(address)).port or 0


def pointed(ports: Ports) -> Values:
    """Return the settings that point every channel at the sandbox, and the pages at their port."""
    sandbox = f"http://{_HOST}:{ports.platforms}"
    linkedin = f"{sandbox}/linkedin"
    return {
        "channels.x": {"api_url": f"{sandbox}/x", "authorize_url": f"{sandbox}/x/i/oauth2/authorize"},
        "channels.facebook": {"graph_url": f"{sandbox}/facebook", "dialog_url": f"{sandbox}/facebook"},
        "channels.linkedin": {"api_url": linkedin, "auth_url": linkedin},
        "channels.email": {"smtp_url": f"smtp://{_HOST}:{ports.mail}"},
        "web": {"listen": f"{_HOST}:{ports.web}", "public_url": f"http://localhost:{ports.web}"},
    }


def write(workspace: Path, *changes: Values) -> None:
    """Write settings into the workspace's config.toml."""
    path = workspace / CONFIG_NAME
    text = path.read_text(encoding="utf-8")
    for values in changes:
        text = changed(text, values)
    path.write_text(text, encoding="utf-8")


def changed(text: str, values: Values) -> str:
    """Return the TOML ``text`` with ``values`` in their tables: a key's line is replaced, a missing one is added."""
    for table, keys in values.items():
        for key, value in keys.items():
            text = _set(text, table, key, json.dumps(value, ensure_ascii=False))
    return text


def _set(text: str, table: str, key: str, value: str) -> str:
    header = re.search(rf"^\[{re.escape(table)}\][^\n]*\n", text, re.MULTILINE)
    if header is None:
        return f"{text.rstrip()}\n\n[{table}]\n{key} = {value}\n"
    following = re.compile(r"^\[", re.MULTILINE).search(text, header.end())
    end = following.start() if following else len(text)
    body, line = text[header.end() : end], f"{key} = {value}"
    new, count = re.subn(rf"^{key}\s*=[^\n]*", lambda _: line, body, count=1, flags=re.MULTILINE)
    return text[: header.end()] + (new if count else f"{line}\n{body}") + text[end:]
