// Shares one stream among all tabs of a browser, as a worker that they have together: a
// browser opens no more than six connections to a host, and the page of a seventh tab
// with a stream of its own would never come.
import { follow } from "./stream.js";

const most = 2_000; // how many facts are kept for tabs that come later, or slept
const ports = new Set();
let open = false;
let from = 0; // what is kept comes after the fact with this number
let kept = []; // {seq, text}

const all = (message) => ports.forEach((port) => port.postMessage(message));

const stream = follow((seq, text) => {
  if (JSON.parse(text).kind === "resync") {
    from = seq;
    kept = [];
  } else if (seq > (kept.at(-1)?.seq ?? from)) { // who types has no number of its own
    kept.push({ seq, text });
    if (kept.length > most) from = kept.shift().seq;
  }
  all({ seq, text });
}, (now) => {
  open = now;
  all({ open });
});

// join gives a tab what happened after the fact that it shows, and from then on
// everything.
function join(port, after) {
  if (!ports.size) {
    from = after;
    kept = [];
    open = false;
    stream.open(after);
  } else if (after < from) {
    port.postMessage({ seq: kept.at(-1)?.seq ?? from, text: '{"kind":"resync"}' });
  } else {
    for (const fact of kept) if (fact.seq > after) port.postMessage(fact);
  }
  ports.add(port);
  port.postMessage({ open });
}

function leave(port) {
  ports.delete(port);
  if (!ports.size) stream.close();
}

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => (data.leaves ? leave(port) : join(port, data.after));
};
