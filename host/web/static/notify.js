// A sound and a notification of the desktop for new messages, for who wants them.

const button = document.getElementById("notify"); // of the inbox; the other pages do as it says
let on = wanted();
let sounds = null;

function wanted() {
  try {
    return localStorage.getItem("notify") === "on" && Notification.permission === "granted";
  } catch {
    return false; // there are no notifications, or the browser keeps nothing
  }
}

const keep = (value) => {
  try {
    localStorage.setItem("notify", value);
  } catch {
    // A browser may refuse to keep anything.
  }
};

export function mountNotify() {
  if (!("Notification" in window)) return;
  button.hidden = false;
  button.setAttribute("aria-pressed", String(on));
  button.addEventListener("click", async () => {
    on = !on && (await Notification.requestPermission()) === "granted";
    keep(on ? "on" : "off");
    button.setAttribute("aria-pressed", String(on));
    if (on) ring();
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

// tell rings and shows a notification of what a fact says, in one of the tabs that
// hear it; open leads to it from there.
function tell(fact, tag, title, body, open) {
  if (!on || Date.now() - Date.parse(fact.at) > 60_000) return;
  const show = () => {
    ring();
    const shown = new Notification(title, { body, tag });
    shown.onclick = () => {
      focus();
      open();
      shown.close();
    };
  };
  if (!navigator.locks) return show(); // only on a safe connection
  navigator.locks.request("notify " + tag, { ifAvailable: true }, (first) => {
    if (!first) return null;
    show();
    return new Promise((done) => setTimeout(done, 2_000)); // until the others heard of it
  });
}

// announceNote tells of a note that names the visitor.
export function announceNote(fact, { who, words, to }) {
  tell(fact, fact.data.note_id, who, words, () => location.assign(to));
}

// announce tells of a message that just came, unless it is being looked at.
export function announce(fact, row, looking) {
  if (looking) return;
  const text = (part) => row?.querySelector(part)?.textContent;
  tell(fact, fact.conversation_id, text(".name") || document.title, text(".preview") || "", () => row?.querySelector("a").click());
}
