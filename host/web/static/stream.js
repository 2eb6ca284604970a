// The stream of what happens in the workspace. It resumes after the last fact it gave,
// by itself when the connection breaks and by force when the computer slept, in which
// time a connection dies without a word.

const kinds = [
  "message.received", "message.created", "message.status", "message.amended",
  "conversation.created", "conversation.changed",
  "contact.created", "contact.changed", "contact.duplicate", "contact.merged", "contact.parted", "contact.erased", "contacts.imported", "leads.rescored",
  "note.created", "mention.seen", "member.changed", "task.changed", "tag.changed", "field.changed", "pipeline.changed", "template.changed", "channel.changed",
  "typing", "resync",
];
const asleep = 45_000; // a clock that stood still for so long

// follow returns how to open the stream after a fact, by its number, or where it was,
// and how to close it. heard is called with the number and the text of each fact, state
// with true when the stream is open and with false when it is not.
export function follow(heard, state) {
  let last = 0;
  let source = null;
  let wait = 1_000;
  let retry = 0;
  let seen = Date.now();

  function open(after = last) {
    close();
    last = after;
    source = new EventSource("/api/events?after=" + last);
    for (const kind of kinds) source.addEventListener(kind, hear);
    source.onopen = () => {
      wait = 1_000;
      state(true);
    };
    source.onerror = () => {
      state(false);
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again
      retry = setTimeout(() => open(), wait);
      wait = Math.min(wait * 2, 30_000);
    };
  }

  function close() {
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  function hear(event) {
    last = Number(event.lastEventId) || last;
    heard(last, event.data);
  }

  setInterval(() => {
    const slept = Date.now() - seen > asleep;
    seen = Date.now();
    if (slept && source) open();
  }, 5_000);
  addEventListener("online", () => source && open());
  return { open, close };
}
