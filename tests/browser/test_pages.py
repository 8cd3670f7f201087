"""Every page as people meet it: at two widths, by axe's rules, by keyboard alone, without JavaScript."""

import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages_room import Room
from pages_shown import NEEDED, SAID_TWICE, a_page, shown, sign_in
from playwright.sync_api import Browser, Page, Route, expect
from seeing import cut_off, unseen

from campaign.models import searching
from campaign.models.listing import PostFilter
from campaign.review.searching import read
from campaign.web import queue

SIZES = ((1366, 900), (320, 256))
"""A desk's screen; and 1280 by 1024 pixels at 400 %, or a phone."""
PAGES = (
    ("olga", "/"),
    ("rita", "/"),
    ("olga", "/posts"),
    ("rita", "/posts?status=in_review&from=1/12/2025"),
    ("rita", "/posts?from=31/31/2025"),
    ("rita", "/posts?channel=email"),
    ("rita", "/posts?search=words"),
    ("rita", "/posts/{in_review}"),
    ("olga", "/posts/{returned}"),
    ("olga", "/posts/{published}"),
    ("olga", "/posts/{approved}"),
    ("rita", "/posts/{issue}"),
    ("olga", "/posts/{by_hand}/hand"),
    ("rita", "/posts/{issue}/article"),
    ("rita", "/calendar?month=2025-12"),
    ("olga", "/calendar?week=2025-12-01"),
    ("rita", "/take-down?slot={slot}"),
    ("olga", "/accounts"),
    ("adam", "/accounts"),
    ("olga", "/accounts/{account}/connect"),
    ("olga", "/accounts/connected/x?state=none"),
    ("rita", "/participation"),
    ("rita", "/participation/remind"),
    ("olga", "/details"),
    ("olga", "/details/agreement"),
    ("olga", "/posts/plan"),
    ("adam", "/details"),
    ("olga", "/posts/new"),
    ("adam", "/posts/new"),
    ("adam", "/posts/new?partner=oak"),
    ("olga", "/posts/new?account={account}"),
    ("olga", "/posts/new?template=post-1&account={account}"),
    ("olga", "/posts/import"),
    ("rita", "/posts/{mailed}/correct"),
    ("olga", "/posts/{written}/edit"),
    ("adam", "/posts/{to_settle}"),
    ("rita", "/review"),
    ("rita", "/review/words"),
    ("rita", f"/review/words/line?line={sha256(SAID_TWICE.encode()).hexdigest()[:16]}"),
    ("rita", "/review/group?template=t&version=1&channel=x"),
    ("olga", "/review/group?template=none"),
    ("rita", "/hold"),
    ("rita", "/hold/release?scope=channel:email"),
    ("rita", "/engagement"),
    ("rita", "/engagement?figure=clicks&from=x&to=1/12/2025&channel=x"),
    ("olga", "/engagement?slot=none"),
    ("rita", "/engagement/by/template"),
    ("rita", "/engagement/by/region?figure=reach"),
    ("olga", "/engagement/hours"),
    ("rita", "/engagement/newsletters"),
    ("rita", "/engagement/log"),
    ("olga", "/engagement/log?sort=clicks&channel=x"),
    ("rita", "/engagement/posts/{measured}"),
    ("olga", "/engagement/posts/{mailed}"),
    ("rita", "/engagement/week?of=10/11/2025"),
    ("adam", "/engagement/outcomes"),
    ("olga", "/settle"),
    ("rita", "/settle/{to_settle}"),
    ("adam", "/admin"),
    ("adam", "/admin/audit"),
    ("adam", "/admin/audit?by=nobody"),
    ("adam", "/admin/audit/check"),
    ("adam", "/admin/people"),
    ("adam", "/admin/people/new"),
    ("adam", "/admin/people/1"),
    ("adam", "/admin/people/1/send-away"),
    ("adam", "/admin/partners"),
    ("adam", "/admin/partners/new"),
    ("adam", "/admin/partners/import"),
    ("adam", "/admin/partners/1"),
    ("adam", "/accounts/new?partner=oak"),
    ("adam", "/accounts/import"),
    ("olga", "/posts/plan"),
    ("adam", "/admin/lists"),
    ("adam", "/admin/lists/import"),
    ("adam", "/admin/webhooks"),
    ("adam", "/admin/webhooks/{webhook}"),
    ("rita", "/admin"),
    ("rita", "/account"),
    ("rita", "/posts/999999"),
    ("rita", "/admin/audit"),
    (None, "/accessibility"),
    (None, "/sign-in"),
    (None, "/invitation/none"),
    (None, "/sign-in/demo/none"),
    (None, "/l/none/0"),
    (None, "/u/none"),
    (None, "/u/none/lists"),
)

