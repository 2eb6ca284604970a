// The conversation that is open: swaps in another one, shows its news, and loads
// what was said before as one scrolls up.
import { mountComposer, unmountComposer } from "./composer.js";
import { morph, part, patchList, withParam, coalesce } from "./patch.js";
import { markOpen } from "./rows.js";

const opened = document.getElementById("opened");
const frame = document.getElementById("inbox");

// thread returns the section of the conversation, null when none is open.
export const thread = () => document.getElementById("thread");
const messages = () => document.getElementById("messages");
const bubbles = () => document.getElementById("bubbles");
const address = () => thread().dataset.address + thread().dataset.suffix;

let asked = 0;

// openThread shows the conversation at an address.
export async function openThread(to, remember = true) {
  const mine = ++asked;
  const fresh = await part(withParam(to, "part", "open"));
  if (mine !== asked) return;
  unmountComposer();
  opened.replaceChildren(fresh);
  frame.classList.add("has-thread");
  if (remember) history.pushState(null, "", to);
  mount();
  const row = document.getElementById("c-" + thread().dataset.id);
  if (row) {
    row.classList.remove("unread");
    row.querySelector(".badge.count")?.remove();
  }
  markOpen();
}

// closeThread goes back to the list alone.
export function closeThread() {
  asked++;
  unmountComposer();
  opened.replaceChildren();
  frame.classList.remove("has-thread");
  markOpen();
}

// refreshThread shows news of the conversation that is open.
export const refreshThread = coalesce(async () => {
  const here = thread();
  if (!here) return;
  let to = withParam(address(), "part", "live");
  if (document.hidden) to = withParam(to, "peek", "1"); // nobody reads it yet
  const fresh = (await part(to)).getElementById("thread");
  if (thread() !== here || !fresh) return;
  const end = atEnd();
  morph(document.getElementById("thread-head"), fresh.querySelector("#thread-head"));
  if (!document.querySelector("#messages > .more [href]:not(#older)")) { // not on a page of older ones
    if (joins(fresh.querySelector("#bubbles"))) show(fresh.querySelector("#bubbles"), end);
    else await anew(here);
  }
  const composer = document.getElementById("composer");
  const next = fresh.querySelector("#composer");
  if ((composer.dataset.until === undefined) !== (next.dataset.until === undefined)) {
    unmountComposer();
    composer.replaceWith(next);
    mountComposer(thread());
  } else if (next.dataset.until) {
    composer.dataset.until = next.dataset.until;
  }
});

// joins reports whether the newest messages follow on from those on the page: who
// slept may have missed more than are asked for.
function joins(fresh) {
  const known = bubbles().querySelectorAll(":scope > :not(.waiting)");
  return known.length === 0 || [...known].some((node) => fresh.querySelector("#" + CSS.escape(node.id)));
}

// anew shows a page of the newest messages in place of those on the page.
async function anew(here) {
  const fresh = await part(withParam(withParam(address(), "part", "messages"), "peek", "1"));
  if (thread() !== here) return;
  const waiting = [...bubbles().querySelectorAll(".waiting")];
  document.getElementById("older")?.closest(".more").remove();
  const older = fresh.querySelector("#older")?.closest(".more");
  if (older) messages().prepend(older);
  bubbles().replaceChildren(...fresh.querySelector("#bubbles").children, ...waiting);
  days();
  toEnd();
}

// show patches the newest messages into those on the page.
function show(fresh, end) {
  const known = new Set([...bubbles().children].map((node) => node.id));
  const news = [...fresh.children].some((node) => !known.has(node.id) && node.classList.contains("theirs"));
  messages().querySelector(":scope > .empty")?.remove();
  const waiting = [...bubbles().querySelectorAll(".waiting")];
  patchList(bubbles(), fresh, "before");
  bubbles().append(...waiting); // what is being sent stays last
  days();
  if (end) toEnd();
  else if (news) document.getElementById("below").hidden = false;
}

// refreshPanel shows news of the contact.
export const refreshPanel = coalesce(async () => {
  const here = thread();
  const panel = document.getElementById("panel");
  if (!here || !panel) return;
  let to = withParam(address(), "part", "panel");
  if (document.hidden) to = withParam(to, "peek", "1");
  const fresh = (await part(to)).getElementById("panel");
  if (thread() !== here || !fresh) return;
  fresh.classList.toggle("shown", panel.classList.contains("shown"));
  morph(panel, fresh);
});

