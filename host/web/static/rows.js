// The list of conversations: shows news, goes on as one scrolls, and is narrowed
// without leaving what is open.
import { coalesce, morph, part, patchList, withParam } from "./patch.js";

const rows = document.getElementById("rows");
const title = document.title;
let touched = new Set(); // conversations with news
let all = false; // somebody missed news: everything is to be asked for again
let after = []; // to be called once the news is shown

const list = () => rows.querySelector(".conversations");
const address = () => list().dataset.address || "/inbox";

// rowOf returns the row of a conversation, if the list has it.
export const rowOf = (id) => document.getElementById("c-" + id);

// refreshRow shows news of a conversation; without an id, all there may be. done
// is called when that is on the page.
export function refreshRow(id, done) {
  if (id) touched.add(id);
  else all = true;
  if (done) after.push(done);
  refresh();
}

// glance shows the newest rows again, when nobody said what has changed.
export const glance = () => refresh();

const refresh = coalesce(async () => {
  const ids = touched;
  const done = after;
  touched = new Set();
  after = [];
  const fresh = await part(withParam(address(), "part", "rows"));
  const more = fresh.querySelector(".more") !== null;
  const first = fresh.querySelector(".conversations");
  const here = new Set([...first.children].map((row) => row.id));
  const loaded = list().children.length;
  markOpen(first);
  patchList(list(), first, more && !all);
  if (!more || all) replaceRest(fresh);
  all = false;
  const below = [...ids].filter((id) => !here.has("c-" + id) && rowOf(id));
  if (below.length > 8 && loaded > here.size) refreshRow();
  else await Promise.all(below.map(refreshBelow));
  count();
  for (const tell of done) tell();
}, 250);

// refreshBelow shows a row again that is not among the first.
async function refreshBelow(id) {
  const search = new URL(address(), location.href).search;
  const fresh = await part(`/inbox/${id}/row${search}`);
  const row = fresh.querySelector(".row");
  markOpen(fresh);
  if (row) morph(rowOf(id), row);
  else rowOf(id)?.remove();
}

// replaceRest takes over what stands below the rows.
function replaceRest(fresh) {
  rows.querySelectorAll(".more, .empty").forEach((node) => node.remove());
  rows.append(...fresh.querySelectorAll(".more, .empty"));
  watch();
}

// markOpen marks the conversation that is open, as the server does for a page.
export function markOpen(within = rows) {
  const open = document.getElementById("thread")?.dataset.id;
  for (const row of within.querySelectorAll(".row")) {
    const here = open !== undefined && row.id === "c-" + open;
    row.classList.toggle("open", here);
    row.querySelector("a").toggleAttribute("aria-current", here);
    if (here) row.querySelector("a").setAttribute("aria-current", "true");
  }
}

// count says in the title how many conversations have something unread.
export function count() {
  const unread = rows.querySelectorAll(".row.unread").length;
  const more = unread > 0 && rows.querySelector(".more") ? "+" : "";
  document.title = unread ? `(${unread}${more}) ${title}` : title;
}

// Going on: the next page is fetched when its link comes into sight.
const sight = new IntersectionObserver(async (entries) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  const link = rows.querySelector(".more a");
  if (!link || link.dataset.busy) return;
  link.dataset.busy = "true";
  try {
    const fresh = await part(withParam(link.href, "part", "rows"));
    for (const row of [...fresh.querySelectorAll(".row")]) if (!document.getElementById(row.id)) list().append(row);
    replaceRest(fresh);
    markOpen();
    count();
  } catch {
    delete link.dataset.busy; // the link still leads there
  }
}, { root: rows, rootMargin: "400px" });

function watch() {
  sight.disconnect();
  const more = rows.querySelector(".more");
  if (more) sight.observe(more);
}

// narrow shows another list: its head too, but for what is being typed.
let asked = 0;
export async function narrow(to) {
  const mine = ++asked;
  const fresh = await part(withParam(to, "part", "list"));
  if (mine !== asked) return; // somebody typed on
  const section = fresh.querySelector(".list");
  const next = section.querySelector("#rows");
  morph(document.querySelector(".list-head .tabs"), section.querySelector(".tabs"));
  morph(document.querySelector(".filters > summary"), section.querySelector(".filters > summary"));
  document.getElementById("bulk")?.setAttribute("action", section.querySelector("#bulk").getAttribute("action"));
  document.querySelector('#narrow [name="status"]')?.setAttribute("value", section.querySelector('#narrow [name="status"]').value);
  rows.replaceChildren(...next.childNodes);
  rows.scrollTop = 0;
  markOpen();
  watch();
  count();
  const open = document.getElementById("thread")?.dataset.address;
  history.replaceState(history.state, "", (open || "/inbox") + new URL(address(), location.href).search);
}

function chosen(form) {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) values.append(name, value);
  return "/inbox?" + values;
}

let typing = 0;
export function startList() {
  const form = document.getElementById("narrow");
  form.addEventListener("input", (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => narrow(chosen(form)).catch(() => form.submit()), event.target.id === "q" ? 250 : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    form.querySelector("details").open = false;
    narrow(chosen(form)).catch(() => form.submit());
  });
  document.querySelector(".list-head .tabs").addEventListener("click", (event) => {
    const tab = event.target.closest("a");
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    narrow(tab.href).catch(() => location.assign(tab.href));
  });
  rows.addEventListener("change", picked);
  watch();
  count();
}

function picked() {
  document.getElementById("picked").textContent = rows.querySelectorAll(".pick:checked").length;
}
