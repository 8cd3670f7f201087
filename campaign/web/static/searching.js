// A search looks at a bounded number of posts a page. Here the pages after it are fetched, one after the other, until
// there is a page full of finds or nothing is left to look at. What fails leaves the link there to press.
const FULL = 30; // posts
const PAGES = 100;
const PATIENCE = 15000; // milliseconds

export const searching = () => {
  const list = document.querySelector("[data-list]");
  if (list?.querySelector("[data-further]")) goOn(list);
};

const goOn = async (list) => {
  const told = list.querySelector("[data-told]");
  for (let page = 0; page < PAGES; page += 1) {
    const further = list.querySelector("[data-further]");
    if (!further || list.querySelectorAll(".app-post").length >= FULL) break;
    told.textContent = "Looking further…";
    const next = await listAt(further.href);
    if (!next) break;
    take(list, next);
  }
  told.textContent = list.querySelector("[data-further]") ? "" : "Every post was looked at.";
};

const listAt = async (address) => {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-list]");
  } catch {
    return null;
  }
};

const take = (list, next) => {
  const found = list.querySelector("[data-found]");
  const days = next.querySelectorAll("[data-found] > section");
  if (days.length || !next.querySelector("[data-further]")) found.querySelector(".app-empty")?.remove();
  for (const day of days) add(found, day);
  if (!found.children.length) found.append(...next.querySelector("[data-found]").children);
  next.querySelector(".govuk-pagination__prev")?.remove(); // leads to what stands above by now
  list.querySelector("[data-rest]").replaceWith(next.querySelector("[data-rest]"));
};

const add = (found, day) => {
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
