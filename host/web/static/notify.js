// A sound and a notification of the desktop for new messages, for who wants them.

const button = document.getElementById("notify");
const recent = 60_000; // what is older rings no more
let sounds = null;

// What all tabs of the browser know; it may refuse to keep anything.
function kept(name) {
  try {
    return localStorage.getItem(name) || "";
  } catch {
    return "";
  }
}
function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Each tab for itself, then.
  }
}

const on = () => "Notification" in window && kept("notify") === "on" && Notification.permission === "granted";
const show = () => button.setAttribute("aria-pressed", String(on()));

export function mountNotify() {
  if (!("Notification" in window)) return;
  button.hidden = false;
  show();
  addEventListener("storage", show); // another tab was told
  button.addEventListener("click", async () => {
    keep("notify", !on() && (await Notification.requestPermission()) === "granted" ? "on" : "off");
    show();
    if (on()) ring();
  });
}

// ring plays two short tones; a browser lets it after the first click.
function ring() {
  sounds ??= new AudioContext();
  [660, 880].forEach((pitch, i) => {
    const tone = sounds.createOscillator();
    const level = sounds.createGain();
    const from = sounds.currentTime + i * 0.12;
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0.08, from);
    level.gain.exponentialRampToValueAtTime(0.001, from + 0.15);
    tone.connect(level).connect(sounds.destination);
    tone.start(from);
    tone.stop(from + 0.16);
  });
}

// once has the first tab of the browser that gets there act on a fact, and no other:
// several hear it, and one that rested hears later what another told of already.
function once(fact, act) {
  const name = `told ${fact.seq} ${fact.at}`;
  const first = () => {
    if (kept(name)) return;
    forget();
    keep(name, String(Date.now()));
    act();
  };
  if (!navigator.locks) return first(); // only on a safe connection
  navigator.locks.request(name, { ifAvailable: true }, (lock) => {
    if (!lock) return null;
    first();
    return new Promise((done) => setTimeout(done, 1_000)); // until all tabs can read what is kept
  });
}

function forget() {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("told ") && Date.now() - kept(name) > 2 * recent) localStorage.removeItem(name);
  }
}

function tell(fact, tag, title, body, open) {
  if (!on() || Date.now() - Date.parse(fact.at) > recent) return;
  once(fact, () => {
    ring();
    const shown = new Notification(title, { body, tag });
    shown.onclick = () => {
      focus();
      open();
      shown.close();
    };
  });
}

// announceNote tells of a note that names the visitor.
export function announceNote(fact, { who, words, to }) {
  tell(fact, fact.data.note_id, who, words, () => location.assign(to));
}

// announce tells of a message that just came.
export function announce(fact, row) {
  const text = (part) => row?.querySelector(part)?.textContent;
  tell(fact, fact.conversation_id, text(".name") || document.title, text(".preview") || "", () => row?.querySelector("a").click());
}

// seen has no tab tell of a fact, which is looked at in this one.
export function seen(fact) {
  if (on() && Date.now() - Date.parse(fact.at) <= recent) once(fact, () => {});
}
