// Makes the pages about contacts faster: editing in the table, moving on the
// board, an import that shows how far it is. All of it works without this too.

import { api } from "./api.js";
import { onFact } from "./live.js";
import { heard } from "./mentions.js";
import { coalesce, morph, patience, withParam } from "./patch.js";
import "./progress.js";

const list = document.querySelector(".leads");
const said = list?.querySelector("[data-said]");
const say = (text) => { if (said) said.textContent = text; };

// A choice that only changes what is shown is sent at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// One menu at a time, closed by Escape and by a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// fresh asks for this page again, or another, as a document.
async function fresh(address = location.href) {
  if (document.hidden) address = withParam(address, "peek", "1"); // nobody reads it yet
  const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(patience) });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Choosing rows.

const all = document.querySelector("[data-all]");
const picks = () => [...document.querySelectorAll("input[form=bulk]")];
function counted() {
  const n = picks().filter((pick) => pick.checked).length;
  const count = document.querySelector(".leads-bulk [data-count]");
  if (count) count.textContent = n ? `(${n})` : "";
  if (all) {
    all.checked = n > 0 && n === picks().length;
    all.indeterminate = n > 0 && !all.checked;
  }
  if (n) say(`${n} ${list.dataset.chosen}`);
}
if (all) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const pick of picks()) pick.checked = all.checked;
    counted();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[form=bulk]")) counted();
  });
}

// Editing a row in the table.

const heads = () => [...document.querySelectorAll(".leads-table thead th[data-edit]")];
const cellOf = (row, column) => [...row.children].find((cell) => cell.dataset.column === column);

// control returns the editor of a column with a cell's value.
function control(head, value) {
  if (head.dataset.edit !== "choice") {
    const input = document.createElement("input");
    input.type = head.dataset.edit;
    if (input.type === "number") input.step = "any";
    input.value = value;
    return input;
  }
  const select = document.createElement("select");
  if (head.dataset.column !== "lead_status") select.add(new Option("", ""));
  const choices = JSON.parse(head.dataset.choices);
  if (value && !choices.some(([v]) => v === value)) choices.push([value, value]);
  for (const [v, label] of choices) select.add(new Option(label, v, false, v === value));
  return select;
}

function edit(row, column) {
  if (row.classList.contains("editing")) return;
  row.classList.add("editing");
  row.before = [...row.children].map((cell) => [...cell.childNodes]);
  for (const head of heads()) {
    const cell = cellOf(row, head.dataset.column);
    const input = control(head, cell.dataset.value);
    input.setAttribute("aria-label", head.textContent.trim());
    cell.replaceChildren(input);
  }
  const last = row.lastElementChild;
  last.replaceChildren(button(list.dataset.save, "primary", () => save(row)), button(list.dataset.cancel, "quiet", () => leave(row)));
  (cellOf(row, column) || row).querySelector("input:not([type=checkbox]), select")?.focus();
}

function button(label, kind, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `button small ${kind}`;
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}

function leave(row) {
  row.classList.remove("editing", "failed");
  [...row.children].forEach((cell, i) => cell.replaceChildren(...row.before[i]));
  row.querySelector("[data-row-edit]")?.focus();
}

// changes returns what was changed in a row, as the API takes it.
function changes(row) {
  const patch = {};
  for (const head of heads()) {
    const column = head.dataset.column;
    const cell = cellOf(row, column);
    const value = cell.querySelector("input, select").value.trim();
    if (value === cell.dataset.value) continue;
    if (column.startsWith("fields.")) {
      patch.fields = { ...patch.fields, [column.slice("fields.".length)]: value || null };
    } else {
      patch[column] = value;
    }
  }
  return patch;
}

async function save(row) {
  const patch = changes(row);
  try {
    if (Object.keys(patch).length) await api("PATCH", `/api/contacts/${row.dataset.id}`, patch);
  } catch (problem) {
    row.classList.add("failed");
    say(`${list.dataset.failed} ${problem.detail || ""}`);
    row.querySelector("input:not([type=checkbox]), select")?.focus();
    return;
  }
  leave(row);
  if (!Object.keys(patch).length) return;
  try {
    const shown = (await fresh()).getElementById(row.id);
    if (!shown) { // it fits the list no more
      row.remove();
      return;
    }
    const made = document.importNode(shown, true);
    row.replaceWith(made);
    made.querySelector("[data-row-edit]")?.focus();
  } catch {
    location.reload();
  }
}

document.querySelector(".leads-table")?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-row-edit]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  edit(link.closest("tr"));
});
document.querySelector(".leads-table")?.addEventListener("dblclick", (event) => {
  const cell = event.target.closest("tbody [data-column]");
  const row = cell?.closest("tr");
  if (!row?.querySelector("[data-row-edit]")) return;
  if (heads().some((head) => head.dataset.column === cell.dataset.column)) edit(row, cell.dataset.column);
});
document.querySelector(".leads-table")?.addEventListener("keydown", (event) => {
  const row = event.target.closest("tr.editing");
  if (!row || !event.target.matches("input, select")) return;
  if (event.key === "Escape") leave(row);
  if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    save(row);
  }
});

