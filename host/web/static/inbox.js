// The inbox: brings the page that the server made to life, and shows in it what
// happens.
import { keepWatch, onFact, onState, rests } from "./live.js";
import { say, send } from "./forms.js";
import { announce, mountNotify, seen } from "./notify.js";
import { mountKeys } from "./keys.js";
import { heard } from "./mentions.js";
import { mountMentions } from "./pickers.js";
import { onSent, quote } from "./composer.js";
import { glance, refreshRow, rowOf, startList } from "./rows.js";
import { mountTyping, typed } from "./typing.js";
import { closeThread, mount, react, openThread, refreshPanel, refreshThread, thread } from "./thread.js";

const frame = document.getElementById("inbox");
document.documentElement.classList.add("scripted");

// News, by what it is about.
onFact((fact) => {
  if (fact.kind === "typing") {
    typed(fact);
    return;
  }
  if (fact.kind === "resync") {
    heard(fact, false);
    refreshRow();
    refreshThread();
    refreshPanel();
    return;
  }
  if (fact.kind === "leads.rescored" || fact.kind === "contacts.imported") { // about all contacts, or many
    refreshRow();
    refreshPanel();
    return;
  }
  const here = thread();
  const mine = here && (fact.conversation_id === here.dataset.id || (!fact.conversation_id && fact.contact_id === here.dataset.contact));
  if (fact.kind === "member.changed") refreshThread(); // who may be given the conversation, and who is away
  heard(fact, mine && !document.hidden);
  if (mine && /^(message|conversation)\./.test(fact.kind)) refreshThread();
  if (here && fact.contact_id === here.dataset.contact && !/^message\.(status|amended)$/.test(fact.kind)) refreshPanel();
  if (/^(message|conversation|contact)\./.test(fact.kind)) {
    const came = fact.kind === "message.received";
    const looking = mine && !document.hidden;
    if (came && looking) seen(fact);
    refreshRow(fact.conversation_id, came && !looking ? () => announce(fact, rowOf(fact.conversation_id)) : undefined);
  }
});

// Who is looked at by nobody and keeps no watch still says in its title what is unread.
setInterval(() => rests() && glance(), 30_000);

onState((open) => {
  const word = document.getElementById("connection");
  word.textContent = open ? "" : frame.dataset.lost;
  word.classList.toggle("lost", !open);
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  refreshThread();
  refreshPanel();
});
onSent(async () => refreshThread());

// A click on a row or on another conversation of the contact opens it in place.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a");
  if (!link) return;
  if (link.matches(".row > a, .others a")) {
    event.preventDefault();
    go(link.getAttribute("href"));
  } else if (link.matches(".reacting")) {
    event.preventDefault();
    react(link);
  } else if (link.matches(".quoting")) {
    event.preventDefault();
    quote(link);
  } else if (link.matches(".back")) {
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    closeThread();
  } else if (link.matches(".to-panel, .panel-close")) {
    event.preventDefault();
    document.getElementById("panel").classList.toggle("shown");
  }
});

async function go(to, remember) {
  try {
    await openThread(to, remember);
    living();
    if (!matchMedia("(max-width: 48rem)").matches) document.getElementById("text")?.focus({ preventScroll: true });
  } catch {
    location.assign(to);
  }
}

addEventListener("popstate", () => {
  if (/^\/inbox\/[0-9a-f-]{36}$/.test(location.pathname)) go(location.pathname + location.search, false);
  else closeThread();
});

// Forms of the page are sent without leaving it, but for the composer's, which
// has its own way, and for what changes the list.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || !form.closest("#inbox")) return;
  event.preventDefault();
  form.closest("details.menu")?.removeAttribute("open");
  const button = event.submitter;
  try {
    button?.setAttribute("aria-disabled", "true");
    const why = await send(form, button);
    if (why) {
      say(why);
      return;
    }
    if (form.matches(".note-form, .inline")) form.reset();
    if (form.matches(".react")) form.remove();
    if (form.matches(".template form")) form.closest(".template").open = false;
    if (form.id === "bulk") for (const pick of document.querySelectorAll(".pick:checked")) pick.checked = false;
  } catch {
    say(frame.dataset.lost);
  } finally {
    button?.removeAttribute("aria-disabled");
    refreshThread();
    refreshPanel();
    refreshRow();
  }
});

// living is done for every conversation that comes onto the page.
function living() {
  mountMentions();
  mountTyping(thread());
}

startList();
mountKeys();
mountNotify();
keepWatch();
if (thread()) {
  mount();
  living();
}
