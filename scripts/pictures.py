"""Take the pictures of README and docs/pages.md anew, from a demo: `.venv/bin/python scripts/pictures.py CHROMIUM`."""

import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from campaign.app import App
from campaign.models.snapshots import LogFilter
from campaign.reports.chart import chart
from campaign.reports.log import log_rows
from campaign.reports.table import table

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
FEEDS = {"X": ("feed-x.png", 720), "Facebook": ("feed-facebook.png", 1425), "LinkedIn": ("feed-linkedin.png", 1345)}
WIDTH = 660
# Whose page, where, how wide and high; a link that is clicked there first.
PAGES: dict[str, tuple[str, str, int, int, str]] = {
    "review.png": ("reviewer", "/review", 1200, 860, ""),
    "pages-home.png": ("officer", "/", 1200, 980, ""),
    "pages-posts.png": ("officer", "/posts", 1200, 980, ""),
    "pages-post.png": ("officer", "/posts?channel=facebook&status=published", 1200, 1300, "main li a[href^='/posts/']"),
    "pages-new.png": ("officer", "/posts/new", 1200, 700, ""),
    "pages-details.png": ("officer", "/details", 1200, 1100, ""),
    "pages-group.png": ("reviewer", "/review", 1200, 1100, "main a[href^='/review/group']"),
    "pages-calendar.png": ("reviewer", "/calendar", 1200, 1100, ""),
    "pages-participation.png": ("reviewer", "/participation", 1200, 900, ""),
    "pages-hold.png": ("reviewer", "/hold", 1200, 760, ""),
    "pages-engagement.png": ("admin", "/engagement", 1200, 1150, ""),
    "pages-log.png": ("admin", "/engagement/log", 1200, 900, ""),
    "pages-week.png": ("admin", "/engagement/week", 1200, 1100, ""),
    "pages-health.png": ("admin", "/admin", 1200, 760, ""),
    "pages-partners.png": ("admin", "/admin/partners", 1200, 700, ""),
    "pages-account.png": ("admin", "/accounts/new", 1200, 980, ""),
    "pages-phone.png": ("officer", "/", 390, 844, ""),
}
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
            while not addresses.keys() >= {"officer", "reviewer", "admin", *FEEDS}:
                line = demo.stdout.readline()
                addresses |= dict(re.findall(r"(?:A feed on|Sign in as an?) (\w+) +([^\s?]+)", line))
            time.sleep(7)
            for name, (file, height) in FEEDS.items():
                photograph(browser, addresses[name], PICTURES / file, WIDTH, height)
            time.sleep(60)
            for who in ("officer", "reviewer", "admin"):
                go_round(browser, addresses[who], who)
            time.sleep(40)
            draw_log(workspace, PICTURES / "log.svg")
            demo.send_signal(signal.SIGINT)
            demo.stdout.read()


def photograph(browser: Browser, address: str, target: Path, width: int, height: int) -> None:
    """Save the top of a page."""
    with browser.new_context(viewport={"width": width, "height": height}) as room:
        page = room.new_page()
        page.goto(address)
        save(page, target)


def go_round(browser: Browser, link: str, who: str) -> None:
    """Sign in by a link that serves once, and save every picture of the person's pages."""
    with browser.new_context() as room:
        page = room.new_page()
        page.goto(link)
        page.get_by_role("button").first.click()
        for file, (whose, path, width, height, click) in PAGES.items():
            if whose == who:
                page.set_viewport_size({"width": width, "height": height})
                page.goto(link.partition("/sign-in")[0] + path)
                if click:
                    page.locator(click).first.click()
                save(page, PICTURES / file)


def save(page: Page, target: Path) -> None:
    """Save what is seen, in few colours: it stays small."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)


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