// Moving on the board. The card moves at once, and back if that is refused.

let moving = null; // what is dragged
let asked = 0; // moves that the host has not answered
async function move(card, column) {
  const from = card.closest(".board-column");
  if (from === column) return;
  const next = card.nextElementSibling;
  place(card, column, null);
  asked++; // news would take the card from its place while the host thinks
  try {
    await api("PATCH", `/api/contacts/${card.dataset.id}`, { lead_status: column.dataset.stage });
  } catch {
    place(card, from, next);
    card.classList.add("failed");
    say(list.dataset.failed);
    return;
  } finally {
    asked--;
    settled();
  }
  card.classList.remove("failed");
  for (const choice of card.querySelectorAll("[name=lead_status]")) choice.disabled = choice.value === column.dataset.stage;
  say(`${list.dataset.moved}: ${column.querySelector("h2 span").textContent}`);
}

// place puts a card into a column, before another or first, and counts anew.
function place(card, column, before) {
  const from = card.closest(".board-column");
  const cards = column.querySelector(".board-cards");
  cards.insertBefore(card, before && before.parentNode === cards ? before : cards.firstChild);
  for (const one of [from, column]) {
    const count = one.querySelector("h2 [data-count]");
    const more = count.textContent.endsWith("+") ? "+" : "";
    count.textContent = one.querySelectorAll(".board-card").length + more;
    one.querySelector(".empty")?.toggleAttribute("hidden", one.querySelector(".board-card") !== null);
  }
}

const board = document.querySelector(".board");
board?.addEventListener("dragstart", (event) => {
  moving = event.target.closest(".board-card");
  moving?.classList.add("moving");
  event.dataTransfer.effectAllowed = "move";
});
board?.addEventListener("dragend", () => {
  moving?.classList.remove("moving");
  for (const column of board.querySelectorAll(".over")) column.classList.remove("over");
  moving = null;
  settled();
});
board?.addEventListener("dragover", (event) => {
  const column = event.target.closest(".board-column");
  if (!moving || !column) return;
  event.preventDefault();
  for (const other of board.querySelectorAll(".over")) if (other !== column) other.classList.remove("over");
  column.classList.add("over");
});
board?.addEventListener("drop", (event) => {
  const column = event.target.closest(".board-column");
  if (!moving || !column) return;
  event.preventDefault();
  move(moving, column);
});
board?.addEventListener("submit", (event) => {
  const card = event.target.closest(".board-card");
  if (!card || !event.submitter) return;
  event.preventDefault();
  const menu = event.target.closest("details");
  menu.open = false;
  const column = [...board.querySelectorAll(".board-column")].find((one) => one.dataset.stage === event.submitter.value);
  if (!column) { // only one column is shown
    event.target.requestSubmit(event.submitter);
    return;
  }
  move(card, column).then(() => menu.querySelector("summary").focus());
});

// More cards come into the column that asks for them.
board?.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-more]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const column = link.closest(".board-column");
  try {
    const page = await fresh(link.href);
    const shown = page.querySelector(".board-column");
    const cards = [...shown.querySelectorAll(".board-card")].map((card) => document.importNode(card, true));
    column.querySelector(".board-cards").append(...cards);
    column.dataset.grown = ""; // news would make it short again
    const next = shown.querySelector("[data-more]");
    if (next) link.href = next.getAttribute("href");
    else link.parentElement.remove();
    column.querySelector("h2 [data-count]").textContent = column.querySelectorAll(".board-card").length + (next ? "+" : "");
    cards[0]?.querySelector("a")?.focus();
  } catch {
    location.assign(link.href);
  }
});

// News: the parts marked data-live become what the server shows now when something
// happened that may be in them. What somebody is working on is left alone, and
// the order of the table stays as it was read.

const about = document.querySelector("[data-contact]")?.dataset.contact; // the page is about one contact
const told = /^(contact|contacts|leads|note|task|tag|message|conversation)\./;
const many = /^(contacts|leads)\./; // named in no fact by itself

let missed = false; // news while cards moved
const look = coalesce(async () => {
  const page = await fresh();
  missed = moving !== null || asked > 0;
  if (missed) return;
  for (const old of document.querySelectorAll("[data-live]")) {
    const shown = page.getElementById(old.id);
    if (shown && !busy(old)) morph(old, document.importNode(shown, true));
  }
}, 300);

const busy = (part) => part.classList.contains("editing") || part.dataset.grown !== undefined;

function settled() {
  if (missed && moving === null && asked === 0) look();
}

document.addEventListener("visibilitychange", () => {
  if (about && !document.hidden) look(); // what came meanwhile is seen now
});
if (document.body.dataset.seq) onFact((fact) => {
  heard(fact, about && fact.contact_id === about && !document.hidden);
  if (fact.kind === "resync" || (told.test(fact.kind) && (!about || many.test(fact.kind) || fact.contact_id === about))) look();
});
