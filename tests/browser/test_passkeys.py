"""Passkeys in a real browser with a virtual authenticator: added, used instead of a password and beside one."""

from collections.abc import Iterator

import pytest
from pages_room import Room
from pages_shown import a_page
from playwright.sync_api import Browser, Page, expect

from campaign.models import sign_in as rows
from campaign.models import users
from campaign.people import passwords, tickets
from campaign.people.tickets import Purpose

PASSWORD = "three random words"
EMAIL = "rita@example.org"


def with_authenticator(page: Page) -> None:
    """Give the browser a device that keeps passkeys and unlocks them by itself."""
    talk = page.context.new_cdp_session(page)
    talk.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    talk.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )


@pytest.fixture
def page(browser: Browser, pages: Room) -> Iterator[Page]:
    with a_page(browser, pages, None) as page:
        with_authenticator(page)
        yield page


@pytest.fixture(autouse=True)
def rita(pages: Room) -> Iterator[None]:
    """Rita has an address and a password, and no passkey yet."""
    with pages.office.database.write() as session:
        person = users.user(session, "rita")
        assert person is not None
        person.email = EMAIL
        session.add(person)
        passwords.set_password(session, person, passwords.hashed(person, PASSWORD), now=pages.office.clock.now())
        for key in rows.passkeys(session, person.ident):
            rows.drop_passkey(session, person.ident, key.ident)
    return


def sign_in_with_password(page: Page, pages: Room) -> None:
    page.goto(f"{pages.address}/sign-in")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page, pages: Room) -> None:
    page.goto(f"{pages.address}/account")
    page.get_by_label("Name of a new passkey").fill("work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".govuk-notification-banner")).to_contain_text("The passkey is added")


def test_a_passkey_serves_alone_and_beside_a_password(page: Page, pages: Room) -> None:
    sign_in_with_password(page, pages)
    page.wait_for_url(f"{pages.address}/")
    add_passkey(page, pages)
    expect(page.locator("main")).to_contain_text("With password and passkey")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{pages.address}/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in_with_password(page, pages)
    page.wait_for_url(f"{pages.address}/sign-in/passkey")
    page.goto(f"{pages.address}/posts")
    assert "/sign-in" in page.url, "the password alone is not enough"
    sign_in_with_password(page, pages)
    page.get_by_role("button", name="Continue with your passkey").click()
    page.wait_for_url(f"{pages.address}/")
    page.goto(f"{pages.address}/account")
    expect(page.locator("main")).to_contain_text("With password and passkey")


def test_a_passkey_that_the_site_does_not_know_is_refused(page: Page, pages: Room) -> None:
    sign_in_with_password(page, pages)
    page.wait_for_url(f"{pages.address}/")
    add_passkey(page, pages)
    page.get_by_role("button", name="Remove the passkey work laptop").click()
    expect(page.locator(".govuk-notification-banner")).to_contain_text("removed")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("main")).to_contain_text("The passkey could not be used")


def test_an_invitation_is_taken_with_a_passkey_alone(page: Page, pages: Room) -> None:
    with pages.office.database.write() as session:
        person = users.user(session, "rolf")
        assert person is not None
        person.email = "rolf@example.org"
        session.add(person)
        session.flush()
        secret = tickets.issue(session, person, Purpose.INVITATION, by="adam", now=pages.office.clock.now())
    before = pages.browser("rolf")
    page.goto(f"{pages.address}/invitation/{secret}")
    page.get_by_role("button", name="Use a passkey instead").click()
    page.wait_for_url(f"{pages.address}/")
    page.goto(f"{pages.address}/account")
    expect(page.locator("main")).to_contain_text("First passkey")
    assert before.get("/account").status_code == 303, "the sessions from before have ended"
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{pages.address}/")
    expect(page.get_by_role("link", name="rolf")).to_be_visible()
