// Keeps the chat fresh and sends the forms without leaving the page. The page
// works without it.
const chat = document.querySelector('#chat');
const autoread = document.querySelector('#autoread');
const desk = new URLSearchParams({
  number: document.querySelector('.compose [name=number]')?.value ?? '',
  customer: document.querySelector('.compose [name=customer]')?.value ?? '',
});
let shown = '';
let away = false;

function show(html) {
  if (html === shown) return;
  shown = html;
  const low = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 120;
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  chat.replaceChildren(...fresh.body.childNodes);
  if (low) chat.scrollTop = chat.scrollHeight;
}

async function refresh() {
  const answer = await fetch('/chat?' + desk);
  if (answer.ok) show(await answer.text());
}

// post does what a form says, and returns what was wrong with it.
async function post(fields) {
  const answer = await fetch('/say', { method: 'POST', body: fields });
  if (answer.ok) return '';
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return page.querySelector('.error')?.textContent ?? 'The simulator did not take it.';
}

function complain(text) {
  let line = document.querySelector('.error');
  if (!text) {
    line?.remove();
    return;
  }
  if (!line) {
    line = document.createElement('p');
    line.className = 'error';
    line.setAttribute('role', 'alert');
    chat.before(line);
  }
  line.textContent = text;
}

async function markRead() {
  const unread = Number(chat.querySelector('.chat')?.dataset.unread ?? 0);
  if (!autoread.checked || !unread || document.visibilityState !== 'visible') return;
  const fields = new URLSearchParams(desk);
  fields.set('act', 'read');
  await post(fields);
}

async function tick() {
  try {
    await refresh();
    await markRead();
    if (away) complain('');
    away = false;
  } catch {
    complain('The simulator does not answer.');
    away = true;
  }
}

document.querySelector('.phone').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const fields = new URLSearchParams(new FormData(form));
  const { name, value } = event.submitter ?? {};
  if (name) fields.set(name, value);
  const words = form.querySelector('#text');
  try {
    const wrong = await post(fields);
    complain(wrong);
    if (words && !wrong) words.value = '';
  } catch {
    complain('The simulator does not answer.');
  }
  await tick();
});

if (desk.get('customer')) {
  document.querySelector('.toggle').hidden = false;
  chat.scrollTop = chat.scrollHeight;
  setInterval(tick, 1000);
  document.querySelector('#text')?.focus();
}
