// A search looks at a bounded number of posts a page. Here the pages after it are fetched, one after the other, until
// there is a page full of finds or nothing is left to look at. What stands on the page stays: the ways on are changed
// once, at the end.
const FULL = 30; // posts
const PAGES = 100;
const PATIENCE = 15000; // milliseconds

export const searching = () => {
  const list = document.querySelector("[data-list]");
  if (list?.querySelector("[data-further]")) goOn(list);
};

const goOn = async (list) => {
  const found = list.querySelector("[data-found]");
  const told = list.querySelector("[data-told]");
  let [rest, failed, pages] = [list.querySelector("[data-rest]"), false, 1];
  told.textContent = "Looking further…";
  while (furtherIn(rest) && postsIn(found) < FULL && pages < PAGES) {
    const next = await listAt(furtherIn(rest).href);
    failed = !next;
    if (failed) break;
    for (const day of next.querySelectorAll("[data-found] > section")) add(found, day);
    rest = next.querySelector("[data-rest]");
    pages += 1;
  }
  finish(list, rest, pages);
  told.textContent = failed ? "The search could not go on. Choose “Search on from there” to try again." : outcome(list, rest);
};

const furtherIn = (rest) => rest.querySelector("[data-further]");

const postsIn = (found) => found.querySelectorAll(".app-post").length;

const listAt = async (address) => {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok || answer.redirected) return null; // signed out meanwhile, for one
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-list]");
  } catch {
    return null;
  }
};

const add = (found, day) => {
  found.querySelector(".app-empty")?.remove();
  const last = found.lastElementChild;
  const heading = day.querySelector("h2");
  if (last?.querySelector("h2")?.textContent === heading.textContent) {
    last.querySelector("ol").append(...day.querySelector("ol").children);
    return;
  }
  heading.id = `day-${found.children.length + 1}`;
  day.setAttribute("aria-labelledby", heading.id);
  found.append(day);
};

// The way back is that of the first page, the ways on are those of the last.
const finish = (list, rest, pages) => {
  const first = list.querySelector("[data-rest]");
  const focused = first.contains(document.activeElement);
  if (rest !== first) {
    const back = first.querySelector(".govuk-pagination__prev");
    rest.querySelector(".govuk-pagination__prev")?.remove();
    const ways = rest.querySelector("nav") ?? (back && first.querySelector("nav").cloneNode(false));
    if (back) ways.prepend(back);
    if (ways && !ways.querySelector("a")) ways.remove();
    else if (ways && !ways.parentElement) rest.append(ways);
    first.replaceWith(rest);
  }
  const looked = rest.querySelector("[data-looked]");
  if (looked) looked.textContent = (pages * Number(looked.dataset.looked)).toLocaleString("en-GB");
  const empty = list.querySelector(".app-empty");
  if (empty && !looked) {
    empty.querySelector("[data-so-far]")?.remove();
    empty.querySelector("[hidden]")?.removeAttribute("hidden");
    list.querySelector("[data-files]")?.remove();
  }
  if (focused) list.querySelector("[data-told]").focus();
};

const outcome = (list, rest) => {
  const count = postsIn(list.querySelector("[data-found]"));
  const posts = `${count} ${count === 1 ? "post" : "posts"} found`;
  if (furtherIn(rest)) return `${posts} so far. There may be more.`;
  if (rest.querySelector(".govuk-pagination__next")) return `${posts} so far. The next page has more.`;
  return `${posts}. Nothing is left to look at.`;
};
