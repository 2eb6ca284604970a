// Calls the JSON API as whoever is signed in.

// Problem is what the API answers when it does not do what it was asked for.
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || String(status));
    this.status = status;
    this.code = document.code || "";
    this.detail = document.detail || "";
    this.document = document;
  }
}

// api answers with what the API answered, null for nothing, or throws a Problem.
// headers are further ones, { "Idempotency-Key": key }.
export async function api(method, path, body, headers = {}) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const document = text && (answer.headers.get("Content-Type") || "").includes("json") ? JSON.parse(text) : null;
  if (!answer.ok) throw new Problem(answer.status, document || {});
  return document;
}
