"""Take the pictures of the README anew, from a demo of its own: `.venv/bin/python scripts/pictures.py [CHROMIUM]`."""

import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console

from campaign.app import App
from campaign.models.snapshots import LogFilter
from campaign.reports.chart import chart
from campaign.reports.log import log_rows
from campaign.reports.table import table

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
FEEDS = {"X": ("feed-x.png", 720), "Facebook": ("feed-facebook.png", 1425), "LinkedIn": ("feed-linkedin.png", 1345)}
WIDTH = 660
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def main(chromium: str) -> None:
    """Start a demo, photograph the feeds while the launch post is the newest and what a reviewer sees, and draw the log
    a minute later.
    """
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        workspace = Path(folder) / "demo"
        program = str(Path(sys.executable).with_name("campaign"))
        ports = ["--port", "0", "--smtp-port", "0", "--web-port", "0"]
        command = [program, "demo", "--folder", str(workspace), *ports]
        with (
            tools.chromium.launch(executable_path=chromium, args=QUIET) as browser,
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo,  # noqa: S603 - our own program
        ):
            assert demo.stdout is not None  # noqa: S101 - piped above
            addresses: dict[str, str] = {}
            while not addresses.keys() >= {"reviewer", *FEEDS}:
                line = demo.stdout.readline()
                addresses |= dict(re.findall(r"(?:A feed on|Sign in as an?) (\w+) +([^\s?]+)", line))
            time.sleep(7)
            for name, (file, height) in FEEDS.items():
                photograph(browser, [addresses[name]], PICTURES / file, WIDTH, height)
            review = addresses["reviewer"].partition("/sign-in")[0] + "/review"
            photograph(browser, [addresses["reviewer"], review], PICTURES / "review.png", 1200, 860)
            time.sleep(100)
            draw_log(workspace, PICTURES / "log.svg")
            demo.send_signal(signal.SIGINT)
            demo.stdout.read()


def photograph(browser: Browser, way: Sequence[str], target: Path, width: int, height: int) -> None:
    """Save the top of the page at the end of the way, in few colours: it stays small. A sign-in on it is confirmed."""
    with browser.new_context(viewport={"width": width, "height": height}) as room:
        page = room.new_page()
        for address in way:
            page.goto(address)
            if "/sign-in/" in page.url:
                page.get_by_role("button").first.click()
        with Image.open(io.BytesIO(page.screenshot())) as image:
            image.convert("RGB").quantize(192, dither=Image.Dither.NONE).save(target, optimize=True)


def draw_log(workspace: Path, target: Path) -> None:
    """Save what `campaign log` shows of one partner's launch posts."""
    app = App.open(workspace, {})
    with app.database.read() as session:
        rows = log_rows(session, LogFilter(partner="harbourside", slot="launch"))
    console = Console(record=True, width=128, file=io.StringIO(), highlight=False)
    console.print(table(rows))
    console.print(chart(rows, console.width))
    target.write_text(console.export_svg(title="campaign log --partner harbourside --slot launch"), encoding="utf-8")
    app.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium") or "chromium")
