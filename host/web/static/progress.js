// Work that takes a while shows how far it is, until it ended: the part of the page
// marked data-refresh is asked for every second, and the page is loaded again when
// there is no such part any more.
import { morph } from "./patch.js";

async function progress() {
  const part = document.querySelector("[data-refresh]");
  if (!part) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh]");
    if (answer.redirected || !shown) {
      location.reload();
      return;
    }
    morph(part, document.importNode(shown, true));
  } catch {
    // The next turn tries again.
  }
  setTimeout(progress, 1_000);
}
setTimeout(progress, 500);
