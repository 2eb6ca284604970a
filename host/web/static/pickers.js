// What the composer offers to choose from: emoji, canned replies after a slash,
// templates, and colleagues after an @ in a note.
import { api } from "./api.js";
import { part, withParam } from "./patch.js";

const frame = document.getElementById("inbox");
const emoji = "😀 😃 😄 😁 😆 😅 🤣 😂 🙂 😉 😊 😇 🥰 😍 🤩 😘 😋 😜 🤗 🤔 🤫 😐 🙄 😏 😬 😌 😔 😴 🤒 🥳 😎 🤓 😕 😮 😢 😭 😤 😡 👍 👎 👌 ✌️ 🤞 🤝 👏 🙌 🙏 💪 👋 👉 👆 👇 ❤️ 🧡 💛 💚 💙 💜 💔 💯 🔥 ✨ 🎉 🎁 🏆 ✅ ❌ ❓ ❗ ⚠️ ⏰ 📅 📌 📎 📄 📝 📚 🎓 💻 📱 📞 📧 💬 📍 🏠 🏫 🏢 ✈️ 🚗 🛵 🛒 💰 💳 🧾 📦 ☕ 🍜 🌟 🌈 ☀️ 🌧️ 🇮🇩";
let replies = null; // the canned ones, once asked for

export function mountPickers(form, section) {
  const field = form.elements.text;
  mountEmoji(field);
  mountMenu(field, document.getElementById("canned"), canned, (reply) => reply.body);
  const link = document.getElementById("templates-open");
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const open = document.getElementById("templates");
    if (open) {
      open.remove();
      return;
    }
    try {
      const fresh = await part(withParam(link.href, "part", "templates"));
      if (section.isConnected) section.querySelector(".composer").append(fresh);
      document.getElementById("templates")?.querySelector("summary")?.focus();
    } catch {
      location.assign(link.href);
    }
  });
}

export function closePickers() {
  for (const id of ["emoji", "canned", "mentions"]) {
    const box = document.getElementById(id);
    if (box) box.hidden = true;
  }
  document.getElementById("emoji-open")?.setAttribute("aria-expanded", "false");
}

function mountEmoji(field) {
  const box = document.getElementById("emoji");
  const open = document.getElementById("emoji-open");
  open.addEventListener("click", () => {
    box.hidden = !box.hidden;
    open.setAttribute("aria-expanded", String(!box.hidden));
    if (box.childElementCount === 0) {
      for (const sign of emoji.split(" ")) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = sign;
        box.append(button);
      }
    }
    if (!box.hidden) box.firstElementChild.focus();
  });
  box.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) insert(field, button.textContent);
  });
}

function insert(field, text) {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

// canned returns the replies that a text which begins with a slash asks for.
async function canned(text) {
  const asked = /^\/(\S*)$/.exec(text);
  if (!asked) return null;
  replies ??= api("GET", "/api/canned-replies").then((page) => page.data, () => []);
  const word = asked[1].toLowerCase();
  const found = (await replies).filter((reply) => (reply.shortcut + " " + reply.body).toLowerCase().includes(word));
  return found.map((reply) => ({ label: "/" + reply.shortcut, about: reply.body, body: reply.body, from: 0 }));
}

// mentions returns the colleagues that an @ at the end of a text asks for.
async function mentions(text) {
  const asked = /(?:^|\s)@([^@\n]{0,30})$/.exec(text);
  if (!asked) return null;
  const names = [...document.querySelectorAll("#assign-menu [dir]")].map((node) => node.textContent);
  const word = asked[1].toLowerCase();
  const from = text.length - asked[1].length - 1;
  return names.filter((name) => name.toLowerCase().startsWith(word) && name.toLowerCase() !== word.trim()).map((name) => ({ label: "@" + name, about: "", body: "@" + name + " ", from }));
}

// mountMentions offers colleagues in the note's field.
export function mountMentions() {
  const field = document.getElementById("note");
  if (field) mountMenu(field, document.getElementById("mentions"), mentions, (choice) => choice.body, false);
}

// mountMenu shows below a field what find returns for the text before the cursor,
// to be chosen by arrow, Enter or pointer.
function mountMenu(field, box, find, body, saysNone = true) {
  let choices = [];
  let at = 0;
  const mark = () => [...box.children].forEach((node, i) => {
    node.setAttribute("aria-selected", String(i === at));
    if (i === at) node.scrollIntoView({ block: "nearest" });
  });
  const take = (i) => {
    const choice = choices[i];
    box.hidden = true;
    if (!choice) return;
    field.setRangeText(body(choice), choice.from, field.selectionStart, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  };
  field.addEventListener("input", async () => {
    const before = field.value.slice(0, field.selectionStart);
    const found = await find(before);
    if (before !== field.value.slice(0, field.selectionStart)) return;
    choices = found || [];
    at = 0;
    box.hidden = !found || (!saysNone && choices.length === 0);
    box.replaceChildren(...choices.map(option));
    if (found && choices.length === 0) box.append(option({ label: frame.dataset.canned, about: "" }));
    mark();
  });
  field.addEventListener("keydown", (event) => {
    if (box.hidden || choices.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) at = (at + step + choices.length) % choices.length;
    else if (event.key === "Enter" || event.key === "Tab") take(at);
    else if (event.key === "Escape") box.hidden = true;
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    mark();
  }, true);
  box.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the focus
    take([...box.children].indexOf(event.target.closest("li")));
  });
}

function option({ label, about }) {
  const item = document.createElement("li");
  item.setAttribute("role", "option");
  const name = document.createElement("span");
  name.textContent = label;
  item.append(name);
  if (about) {
    const more = document.createElement("small");
    more.textContent = about;
    item.append(more);
  }
  return item;
}
