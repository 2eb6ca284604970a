// Keys, as the list of them says that "?" shows.

const rows = () => [...document.querySelectorAll(".row > a")];

// step moves the focus along the list, from where it is or from what is open.
function step(by) {
  const all = rows();
  const now = all.findIndex((row) => row === document.activeElement) + 1 || all.findIndex((row) => row.hasAttribute("aria-current")) + 1;
  const next = all[Math.min(Math.max(now - 1 + by, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function menu(id) {
  const box = document.getElementById(id);
  if (!box) return;
  box.open = true;
  box.querySelector("form button")?.focus();
}

function focus(id) {
  const field = document.getElementById(id);
  if (!field) return;
  field.closest(".panel")?.classList.add("shown");
  field.focus();
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement.closest(".row")?.querySelector(".pick").click(),
  r: () => focus("text"),
  n: () => focus("note"),
  a: () => menu("assign-menu"),
  s: () => menu("snooze-menu"),
  e: () => document.querySelector("#resolve button")?.click(),
  "/": () => focus("q"),
  "?": () => document.getElementById("keys").showModal(),
};

// leave closes what is open, or takes the focus out of a field.
function leave() {
  const open = document.querySelector("details.menu[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
    return;
  }
  document.querySelector(".panel.shown")?.classList.remove("shown");
  if (document.activeElement.matches("input, textarea, select")) {
    document.activeElement.blur();
    document.querySelector(".row > a[aria-current]")?.focus();
  }
}

export function mountKeys() {
  const button = document.getElementById("keys-open");
  button.hidden = false;
  button.addEventListener("click", keys["?"]);
  document.getElementById("keys-close").addEventListener("click", () => document.getElementById("keys").close());
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") leave();
    else if (keys[event.key] && !event.target.matches("input:not([type=checkbox]), textarea, select")) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  });
}
