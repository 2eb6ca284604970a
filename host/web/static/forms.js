// Sends the page's own forms without leaving it. The server answers as it does
// without a script: with another page when it was done, with the reason when not.

// post sends fields to an address. It returns "" when that was done, else why not,
// in the words of the page that came back.
export async function post(action, fields) {
  const answer = await fetch(action, { method: "POST", body: new URLSearchParams(fields), redirect: "manual", headers: { Accept: "text/html" } });
  if (answer.type === "opaqueredirect" || answer.ok) return "";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return (page.querySelector(".why.refused") || page.querySelector("[role=alert] p") || page.body).textContent.trim();
}

// send sends a form with the button that was pressed.
export function send(form, button) {
  return post(form.getAttribute("action"), new FormData(form, button));
}

// say shows a word for a while, and to who listens.
export function say(text) {
  document.querySelector(".toast")?.remove();
  const toast = document.createElement("p");
  toast.className = "notice bad toast";
  toast.setAttribute("role", "alert");
  toast.textContent = text;
  document.body.append(toast);
  setTimeout(() => toast.remove(), 8_000);
}
