// The stream of what happens in the workspace, one for a tab that is looked at and for
// the one that keeps watch: a browser opens six connections to a host, and the page of a
// tab beyond would never come. It resumes after the last fact it gave: by itself when
// the connection breaks, when somebody looks again, and by force when the computer
// slept, in which time a connection dies without a word.

const kinds = [
  "message.received", "message.created", "message.status", "message.amended",
  "conversation.created", "conversation.changed",
  "contact.created", "contact.changed", "contact.duplicate", "contact.merged", "contact.parted", "contact.erased", "contacts.imported", "leads.rescored",
  "note.created", "mention.seen", "member.changed", "task.changed", "tag.changed", "field.changed", "pipeline.changed", "template.changed", "channel.changed",
  "typing", "resync",
];
const facts = new Set();
const states = new Set();
const asleep = 45_000; // a clock that stood still for so long
const rest = 3_000; // after nobody looks any more; who goes to and fro keeps its stream
let source = null; // null: the tab rests
let wanted = false;
let watches = false;
let tired = 0;
let last = document.querySelector("[data-seq]")?.dataset.seq || ""; // the last fact, at first what the page says it shows
let wait = 1_000;
let retry = 0;
let seen = Date.now();

// onFact calls handler with every fact from now on. A fact of kind "resync" says
// that some were missed: what is shown is to be loaded again.
export function onFact(handler) {
  facts.add(handler);
  wanted = true;
  attend();
}

// onState calls handler with true when the stream is open and with false when it
// is not.
export function onState(handler) {
  states.add(handler);
}

// keepWatch has this tab keep its stream while nobody looks, unless another tab of the
// browser does; then it is the next. Where a browser cannot tell them apart, which it
// can only on a safe connection, none does.
export function keepWatch() {
  navigator.locks?.request("watch", () => {
    watches = true;
    attend();
    return new Promise(() => {}); // until the page is left
  }).catch(() => {});
}

// rests reports whether the tab hears nothing until somebody looks.
export const rests = () => wanted && !source;

function attend() {
  clearTimeout(tired);
  if (!wanted) return;
  if (!document.hidden || watches) {
    if (!source || source.readyState === EventSource.CLOSED) open();
  } else if (source) {
    tired = setTimeout(close, rest);
  }
}

function tell(handlers, value) {
  for (const handler of handlers) handler(value);
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function open() {
  close();
  source = new EventSource("/api/events" + (last ? "?after=" + last : ""));
  for (const kind of kinds) source.addEventListener(kind, heard);
  source.onopen = () => {
    wait = 1_000;
    tell(states, true);
  };
  source.onerror = () => {
    tell(states, false);
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again
    retry = setTimeout(open, wait);
    wait = Math.min(wait * 2, 30_000);
  };
}

function heard(event) {
  if (event.lastEventId) last = event.lastEventId;
  tell(facts, JSON.parse(event.data));
}

setInterval(() => {
  const slept = Date.now() - seen > asleep;
  seen = Date.now();
  if (slept && source) open();
}, 5_000);
addEventListener("online", () => source && open());
document.addEventListener("visibilitychange", attend);
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && attend());
