"""What people cannot see or reach on a page, found by a script in it: words that are cut off, a focus that hides."""

from playwright.sync_api import Locator, Page, expect

_CUT_OFF = """() => {
  const hidden = ".govuk-visually-hidden, .govuk-skip-link, script, option, svg";
  const inOwnBox = (element) => {
    for (let at = element; at !== document.body; at = at.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth) return true;
    }
    return false;
  };
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(hidden);
  const lost = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
    if (!text || !seen(element) || inOwnBox(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const beside = (box) => box.width && (box.right > innerWidth + 1 || box.left < -1);
    const outside = [...range.getClientRects()].some(beside);
    if (outside) lost.push(`beside the page: ${text.slice(0, 60)}`);
  }
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element), cuts = (value) => value === "hidden" || value === "clip";
    if (element.clientWidth < 2 || !seen(element)) continue;
    const wide = cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    const tall = cuts(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
    if (wide || tall) lost.push(`cut off: ${element.outerHTML.slice(0, 90)}`);
    if (/fixed|sticky/.test(style.position) && element.offsetHeight > innerHeight / 3)
      lost.push(`covers the page: ${element.outerHTML.slice(0, 90)}`);
  }
  return lost;
}"""

_UNSEEN = """() => {
  const look = (element) => {
    const mark = element.matches("[type=radio], [type=checkbox]") ? element.nextElementSibling : null;
    return [getComputedStyle(element), ...(mark ? [getComputedStyle(mark, "::before")] : [])]
      .map((style) => [style.outline, style.boxShadow, style.border, style.backgroundColor].join())
      .join();
  };
  const asked = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const unseen = [];
  for (const element of document.querySelectorAll(asked)) {
    if (element.tabIndex < 0 || element.disabled || !element.checkVisibility({ visibilityProperty: true })) continue;
    const named = element.outerHTML.slice(0, 90), before = look(element);
    if (element.tabIndex > 0) unseen.push(`out of its order: ${named}`);
    element.focus({ focusVisible: true });
    if (document.activeElement !== element) unseen.push(`takes no focus: ${named}`);
    if (look(element) === before) unseen.push(`does not show its focus: ${named}`);
    const box = element.getBoundingClientRect();
    if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth)
      unseen.push(`out of sight: ${named}`);
    element.blur();
  }
  return unseen;
}"""


def tab_to(wanted: Locator) -> None:
    """Press the Tab key until something has the focus, which is in sight then."""
    expect(wanted).to_be_attached()
    for _ in range(150):
        wanted.page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            expect(wanted).to_be_in_viewport()
            return
    raise AssertionError("the Tab key does not reach it")


def cut_off(page: Page) -> list[str]:
    """Return words beside the page or cut off, but for what scrolls in a box of its own, and what covers the page."""
    return list(page.evaluate(_CUT_OFF))


def unseen(page: Page) -> list[str]:
    """Return what the keyboard does not reach, reaches out of order, or reaches without its showing."""
    return list(page.evaluate(_UNSEEN))
