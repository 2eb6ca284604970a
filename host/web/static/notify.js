// A sound and a notification of the desktop for new messages, for who wants them.

const button = document.getElementById("notify");
let on = false;
let sounds = null;

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
  try {
    on = localStorage.getItem("notify") === "on" && Notification.permission === "granted";
  } catch {
    on = false;
  }
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

// announceNote tells of a note that names the visitor.
export function announceNote(fact, { who, words, to }) {
  if (!on || Date.now() - Date.parse(fact.at) > 60_000) return;
  ring();
  const shown = new Notification(who, { body: words, tag: fact.data.note_id });
  shown.onclick = () => {
    focus();
    location.assign(to);
  };
}

// announce tells of a message that just came, unless it is being looked at.
export function announce(fact, row, looking) {
  if (!on || looking || Date.now() - Date.parse(fact.at) > 60_000) return;
  ring();
  const shown = new Notification(row?.querySelector(".name")?.textContent || document.title, {
    body: row?.querySelector(".preview")?.textContent || "", tag: fact.conversation_id,
  });
  shown.onclick = () => {
    focus();
    row?.querySelector("a").click();
    shown.close();
  };
}
