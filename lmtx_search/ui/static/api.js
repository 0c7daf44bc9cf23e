// What the page asks its server. A later question of the same kind ends the one before.

const asked = new Map();

async function ask(kind, path, options = {}) {
  asked.get(kind)?.abort();
  const control = new AbortController();
  asked.set(kind, control);
  let answer, value;
  try {
    answer = await fetch(path, { ...options, signal: control.signal });
    value = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The page's server does not answer: is `lmtx-search ui` still running?");
  }
  if (!answer.ok) throw new Error(value.error);
  return value;
}

const send = (kind, method, path, value) =>
  ask(kind, path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });

export const superseded = (error) => error.name === "AbortError";

export function documents(query, tags, start, size) {
  const asked = new URLSearchParams({ q: query, start, size });
  for (const tag of tags) asked.append("tag", tag);
  return ask("documents", `/api/documents?${asked}`);
}

export const labels = (words) => ask("labels", `/api/labels?${new URLSearchParams({ q: words })}`);

export const tryText = (text) => send("try", "POST", "/api/try", { text });

// Each pair of document and label is a question of its own: none ends another.
export const say = (document, label, answer) =>
  send(JSON.stringify([document, label]), "PUT", "/api/opinions", { document, label, answer });
