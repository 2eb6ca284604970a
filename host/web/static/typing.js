// Tells the colleagues who look at the same conversation that somebody types.

const frame = document.getElementById("inbox");
const every = 3_000; // how often it is said while one types
let told = 0;
let quiet = 0;

// mountTyping says so when the visitor types an answer.
export function mountTyping(section) {
  document.getElementById("text")?.addEventListener("input", (event) => {
    if (!event.target.value || Date.now() - told < every) return;
    told = Date.now();
    fetch(`/api/conversations/${section.dataset.id}/typing`, { method: "POST" }).catch(() => {});
  });
}

// typed shows that a colleague types, until nothing more is heard.
export function typed(fact) {
  const line = document.getElementById("typing");
  const section = document.getElementById("thread");
  if (!line || fact.conversation_id !== section?.dataset.id || fact.actor.id === document.body.dataset.member) return;
  const name = JSON.parse(frame.dataset.mates || "{}")[fact.actor.id];
  if (!name) return;
  line.textContent = frame.dataset.types.replace("%s", name);
  clearTimeout(quiet);
  quiet = setTimeout(() => (line.textContent = ""), every + 1_500);
}
