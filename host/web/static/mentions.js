// Notes that name the visitor: how many are new, and a word when one comes.
import { announceNote } from "./notify.js";
import { coalesce, morph, part } from "./patch.js";

const me = document.body.dataset.member;
const bell = () => document.getElementById("mentions-bell");
let shown = "";

// heard shows what a fact has to do with the visitor; looking says that the note
// stands before its eyes.
export function heard(fact, looking) {
  const named = fact.kind === "note.created" && fact.data?.mentioned?.includes(me);
  if (named && !looking) tell(fact);
  if (named || fact.kind === "resync" || (fact.kind === "mention.seen" && fact.data?.member_id === me)) refreshBell();
}

let told = null; // the fact of a note that is to be told of
function tell(fact) {
  told = fact;
}

const refreshBell = coalesce(async () => {
  const fresh = (await part("/mentions?part=bell")).getElementById("mentions-bell");
  if (!fresh || !bell()) return;
  if (bell().ariaCurrent) fresh.ariaCurrent = bell().ariaCurrent;
  morph(bell(), fresh);
  const fact = told;
  told = null;
  if (!fact || !fresh.dataset.to || fresh.dataset.at === shown) return;
  shown = fresh.dataset.at;
  notice(fresh.dataset);
  announceNote(fact, fresh.dataset);
});

// notice shows for a while who wrote what, and leads there.
function notice({ who, words, to }) {
  document.querySelector(".toast")?.remove();
  const toast = document.createElement("p");
  const link = document.createElement("a");
  toast.className = "notice toast";
  toast.setAttribute("role", "status");
  link.href = to;
  link.textContent = who;
  toast.append(link, ": " + words.slice(0, 200));
  document.body.append(toast);
  setTimeout(() => toast.remove(), 15_000);
}
