// Shows news by itself: when the workspace's feed says that something happened,
// the page is asked for again and the parts marked data-live are replaced. The
// forms outside them, and what is being typed, stay as they are.

const address = document.body.dataset.address || location.href;
const conversation = document.body.dataset.address?.match(/^\/inbox\/([0-9a-f-]{36})$/)?.[1];
let timer;
let running = false;
let again = false;

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.redirected) {
      location.assign(address);
    } else if (answer.ok) {
      replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch {
    // The next event tries again.
  }
  running = false;
  if (again) {
    again = false;
    soon();
  }
}

function replace(page) {
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(old.id);
    if (!fresh || fresh.innerHTML === old.innerHTML) continue;
    const atEnd = old.scrollHeight - old.scrollTop - old.clientHeight < 60;
    const top = old.scrollTop;
    const had = old.contains(document.activeElement) ? document.activeElement.textContent : null;
    old.replaceChildren(...document.importNode(fresh, true).childNodes);
    if (!("live" in fresh.dataset)) old.removeAttribute("data-live"); // the form has come: it is left alone
    if ("end" in old.dataset) old.scrollTop = atEnd ? old.scrollHeight : top;
    if (had !== null) {
      [...old.querySelectorAll("a, button")].find((e) => e.textContent === had)?.focus();
    }
  }
}

// A page that nobody sees waits: showing a conversation marks it as read.
function soon() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, 150);
}

document.addEventListener("visibilitychange", soon);

function heard(event) {
  const fact = JSON.parse(event.data);
  if (!conversation || !fact.conversation_id || fact.conversation_id === conversation) soon();
}

const kinds = [
  "message.received", "message.created", "message.status", "message.amended",
  "conversation.created", "conversation.changed", "contact.created", "contact.changed",
  "note.created", "tag.changed", "resync",
];
const events = new EventSource("/api/events");
for (const kind of kinds) events.addEventListener(kind, heard);

for (const part of document.querySelectorAll("[data-end]")) part.scrollTop = part.scrollHeight;

// Enter sends, Shift+Enter is a new line.
document.addEventListener("keydown", (event) => {
  if (event.target.id === "text" && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});
