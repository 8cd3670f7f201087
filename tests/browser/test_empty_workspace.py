"""A workspace without a partner becomes a campaign by its pages alone: partner, account, officer, yes, plan, a post."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MovedClock
from daemons import free_port
from pages_room import Room, opened_app
from pages_shown import a_page
from playwright.sync_api import Browser, Page, expect
from reviewing import Office

from campaign.dispatch import sweep
from campaign.metrics import Metrics
from campaign.models import Database, audit, listing, users
from campaign.models.listing import PostFilter
from campaign.models.partners import Campaign
from campaign.web.server import serving
from campaign.web.site import site

BANNER = ".govuk-notification-banner"
PASSWORD = "a long enough secret of ours"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Room]:
    """A workspace as `campaign init` leaves it, with an admin who has an address."""
    port, clock = free_port(), MovedClock()
    database = Database(f"sqlite:///{tmp_path}/campaign.db", connections=4)
    database.upgrade()
    office = Office(database, clock)
    with database.write() as session:
        session.add(Campaign(name="Test", timezone="Europe/London", salt="salt", created_at=clock.now()))
    office.hire("adam", "admin")
    office.reach("adam", "adam@dfe.example.org")
    environ = {"CAMPAIGN__WEB__PUBLIC_URL": f"http://localhost:{port}"}
    app = opened_app(tmp_path / "workspace", database, clock, environ)
    with serving(site(app, Metrics(database, clock)), f"127.0.0.1:{port}"):
        yield Room(office, app, f"http://localhost:{port}")
    database.close()


def set_up(page: Page, address: str) -> str:
    """Add a partner and its officer; returns the officer's invitation."""
    page.goto(f"{address}/")
    page.get_by_role("link", name="Add the first partner").click()
    page.get_by_label("Name", exact=True).fill("Oak School")
    page.get_by_label("Short name").fill("oak school")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("cannot be used")
    page.get_by_label("Short name").fill("oak")
    page.get_by_label("Kind (optional)").fill("school")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(BANNER)).to_contain_text("Oak School is added.")
    expect(page.locator("main")).to_contain_text("Nothing goes out in their name before they agree")
    page.get_by_role("button", name="Invite an officer").click()
    page.get_by_label("Name", exact=True).fill("Olga")
    page.get_by_label("Email address").fill("olga@oak.example.org")
    page.get_by_role("button", name="Add and invite").click()
    expect(page.get_by_role("alert")).to_contain_text("The invitation was not mailed to olga@oak.example.org.")
    return page.get_by_label("Link of the invitation").input_value()


def add_account(page: Page, address: str) -> None:
    """Add the partner's account, which a person serves."""
    page.goto(f"{address}/admin/partners")
    page.get_by_role("link", name="Oak School").click()
    page.get_by_role("button", name="Add an account").click()
    expect(page.get_by_label("Partner")).to_have_value("oak")
    page.get_by_label("X", exact=True).check()
    page.get_by_label("Its name there").fill("@oakschool")
    page.get_by_label("This service").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Choose by hand for now")
    page.get_by_label("A person, by hand").check()
    page.get_by_role("button", name="Add").click()
    expect(page.locator(BANNER)).to_contain_text("oakschool is added.")


def speak(page: Page, address: str, link: str) -> None:
    """Come in by the invitation, give the details, and agree."""
    page.goto(link)
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.goto(f"{address}/details")
    page.get_by_label("X line").fill("Oak School wants to hear from you.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(BANNER)).to_contain_text("Saved.")
    page.get_by_role("link", name="Agree that we publish in your name").click()
    page.get_by_role("button", name="Agree for the whole campaign").click()
    expect(page.locator(BANNER)).to_contain_text("You have agreed.")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_campaign_begins_in_an_empty_workspace_by_its_pages_alone(
    browser: Browser, empty: Room, *, scripts: bool
) -> None:
    with a_page(browser, empty, "adam", java_script_enabled=scripts) as page:
        link = set_up(page, empty.address)
    context = browser.new_context(java_script_enabled=scripts)
    olga = context.new_page()
    speak(olga, empty.address, link)
    with a_page(browser, empty, "adam", java_script_enabled=scripts) as page:
        add_account(page, empty.address)
    olga.goto(f"{empty.address}/posts")
    olga.get_by_role("link", name="Queue the timetable").first.click()
    expect(olga.locator("main")).to_contain_text("Nothing is stored yet.")
    olga.get_by_role("button", name=re.compile(r"Queue \d+ new posts")).click()
    expect(olga.locator(BANNER)).to_contain_text("posts added.")
    with empty.office.database.read() as session:
        first = listing.posts(session, PostFilter(statuses=("in_review",)))[0]
    with a_page(browser, empty, "adam", java_script_enabled=scripts) as page:
        page.goto(f"{empty.address}/posts/{first.post.id}")
        page.get_by_label("Approve", exact=True).check()
        page.get_by_role("button", name="Save decision").click()
        expect(page.locator(BANNER)).to_contain_text("pproved")
    empty.office.clock.at = first.post.due_at
    sweep.hand_over(empty.app.means(), empty.office.clock.now())
    olga.goto(f"{empty.address}/posts?status=by_hand")
    olga.locator(".app-post__title").first.click()
    olga.get_by_role("button", name="Publish it by hand").click()
    olga.get_by_label("Address of the post").fill("https://x.com/oakschool/status/1234567890")
    olga.get_by_role("button", name="Record it as published").click()
    assert empty.office.seen(first.post.ident).status == "published"
    context.close()
    with empty.office.database.read() as session:
        done = [row.action for row in reversed(audit.page(session, audit.AuditFilter(), 100).rows)]
        assert users.user(session, "Olga") is not None
    assert [name for name in done if name in {"add partner", "add account", "add user", "agree"}] == [
        *("add partner", "add user", "agree", "add account")
    ]
