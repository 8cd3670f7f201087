// Enhancements alone: every page works without them.
import { initAll } from "./vendor/govuk-frontend.min.js";
import { passkeys } from "./passkeys.js";
import { searching } from "./searching.js";

initAll();
passkeys();
searching();

// A filter takes the room of what it filters: only beside that, on a wide screen, it starts open. One with an error stays.
const wide = window.matchMedia("(min-width: 61.25em)");
const unfold = () => {
  for (const filter of document.querySelectorAll("details.app-filter")) {
    if (wide.matches && filter.classList.contains("app-filter--side")) filter.open = true;
    if (!wide.matches && !filter.querySelector(".govuk-error-message")) filter.open = false;
  }
};
wide.addEventListener("change", unfold);
unfold();

// Words to copy get a button.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = document.querySelector(`[data-copied="${button.dataset.copy}"]`);
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    said.textContent = "Copied";
  });
}

// The button that approves a group says how many posts that are: those on the page that are not set aside.
for (const button of document.querySelectorAll("[data-approves]")) {
  const tell = () => {
    const aside = new Set([...button.form.querySelectorAll("[name=aside]:checked")].map((box) => box.value));
    const posts = [...button.form.querySelectorAll("[name=seen], [name=plain]")].map((field) => field.value.split("@")[0].split(":"));
    const left = posts.filter((names) => !names.some((name) => aside.has(name))).length;
    button.textContent = `Approve ${left} ${left === 1 ? "post" : "posts"}`;
  };
  button.form.addEventListener("change", tell);
  tell();
}
