"""Engagement and administration in a browser: sorted, filtered and walked without scripts, tabs with them."""

import pytest
from pages_room import Room
from pages_shown import a_page
from playwright.sync_api import Browser, expect


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
@pytest.mark.usefixtures("posts")
def test_the_log_is_sorted_filtered_and_walked(browser: Browser, pages: Room, *, scripts: bool) -> None:
    with a_page(browser, pages, "rita", java_script_enabled=scripts) as page:
        page.get_by_role("link", name="Engagement").click()
        page.get_by_role("link", name="Log", exact=True).click()
        page.get_by_role("link", name="Sort by Impressions").click()
        head = page.locator("th[aria-sort=descending]")
        expect(head).to_contain_text("Impressions")
        shown = [int(text.replace(",", "")) for text in page.locator("tbody td:nth-child(4)").all_inner_texts()]
        assert shown == sorted(shown, reverse=True)
        page.locator("summary", has_text="Filter").click()
        page.get_by_label("Channel").select_option("linkedin")
        page.get_by_role("button", name="Apply filter").click()
        assert set(page.locator("tbody td:nth-child(3)").all_inner_texts()) == {"LinkedIn"}
        expect(head).to_contain_text("Impressions")
        first = page.locator("tbody tr").first.inner_text()
        page.get_by_role("link", name="Next").click()
        page.get_by_role("link", name="Previous").click()
        assert page.locator("tbody tr").first.inner_text() == first


@pytest.mark.usefixtures("posts")
def test_chart_and_table_stand_in_tabs_with_scripts_and_below_one_another_without(
    browser: Browser, pages: Room
) -> None:
    with a_page(browser, pages, "rita") as page:
        page.goto(f"{pages.address}/engagement")
        expect(page.get_by_role("img", name="Impressions of all posts so far, by channel")).to_be_visible()
        expect(page.get_by_role("table")).to_be_hidden()
        page.get_by_role("tab", name="Table").click()
        expect(page.get_by_role("table")).to_be_visible()
    with a_page(browser, pages, "rita", java_script_enabled=False) as page:
        page.goto(f"{pages.address}/engagement")
        expect(page.get_by_role("table")).to_be_visible()


@pytest.mark.usefixtures("posts")
def test_an_admin_adds_a_person_by_keyboard_alone(browser: Browser, pages: Room) -> None:
    with a_page(browser, pages, "adam") as page:
        page.goto(f"{pages.address}/admin/people/new")
        page.get_by_label("Name", exact=True).focus()
        page.keyboard.type("Nora of the keys")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("nora@example.org")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Nora of the keys")
        expect(page.locator("main")).to_contain_text("it is not shown again")