AXE = Axe()
ALLOWED = {
    # GOV.UK Frontend sets aria-expanded on radios that reveal a field, on purpose: alphagov/govuk-frontend #979.
    ("aria-allowed-attr", "govuk-radios__input"),
    # The back link stands before main, so that the skip link jumps over it: GOV.UK's own page template.
    ("region", "govuk-back-link"),
}


def findings(page: Page) -> list[tuple[str, str]]:
    """Return what axe finds, but for the two that GOV.UK Frontend itself has."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    response = page.evaluate('axe.run({"resultTypes": ["violations"]})')
    found = [(rule["id"], node["html"]) for rule in response["violations"] for node in rule["nodes"]]
    return [pair for pair in found if not any(pair[0] == name and words in pair[1] for name, words in ALLOWED)]


@pytest.mark.parametrize(("name", "path"), PAGES)
def test_a_page_is_fit_for_everybody(
    window: Page, pages: Room, posts: dict[str, int], name: str | None, path: str
) -> None:
    with shown(window, pages, name, path.format(**posts)) as page:
        assert page.locator("h1").count() == 1
        assert " – Schedule campaign posts" in page.title() or path.startswith(("/u/", "/l/"))
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert findings(page) == []
            assert cut_off(page) == []
            page.emulate_media(forced_colors="active" if width < 400 else "none")
            assert unseen(page) == []


@pytest.mark.usefixtures("posts")
def test_a_newsletter_fits_a_narrow_mail_program(browser: Browser, pages: Room) -> None:
    address = f"https://www.example.org/{'a-long-way-to-a-page-' * 5}"
    words = {"words": f"# News\n\n{address}\n\n    {'code ' * 30}", "subject": "News", "audience": "ash", "media": []}
    post = pages.office.post("ash", changes={"draft": words, "slot": "long words"})
    with a_page(browser, pages, "rita") as page:
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(f"{pages.address}/posts/{post}/mail")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


JAVA = shutil.which("java")
CHECKER = Path(__file__).with_name("checker") / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


@pytest.mark.skipif(
    not (NEEDED or (JAVA and CHECKER.is_file())), reason="no HTML checker: scripts/test-needs fetches it"
)
def test_every_page_is_valid_html(pages: Room, posts: dict[str, int], tmp_path: Path) -> None:
    shown = [*PAGES, ("rita", "/posts/{issue}/mail")]
    browsers = {name: pages.browser(name) for name, _ in shown}
    texts = [browsers[name].get(path.format(**posts)).text for name, path in shown]
    invalid = texts[0].replace("<main", "<main id='twice'><p id='twice'></p></main><main", 1)
    for number, text in enumerate([*texts, invalid]):
        assert text.startswith("<!DOCTYPE html>"), shown[number]
        (tmp_path / f"{number}.html").write_text(text, encoding="utf-8")
    options = ["--errors-only", "--format", "json", "--exit-zero-always"]
    # The quick compiler: a short run gains nothing from the good one. The checker asks for a deeper stack.
    asked = [str(JAVA), "-XX:TieredStopAtLevel=1", "-Xss2m", "-jar", str(CHECKER), *options, str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=100, check=True)  # noqa: S603 - the W3C's checker
    said = [(int(Path(one["url"]).stem), one["message"]) for one in json.loads(done.stderr)["messages"]]
    assert [(shown[number][1], message) for number, message in said if number < len(shown)] == []
    assert any("twice" in message for _, message in said), "the page that is invalid was noticed"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_reviewer_returns_and_an_officer_sees_why(browser: Browser, pages: Room, *, scripts: bool) -> None:
    post = pages.office.post("oak", changes={"slot": f"return {scripts}"})
    with a_page(browser, pages, "rita", java_script_enabled=scripts) as page:
        page.goto(f"{pages.address}/posts/{post}")
        page.get_by_role("button", name="Save decision").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose what you decide")
        assert page.title().startswith("Error: ")
        page.get_by_label("Ask for changes").check()
        page.get_by_label("What needs to change?").fill("Say where it is")
        page.get_by_role("button", name="Save decision").click()
        expect(page.locator(".govuk-notification-banner")).to_contain_text("Returned.")
    with a_page(browser, pages, "olga", java_script_enabled=scripts) as page:
        expect(page.locator("main")).to_contain_text("Say where it is")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_demos_link_signs_in(browser: Browser, pages: Room, *, scripts: bool) -> None:
    with a_page(browser, pages, None, java_script_enabled=scripts) as page:
        sign_in(page, pages, "olga")
        expect(page.get_by_role("link", name="olga")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()


def test_a_reviewer_approves_by_keyboard_alone(browser: Browser, pages: Room) -> None:
    post = pages.office.post("oak", changes={"slot": "by keyboard"})
    with a_page(browser, pages, "rita") as page:
        page.goto(f"{pages.address}/posts/{post}")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        page.keyboard.press("Enter")
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.value") == "approve":
                break
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Save decision")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".govuk-notification-banner")).to_contain_text("Approved.")


@pytest.mark.usefixtures("posts")
def test_the_list_is_walked_and_filtered_without_scripts(browser: Browser, pages: Room) -> None:
    with a_page(browser, pages, "rita", java_script_enabled=False) as page:
        page.get_by_role("link", name="Posts", exact=True).click()
        first = page.locator(".app-post__title").first.get_attribute("href")
        page.get_by_role("link", name="Later").click()
        assert page.locator(".app-post__title").first.get_attribute("href") != first
        page.get_by_role("link", name="Earlier").click()
        assert page.locator(".app-post__title").first.get_attribute("href") == first
        page.locator("summary.app-filter__title").click()
        page.get_by_label("Published").check()
        page.get_by_role("button", name="Apply filters").click()
        assert page.locator(".app-post").count() >= 1
        assert set(page.locator(".app-post__state").all_inner_texts()) == {"Published"}
        assert re.search(r"status=published", page.url)


def test_states_are_told_in_forced_colours(browser: Browser, pages: Room, posts: dict[str, int]) -> None:
    with a_page(browser, pages, "olga", forced_colors="active") as page:
        page.goto(f"{pages.address}/posts/{posts['approved']}")
        expect(page.locator(".govuk-tag", has_text="Approved")).to_be_visible()
        assert findings(page) == []
        page.goto(f"{pages.address}/engagement")
        shown = "stroke => [getComputedStyle(stroke).stroke, getComputedStyle(document.body).color]"
        line, words = page.locator(".app-chart__line").first.evaluate(shown)
        assert line == words, "lines of a chart have the colour of words"


def test_a_page_that_went_out_of_date_says_so(browser: Browser, pages: Room) -> None:
    post = pages.office.post("oak", changes={"slot": "out of date"})
    with a_page(browser, pages, "rita") as page:
        page.goto(f"{pages.address}/posts/{post}")
        page.context.clear_cookies()
        sign_in_elsewhere = page.context.new_page()
        sign_in(sign_in_elsewhere, pages, "rita")
        page.get_by_label("Approve", exact=True).check()
        page.get_by_role("button", name="Save decision").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("This page has gone out of date")


@pytest.mark.usefixtures("posts")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_posts_from_a_file_are_seen_then_sent(browser: Browser, pages: Room, *, scripts: bool) -> None:
    line = f"Imported with scripts: {scripts}"
    rows = f"channel,account,template,at,x_line\nx,@oak,post-1,09/12/2025 09:30,{line}\n"
    file = {"name": "posts.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    with a_page(browser, pages, "olga", java_script_enabled=scripts, viewport={"width": 320, "height": 900}) as page:
        page.goto(f"{pages.address}/posts/import")
        page.get_by_label("CSV file").set_input_files([file])
        page.get_by_role("button", name="Preview the posts").click()
        expect(page.get_by_text(line)).to_be_visible()
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert findings(page) == []
        page.get_by_role("button", name="Send 1 post for review").click()
        expect(page.get_by_role("alert")).to_contain_text("1 post imported.")


def look_at(posts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page of a search look at so many posts."""
    monkeypatch.setattr(queue, "MOST", posts)
    monkeypatch.setattr(searching, "_PIECE", posts)