// days takes away the names of days that stand above already.
function days() {
  let day = "";
  for (const node of bubbles().children) {
    const own = node.dataset.day;
    if (!own) continue;
    if (own === day) node.querySelector(".day")?.remove();
    day = own;
  }
}

export function atEnd() {
  const box = messages();
  return box.scrollHeight - box.scrollTop - box.clientHeight < 80;
}

export function toEnd() {
  messages().scrollTop = messages().scrollHeight;
  document.getElementById("below").hidden = true;
}

// Going back: what was said before is fetched when the link to it comes into
// sight, and what one looks at stays where it is.
function loadOlder(link) {
  link.coming ??= older(link).finally(() => delete link.coming);
  return link.coming;
}

async function older(link) {
  const here = thread();
  const fresh = await part(withParam(withParam(link.href, "part", "messages"), "peek", "1"));
  if (thread() !== here) return;
  const box = messages();
  const below = box.scrollHeight - box.scrollTop;
  bubbles().prepend(...fresh.querySelector("#bubbles").children);
  const next = fresh.querySelector("#older");
  if (next) link.href = next.href;
  else link.closest(".more").remove();
  days();
  box.scrollTop = box.scrollHeight - below;
}

// mount makes the conversation on the page come to life.
export function mount() {
  const box = messages();
  if (!box) return;
  const below = document.createElement("button");
  below.type = "button";
  below.id = "below";
  below.className = "button small below";
  below.textContent = frame.dataset.new;
  below.hidden = true;
  below.addEventListener("click", toEnd);
  thread().append(below);
  if (!location.hash.startsWith("#m-")) toEnd();
  box.addEventListener("load", () => atEnd() && toEnd(), true); // pictures make it longer
  box.addEventListener("error", gone, true);
  let end = true; // whether the newest message is in sight, also when the box changes its height
  new ResizeObserver(() => end && box.isConnected && toEnd()).observe(box);
  const further = () => {
    const older = document.getElementById("older");
    const room = box.scrollHeight - box.clientHeight < 80; // on a high screen, for more than came
    if (older && box.isConnected && (room || !atEnd()) && box.scrollTop < 300) loadOlder(older);
  };
  box.addEventListener("scroll", () => {
    end = atEnd();
    further();
    if (end) below.hidden = true;
  }, { passive: true });
  setTimeout(further);
  box.addEventListener("click", (event) => {
    const quote = event.target.closest("a.quote");
    if (!quote || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    follow(quote);
  });
  mountComposer(thread());
}

// gone says that a file is no longer there, in its place.
function gone(event) {
  const file = event.target.closest?.(".file");
  if (!file) return;
  const word = document.createElement("p");
  word.className = "file missing";
  word.textContent = frame.dataset.gone;
  file.replaceWith(word);
}

// react offers emoji beside the link to that, and takes them away again.
export function react(link) {
  const open = link.parentElement.querySelector(".react");
  document.querySelector(".react")?.remove();
  if (open) return;
  const form = document.getElementById("react-form").content.firstElementChild.cloneNode(true);
  form.elements.message.value = link.dataset.react;
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    form.remove();
    link.focus();
  });
  link.before(form);
  form.querySelector("button").focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });
}

// follow goes to the message that is quoted. What was said before comes until that
// stands there; one that is far up, or cannot be fetched, has a page that shows it.
async function follow({ hash, href }) {
  const here = thread();
  const quoted = () => bubbles().querySelector(hash);
  try {
    for (let pages = 0; pages < 5 && !quoted(); pages++) {
      const link = document.getElementById("older");
      if (!link) break;
      await loadOlder(link);
      if (thread() !== here) return;
    }
  } catch (error) {
    console.warn(error);
  }
  if (quoted()) jump(quoted());
  else location.assign(href);
}

// jump shows a message and marks it for a moment.
function jump(message) {
  message.scrollIntoView({ block: "center" });
  message.classList.add("found");
  setTimeout(() => message.classList.remove("found"), 1_500);
}
