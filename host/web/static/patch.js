// Changes a page into what the server shows now, and only where it differs: what
// plays, is typed or has the focus stays as it is.

export const patience = 10_000; // with an answer; what a tab asked before it slept may never get one

// part asks for a piece of a page.
export async function part(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(patience) });
  if (answer.redirected) location.reload(); // signed out
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  return holder.content;
}

// withParam returns an address of ours with a parameter set.
export function withParam(address, name, value) {
  const url = new URL(address, location.href);
  url.searchParams.set(name, value);
  return url.pathname + url.search;
}

// morph makes old like fresh.
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  attributes(old, fresh);
  const now = [...old.childNodes];
  const next = [...fresh.childNodes];
  next.forEach((node, i) => (i < now.length ? morph(now[i], node) : old.append(node)));
  for (const node of now.slice(next.length)) node.remove();
}

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name); // what somebody opened stays open
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// patchList puts the children of fresh into list in their order, each in the place
// of the one with its id. What list has beyond them stays behind them, and before
// the first that both have; rest says whether that is so.
export function patchList(list, fresh, rest = true) {
  const byID = new Map([...list.children].map((node) => [node.id, node]));
  const nodes = [...fresh.children];
  const shared = nodes.find((node) => byID.has(node.id));
  let at = rest === "before" ? (shared ? byID.get(shared.id) : null) : list.firstElementChild;
  for (const node of nodes) {
    const old = byID.get(node.id);
    if (!old) {
      list.insertBefore(node, at);
      continue;
    }
    if (old === at) at = at.nextElementSibling;
    else list.insertBefore(old, at);
    morph(old, node);
  }
  while (!rest && at) {
    const gone = at;
    at = at.nextElementSibling;
    gone.remove();
  }
}

// coalesce returns a function that has work done soon, and again if it was called
// meanwhile: at once when nothing happens, at most a few times a second when much
// does.
export function coalesce(work, gap = 150) {
  let timer = 0;
  let running = false;
  let again = false;
  let free = 0;
  let failed = 0; // times in a row
  async function run() {
    timer = 0;
    running = true;
    const began = performance.now();
    try {
      await work();
      failed = 0;
    } catch (error) {
      console.warn(error);
      again ||= ++failed <= 10; // no other news may come that would try again
    }
    running = false;
    const pause = Math.max(gap, 500 * failed, 4 * (performance.now() - began)) * (document.hidden && !failed ? 10 : 1);
    free = performance.now() + Math.min(pause, 5_000);
    if (again) soon();
  }
  function soon() {
    again = running;
    if (running || timer) return;
    timer = setTimeout(run, Math.max(0, free - performance.now()));
  }
  return soon;
}
