// Writing: sends without waiting and tells the truth after, keeps what is not
// sent yet, quotes, counts the window down.
import { closePickers, mountPickers } from "./pickers.js";
import { clearFiles, mountFiles, takeFiles } from "./files.js";
import { post } from "./forms.js";

const frame = document.getElementById("inbox");
let here = null; // the section of the conversation
let sent = () => {}; // called when the server has a message
let clock = 0;
let line = Promise.resolve(); // messages go out one after the other, in their order

const field = () => document.getElementById("text");
const key = (id) => "draft:" + id;

// onSent names who is told that the server took a message on.
export function onSent(tell) {
  sent = tell;
}

export function unmountComposer() {
  clearInterval(clock);
  clearFiles();
  here = null;
}

// mountComposer makes the form of a conversation send by itself.
export function mountComposer(section) {
  here = section;
  const form = document.getElementById("reply");
  document.getElementById("composer").addEventListener("input", preview);
  if (!form) return;
  form.querySelector(".tools").hidden = false;
  restore();
  field().addEventListener("input", keep);
  field().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
  document.querySelector("#quoted a").addEventListener("click", (event) => {
    event.preventDefault();
    quote();
  });
  mountPickers(form, section);
  mountFiles(form, section, document.getElementById("composer"));
  field().required = false; // a file needs no words
  countDown();
  clock = setInterval(countDown, 15_000);
}

// A draft is kept in this browser until it is sent.
function restore() {
  const draft = read(key(here.dataset.id));
  if (draft && !field().value) field().value = draft;
}

function keep() {
  try {
    if (field().value) localStorage.setItem(key(here.dataset.id), field().value);
    else localStorage.removeItem(key(here.dataset.id));
  } catch {
    // A browser may refuse to keep anything.
  }
}

function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

// quote shows which message is answered; without one, none is.
export function quote(link) {
  const form = document.getElementById("reply");
  if (!form) return;
  const box = document.getElementById("quoted");
  form.elements.reply_to.value = link?.dataset.quote || "";
  box.hidden = !link;
  box.querySelector("strong").textContent = link?.dataset.author || "";
  box.querySelector("span").textContent = link?.dataset.text || "";
  field().focus();
}

function fresh() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// submit sends what is written, with the files first.
function submit(form) {
  const text = field().value.trim();
  const files = takeFiles();
  if (!text && files.length === 0) return;
  const common = { csrf: form.elements.csrf.value, reply_to: form.elements.reply_to.value };
  const quoted = document.getElementById("quoted");
  const answering = quoted.hidden ? null : quoted.querySelector(".quote").cloneNode(true);
  const captioned = files.length === 1 && text && files[0].captioned;
  files.forEach((file, i) => {
    const caption = captioned ? text : "";
    dispatch({ action: form.action, shown: file.name + (caption ? "\n" + caption : ""), answering: i === 0 ? answering : null,
      fields: async () => ({ ...common, nonce: file.nonce, text: caption, ...(await file.uploaded) }) });
  });
  if (text && !captioned) {
    const nonce = fresh();
    dispatch({ action: form.action, shown: text, answering: files.length ? null : answering, fields: async () => ({ ...common, nonce, text }) });
  }
  field().value = "";
  keep();
  quote();
  closePickers();
}

// dispatch shows a message as being sent, and sends it when those before it are.
// Trying again uses the same nonce: the server takes it on once.
function dispatch(message) {
  const bubble = waiting(message);
  const section = here;
  document.querySelector("#messages > .empty")?.remove();
  document.getElementById("bubbles").append(bubble);
  bubble.scrollIntoView({ block: "end" });
  const attempt = () => {
    state(bubble, frame.dataset.sending, false);
    line = line.then(() => go(message, bubble, section, attempt));
  };
  attempt();
}

async function go(message, bubble, section, attempt) {
  let why;
  try {
    why = await post(message.action, await message.fields());
  } catch (error) {
    why = error.detail || frame.dataset.lost;
  }
  if (why === "") {
    await sent(section.dataset.id);
    bubble.remove();
    return;
  }
  state(bubble, `${frame.dataset.failed} ${why}`, true, attempt);
}

// waiting is a message that the server does not have yet.
function waiting({ shown, answering }) {
  const item = document.createElement("li");
  item.className = "message mine first waiting";
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  const text = document.createElement("p");
  text.className = "text";
  text.dir = "auto";
  text.textContent = shown;
  const foot = document.createElement("p");
  foot.className = "foot meta";
  bubble.append(...(answering ? [answering] : []), text, foot);
  item.append(bubble);
  return item;
}

function state(bubble, words, failed, attempt) {
  const foot = bubble.querySelector(".foot");
  foot.className = failed ? "foot trouble" : "foot meta";
  foot.setAttribute("role", failed ? "alert" : "status");
  foot.textContent = words;
  bubble.querySelectorAll(".button").forEach((button) => button.remove());
  if (!failed) return;
  const button = (label, press) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button small";
    made.textContent = label;
    made.addEventListener("click", press);
    return made;
  };
  bubble.querySelector(".bubble").append(button(frame.dataset.retry, attempt), button(frame.dataset.discard, () => bubble.remove()));
}

// countDown says for how long one may still write freely.
function countDown() {
  const until = document.getElementById("composer")?.dataset.until;
  const label = document.getElementById("window");
  if (!until || !label) return;
  const left = Math.floor((Date.parse(until) - Date.now()) / 60_000);
  if (left < 0) {
    label.textContent = frame.dataset.closed;
    clearInterval(clock);
    sent(here.dataset.id); // the server says what may be sent now
    return;
  }
  const unit = (n, of) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: of, unitDisplay: "short" }).format(n);
  const words = left >= 60 ? unit(Math.floor(left / 60), "hour") + " " + unit(left % 60, "minute") : unit(left, "minute");
  label.textContent = frame.dataset.closes.replace("%s", words);
  label.classList.toggle("late", left < 60);
}

// preview shows in a template what is being filled in.
function preview(event) {
  const form = event.target.closest(".template form");
  if (!form) return;
  for (const mark of form.querySelectorAll("[data-field]")) {
    if (mark.dataset.field === event.target.name) mark.textContent = event.target.value || `{{${event.target.name.split(".")[1]}}}`;
  }
}
