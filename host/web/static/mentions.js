// Notes that name the visitor, on every page: how many are new, and a word when one
// comes.
import { onFact } from "./live.js";
import { announceNote } from "./notify.js";
import { coalesce, morph, part } from "./patch.js";

const bell = () => document.getElementById("mentions-bell");
const me = document.body.dataset.member;
let told = null; // the fact of a note that is to be told of
let shown = ""; // when the note was written that was told of last

onFact((fact) => {
  const named = fact.kind === "note.created" && fact.data?.mentioned?.includes(me);
  if (named && !looking(fact)) told = fact;
  if (named || fact.kind === "resync" || (fact.kind === "mention.seen" && fact.data?.member_id === me)) refresh();
});

// looking reports whether a note stands before the visitor's eyes: the contact's does,
// where its page or a conversation with it is open.
function looking(fact) {
  return !document.hidden && [...document.querySelectorAll("[data-contact]")].some((part) => part.dataset.contact === fact.contact_id);
}

const refresh = coalesce(async () => {
  const fresh = (await part("/mentions?part=bell")).getElementById("mentions-bell");
  if (!fresh) return;
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
