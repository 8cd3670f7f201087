// Enhancements alone: every page works without them.
import { initAll } from "./vendor/govuk-frontend.min.js";
import { passkeys } from "./passkeys.js";

initAll();
passkeys();

// On a narrow screen a filter takes the room of what it filters: it starts closed there.
for (const filter of document.querySelectorAll("details.app-filter")) {
  if (window.matchMedia("(max-width: 40.0625em)").matches) filter.open = false;
}
