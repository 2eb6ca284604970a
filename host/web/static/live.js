// What happens in the workspace, for a page: from the stream that the browser's tabs
// share, or one of its own where they cannot.
import { follow } from "./stream.js";

const { share, member, seq } = document.body.dataset;
const facts = new Set();
const states = new Set();
let last = Number(seq); // the newest fact that was told of; at first what the page says it shows

// onFact calls handler with every fact from now on. A fact of kind "resync" says
// that some were missed: what is shown is to be loaded again.
export function onFact(handler) {
  facts.add(handler);
}

// onState calls handler with true when the stream is open and with false when it
// is not.
export function onState(handler) {
  states.add(handler);
}

function heard(number, text) {
  last = number;
  const fact = JSON.parse(text);
  for (const handler of facts) handler(fact);
}

function state(open) {
  for (const handler of states) handler(open);
}

// take takes part in a stream while the page is there.
function take({ enter, leave }) {
  enter();
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && enter());
}

function alone() {
  const { open, close } = follow(heard, state);
  return { enter: () => open(last), leave: close };
}

function shared() {
  const worker = new SharedWorker(share, { type: "module", name: member });
  worker.onerror = () => take(alone());
  worker.port.onmessage = ({ data }) => ("open" in data ? state(data.open) : heard(data.seq, data.text));
  return { enter: () => worker.port.postMessage({ after: last }), leave: () => worker.port.postMessage({ leaves: true }) };
}

// All modules of the page are there then, and hear the first fact.
document.addEventListener("DOMContentLoaded", () => take(window.SharedWorker ? shared() : alone()));
