"""The main tasks by keyboard alone, as somebody does them who cannot use a mouse; nothing is clicked or filled here."""

from pathlib import Path

import pytest
from pages_room import Room
from pages_shown import a_page
from playwright.sync_api import Browser, Page, expect
from seeing import cut_off, tab_to, unseen

from campaign.models import partners
from campaign.models.status import Status

FAULTY = """<main style="margin: 0"><p style="position: absolute; left: 280px; white-space: nowrap">Too wide a word</p>
    <p style="height: 9px; overflow: hidden">Two lines<br>of words</p>
    <div style="overflow-x: auto"><p style="width: 900px; text-align: right">In its own box</p></div>
    <p style="position: sticky; top: 0; height: 200px">Lies above</p>
    <button style="outline: none">Plain</button><button tabindex="2">Early</button>
    <a href="/" style="position: fixed; left: -500px">Away</a></main>"""
BANNER = ".govuk-notification-banner"


def press(page: Page, role: str, name: str) -> None:
    """Go to a link or a button by the Tab key and press it."""
    tab_to(page.get_by_role(role, name=name, exact=True).first)  # type: ignore[arg-type]
    page.keyboard.press("Enter")


def write(page: Page, label: str, text: str) -> None:
    """Go to a field by the Tab key and type."""
    tab_to(page.get_by_label(label, exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def choose(page: Page, label: str, wanted: str) -> None:
    """Go to a list by the Tab key and move down to a value."""
    field = page.get_by_label(label)
    tab_to(field)
    for _ in range(20):
        if field.input_value() == wanted:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no {wanted} in {label}")


def test_what_nobody_can_see_or_reach_is_noticed(browser: Browser, pages: Room) -> None:
    with a_page(browser, pages, None, None, viewport={"width": 320, "height": 256}) as page:
        page.set_content(FAULTY)
        found = [said.partition(":")[0] for said in cut_off(page)]
        missed = {said.partition(":")[0] for said in unseen(page)}
    assert found == ["beside the page", "beside the page", "cut off", "covers the page"]
    assert missed == {"does not show its focus", "out of its order", "out of sight"}


def test_an_officer_writes_a_post_and_changes_its_words(browser: Browser, pages: Room) -> None:
    with pages.office.database.write() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        oak.details = {"x_line": "The line of oak"}
    with a_page(browser, pages, "olga") as page:
        page.goto(f"{pages.address}/posts")
        press(page, "button", "New post")
        choose(page, "Which account is to post?", str(pages.office.accounts["oak"]))
        press(page, "button", "Continue")
        choose(page, "From which template?", "post-1")
        press(page, "button", "Continue")
        write(page, "Day", "4/12/2025")
        write(page, "Time", "9:30am")
        write(page, "X line", "Typed by keyboard")
        press(page, "button", "Preview")
        expect(page.get_by_role("article", name="Preview for X")).to_contain_text("Typed by keyboard")
        press(page, "button", "Send for review")
        expect(page.locator(BANNER)).to_contain_text("Sent for review.")
        press(page, "button", "Change the words")
        write(page, "X line", "Typed once more")
        press(page, "button", "Save")
        expect(page.locator("main")).to_contain_text("Typed once more")


def test_a_reviewer_returns_takes_down_and_settles(browser: Browser, pages: Room) -> None:
    returned = pages.office.post("oak", changes={"slot": "to return"})
    out = pages.office.post("oak", status=Status.PUBLISHED, changes={"slot": "out", "external_id": "1"})
    asked = pages.office.post("oak", status=Status.UNCONFIRMED, changes={"slot": "asked", "needs_person": "No answer"})
    with a_page(browser, pages, "rita") as page:
        page.goto(f"{pages.address}/posts/{returned}")
        tab_to(page.get_by_label("Approve", exact=True))
        page.keyboard.press("ArrowDown")
        write(page, "What needs to change?", "Say the day")
        press(page, "button", "Save decision")
        expect(page.locator(BANNER)).to_contain_text("Returned.")

        page.goto(f"{pages.address}/posts/{out}")
        tab_to(page.locator("summary", has_text="Take the X post down"))
        page.keyboard.press("Enter")
        write(page, "Why is it taken down?", "A wrong link")
        press(page, "button", "Take the X post down")
        expect(page.locator(BANNER)).to_be_visible()

        page.goto(f"{pages.address}/settle/{asked}")
        tab_to(page.get_by_label("It is there", exact=True))
        page.keyboard.press("Space")
        write(page, "Its address", "https://x.com/i/status/123")
        press(page, "button", "Save")
        expect(page.locator(BANNER)).to_be_visible()
    assert pages.office.seen(out).status == Status.RETRACTING
    assert pages.office.seen(asked).status == Status.PUBLISHED


@pytest.mark.usefixtures("posts")
def test_a_reviewer_takes_the_log_away_as_a_file(browser: Browser, pages: Room, tmp_path: Path) -> None:
    with a_page(browser, pages, "rita") as page:
        press(page, "link", "Engagement")
        press(page, "link", "Log")
        with page.expect_download() as waited:
            press(page, "link", "Download all of these readings (CSV)")
        waited.value.save_as(tmp_path / "log.csv")
    assert "impressions" in (tmp_path / "log.csv").read_text(encoding="utf-8-sig").partition("\n")[0]
