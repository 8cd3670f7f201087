"""Below every page: whom to write to, help, privacy, and how accessible the pages are."""

from pathlib import Path

import pytest
from conftest import MovedClock
from pages_room import Room, opened_room

pytestmark = pytest.mark.thorough
ABOUT = {
    "CAMPAIGN__WEB__PRIVACY_URL": "https://www.example.org/privacy?of=campaign",
    "CAMPAIGN__WEB__HELP_URL": "https://www.example.org/help",
    "CAMPAIGN__WEB__CONTACT_EMAIL": "team@example.org",
}
PAGES = ("/sign-in", "/accessibility", "/u/none", "/l/none/0", "/none")


def test_every_page_links_what_is_set_for_anybody(tmp_path: Path, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock, ABOUT) as room:
        for path, browser in [*((path, room.browser()) for path in PAGES), ("/", room.browser("olga"))]:
            text = browser.get(path).text
            assert 'href="https://www.example.org/privacy?of=campaign">Privacy</a>' in text, path
            assert 'href="https://www.example.org/help">Help</a>' in text, path
            assert 'href="mailto:team@example.org">Contact</a>' in text, path
            assert 'href="/accessibility">Accessibility statement</a>' in text, path
        assert 'href="mailto:team@example.org">Tell the campaign team</a>' in text
        text = room.browser().get("/sign-in").text
        assert "I cannot sign in" in text
        assert text.count("mailto:team@example.org") == 3


def test_what_is_not_set_is_not_linked(room: Room) -> None:
    text = room.browser().get("/sign-in").text
    assert "mailto:" not in text
    assert ">Privacy</a>" not in text
    assert "ask an admin of the campaign for a new invitation" in text
    assert 'href="/accessibility"' in text


def test_a_reviewer_reads_the_audit_log_and_is_led_nowhere_else(room: Room) -> None:
    text = room.browser("rita").get("/admin/audit").text
    assert ">Audit log</h1>" in text
    assert 'href="/admin/audit"' in text
    for path in ("/admin", "/admin/people", "/admin/lists"):
        assert f'href="{path}"' not in text
    assert 'href="/admin/audit"' not in room.browser("adam").get("/").text, "an admin finds it under Admin"
