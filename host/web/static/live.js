// The stream of what happens in the workspace, one a tab. It resumes after the
// last fact it gave, by itself when the connection breaks and by force when the
// computer slept, in which time a connection dies without a word.

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
let source = null;
let last = document.querySelector("[data-seq]")?.dataset.seq || ""; // the last fact, at first what the page says it shows
let wait = 1_000;
let retry = 0;
let seen = Date.now();

// onFact calls handler with every fact from now on. A fact of kind "resync" says
// that some were missed: what is shown is to be loaded again.
export function onFact(handler) {
  facts.add(handler);
  if (!source) open();
}

// onState calls handler with true when the stream is open and with false when it
// is not.
export function onState(handler) {
  states.add(handler);
}

function tell(handlers, value) {
  for (const handler of handlers) handler(value);
}

function open() {
  clearTimeout(retry);
  source?.close();
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
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => event.persisted && source && open());
