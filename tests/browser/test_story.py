"""From an officer's words to a reviewer's yes, as people do it: with scripts and without."""

import re

import pytest
from pages_room import Room
from pages_shown import a_page
from playwright.sync_api import Browser, expect

from campaign.models import partners

BANNER = ".govuk-notification-banner"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_words_are_written_returned_mended_and_approved(browser: Browser, pages: Room, *, scripts: bool) -> None:
    line, mended = f"Come and see us {scripts}", f"Come and see us on Friday {scripts}"
    with pages.office.database.write() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        oak.details = {"x_line": "The line of oak"}
    with a_page(browser, pages, "olga", java_script_enabled=scripts) as page:
        page.goto(f"{pages.address}/posts")
        page.get_by_role("button", name="New post").click()
        page.get_by_label("Which account is to post?").select_option(str(pages.office.accounts["oak"]))
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("From which template?").select_option("post-1")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Day", exact=True).fill("3/12/2025")
        page.get_by_label("Time", exact=True).fill("9:30am")
        page.get_by_label("X line").fill(line)
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("article", name="Preview for X")).to_contain_text(line)
        page.get_by_role("button", name="Send for review").click()
        expect(page.locator(BANNER)).to_contain_text("Sent for review.")
        post = page.url.rpartition("/")[2]

    group = f"{pages.address}/review/group?template=post-1&version=1&channel=x"
    with a_page(browser, pages, "rita", java_script_enabled=scripts) as page:
        page.goto(f"{pages.address}/review")
        page.get_by_role("link", name=re.compile("^Launch.* on X")).first.click()
        expect(page.locator("main")).to_contain_text(line)
        page.locator(f"#aside-{post}").check()
        page.get_by_text("Ask for changes to what is set aside").click()
        page.get_by_label("What needs to change?").fill("Say the day")
        page.get_by_role("button", name="Return what is set aside").click()
        expect(page.locator(BANNER)).to_contain_text("1 post returned.")

    with a_page(browser, pages, "olga", java_script_enabled=scripts) as page:
        page.goto(f"{pages.address}/posts/{post}")
        expect(page.locator("main")).to_contain_text("Say the day")
        page.get_by_role("button", name="Change the words").click()
        page.get_by_label("X line").fill(mended)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Send for review").click()
        expect(page.locator(BANNER)).to_contain_text("Sent for review.")

    with a_page(browser, pages, "rita", java_script_enabled=scripts) as page:
        page.goto(group)
        expect(page.locator("main")).to_contain_text(mended)
        page.get_by_role("button", name=re.compile("^Approve")).click()
        expect(page.locator(BANNER)).to_contain_text("approved.")
    assert pages.office.seen(int(post)).status == "approved"


def test_everything_is_held_and_let_go_by_keyboard_alone(browser: Browser, pages: Room) -> None:
    with a_page(browser, pages, "rolf") as page:
        page.get_by_role("button", name="Hold everything").focus()
        page.keyboard.press("Enter")
        page.get_by_label("Why?").first.focus()
        page.keyboard.type("An incident")
        page.keyboard.press("Enter")
        expect(page.locator(BANNER)).to_contain_text("Everything is on hold.")
        page.get_by_role("link", name=re.compile("Release.*Everything(?! on)")).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Release").focus()
        page.keyboard.press("Enter")
        expect(page.locator(BANNER)).to_contain_text("Everything is released.")