def searched(page: Page, room: Room, query: str) -> str:
    """Search, wait until the script is done, and return what it says of the end."""
    page.goto(f"{room.address}/posts?{query}")
    expect(page.get_by_role("status")).to_contain_text("found")
    return page.get_by_role("status").inner_text()


def titles(page: Page) -> list[str]:
    """The addresses of the posts of a list."""
    found: list[str] = page.locator(".app-post__title").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    return found


@pytest.mark.usefixtures("posts")
def test_a_search_goes_on_by_itself_until_a_page_is_full_or_nothing_is_left(
    browser: Browser, pages: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at(4, monkeypatch)
    with a_page(browser, pages, "rita") as page:
        assert searched(page, pages, "search=Families+can+ring") == "2 posts found. Nothing is left to look at."
        assert page.locator(".app-post").count() == 2
        assert page.locator("[data-further], .app-empty, nav.govuk-pagination").count() == 0
        assert page.get_by_role("link", name="(CSV)").count() == 1
        assert searched(page, pages, "search=zzz") == "0 posts found. Nothing is left to look at."
        expect(page.locator(".app-empty")).to_have_text(re.compile(r"No posts match\. Clear the filters"))
        assert page.get_by_role("link", name="(CSV)").count() == 0
        said = searched(page, pages, "search=words&within=words&partner=elm")
        shown = page.locator(".app-post").count()
        assert said == f"{shown} posts found so far. There may be more."
        assert 30 <= shown < 34
        expect(page.locator(".govuk-inset-text", has_text=f"stopped after {shown} posts")).to_be_visible()
        headings = page.locator(".app-day").evaluate_all("all => all.map(one => [one.id, one.textContent])")
        assert len({ident for ident, _ in headings}) == len({day for _, day in headings}) == len(headings) > 1
        before = titles(page)
        page.get_by_role("link", name="Search on from there").click()
        expect(page.get_by_role("status")).to_contain_text("Nothing is left to look at.")
        with pages.app.database.read() as session:
            search = read(session, "words", PostFilter(partners=("elm",)), in_words=True)
            every = search.page(session, 500, newest_first=True).page.rows
        assert [*before, *titles(page)] == [f"/posts/{row.post.id}" for row in every]
        assert findings(page) == []
    with a_page(browser, pages, "rita", java_script_enabled=False) as page:
        page.goto(f"{pages.address}/posts?search=zzz")
        page.get_by_role("link", name="Search on from there").click()
        expect(page.get_by_text("The search stopped after")).to_be_visible()


@pytest.mark.usefixtures("posts")
def test_a_search_that_comes_upon_a_full_page_leads_to_the_next_one(
    browser: Browser, pages: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at(4, monkeypatch)

    def fill(route: Route) -> None:
        look_at(40, monkeypatch)
        monkeypatch.setattr(queue, "SIZE", 8)
        route.continue_()

    with a_page(browser, pages, "rita") as page:
        page.route(re.compile("after="), fill)
        assert (
            searched(page, pages, "search=words&within=words&partner=elm")
            == "12 posts found so far. The next page has more."
        )
        before = titles(page)
        page.unroute_all()
        page.get_by_role("link", name="Earlier").click()
        expect(page.get_by_role("link", name="Later")).to_be_visible()
        assert len({*before, *titles(page)}) == 12 + 8


@pytest.mark.usefixtures("posts")
def test_a_search_that_goes_back_puts_nothing_below_what_comes_after_it(
    browser: Browser, pages: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "SIZE", 8)
    with a_page(browser, pages, "rita") as page:
        page.goto(f"{pages.address}/posts?search=words&within=words&partner=elm")
        page.get_by_role("link", name="Earlier").click()
        look_at(4, monkeypatch)
        page.get_by_role("link", name="Later").click()
        expect(page.get_by_role("link", name="Search on from there")).to_be_visible()
        assert len(titles(page)) == 4
        expect(page.get_by_role("status")).to_have_text("")


@pytest.mark.usefixtures("posts")
def test_a_search_that_cannot_go_on_says_so_and_keeps_its_way(
    browser: Browser, pages: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at(4, monkeypatch)
    with a_page(browser, pages, "rita") as page:
        page.route(re.compile("after="), lambda route: route.fulfill(status=302, headers={"location": "/sign-in"}))
        page.goto(f"{pages.address}/posts?search=zzz")
        expect(page.get_by_role("status")).to_contain_text("The search could not go on.")
        expect(page.get_by_role("link", name="Search on from there")).to_be_visible()
