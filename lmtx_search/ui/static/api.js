// The requests to the page's server. A request cancels an earlier one of the same kind.

const pending = new Map();

async function ask(kind, path, options = {}) {
  pending.get(kind)?.abort();
  const control = new AbortController();
  pending.set(kind, control);
  let answer, value;
  try {
    answer = await fetch(path, { ...options, signal: control.signal });
    value = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The page's server does not answer. Check that `lmtx-search ui` is still running.");
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
  const parameters = new URLSearchParams({ q: query, start, size });
  for (const tag of tags) parameters.append("tag", tag);
  return ask("documents", `/api/documents?${parameters}`);
}

export const labels = (words) => ask("labels", `/api/labels?${new URLSearchParams({ q: words })}`);

// No later request cancels this one: a person may add labels to two documents at once.
export const tagOf = (label) => ask(Symbol("tag"), `/api/tag?${new URLSearchParams({ label })}`);

export const tryText = (text) => send("try", "POST", "/api/try", { text });

export const explainText = (text) => send("explain", "POST", "/api/explain", { text });

// Each document is a kind of its own, so that two can be explained at once.
export function explainDocument({ index, id, routing }) {
  const parameters = new URLSearchParams({ document: id, index });
  if (routing !== null) parameters.set("routing", routing);
  return ask(`explain ${parameters}`, `/api/explain?${parameters}`);
}

export const session = () => ask("session", "/api/session");

export const signIn = (token) => send("session", "POST", "/api/session", { token });

export const signOut = () => send("session", "DELETE", "/api/session", {});

export const queue = (label, passed) => send("queue", "POST", "/api/queue", { label, passed });

// The server wants to know which text was shown, not the text itself.
const places = (documents) =>
  documents.map(({ index, id, routing, digest }) => ({ index, id, routing, digest }));

export const renew = (documents) =>
  send("renew", "POST", "/api/queue/claims", { documents: places(documents) });

// No later request cancels a decision: it may have been written by then.
export const decide = (tag, decision, documents) =>
  send(Symbol("decide"), "POST", "/api/decisions", { tag, decision, documents: places(documents) });

export const withdraw = (tag, document) =>
  send(Symbol("withdraw"), "POST", "/api/decisions/withdraw", { tag, documents: places([document]) });

export const undo = () => send("undo", "POST", "/api/decisions/undo", {});
