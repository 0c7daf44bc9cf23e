// The queue: one label of one document after the other, by keys or buttons.

import * as api from "./api.js";
import { shownDocument } from "./decide_document.js";
import { bar, button, find, make, number, several, showProblem } from "./dom.js";
import { notify } from "./notice.js";
import { beginAgain, passed, passOver, showAgain } from "./passed.js";
import { picker } from "./picker.js";
import { showVisitor } from "./visitor.js";

const RENEW = 60_000;
const DONE = { accept: "Accepted", reject: "Rejected" };

// The address names the chosen label, so that other pages can lead to it.
const asked = new URLSearchParams(location.search).get("label");
const state = { label: asked || null, documents: [], names: {}, editor: false, made: 0, waiting: 0, untouched: 0 };

// Decisions that wait for an answer of the server.
let sending = 0;
// Decisions reach the server in the order in which they were made.
let chain = Promise.resolve();
const named = (tag) => (Object.hasOwn(state.names, tag) ? state.names[tag] : tag);
const rows = () => state.documents.flatMap((shown) => shown.rows);
const openRows = () => rows().filter((row) => row.state === "open");
// The open rows of the chosen label: a person may have added rows of other labels.
const togetherRows = () => openRows().filter((row) => row.open.tag === state.label);
const keyOf = ({ index, id, routing }) => JSON.stringify([index, id, routing]);
const current = () => rows().find((row) => row.element.tabIndex === 0);

function mark(row, focus) {
  for (const one of rows()) {
    for (const part of [one.element, ...one.element.querySelectorAll("button")]) {
      part.tabIndex = one === row ? 0 : -1;
    }
  }
  if (!focus || !row) return;
  row.element.focus({ preventScroll: true });
  row.element.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows(), at = all.indexOf(current());
  mark(all[Math.max(0, Math.min(all.length - 1, at + by))], true);
}

async function load(focus) {
  const results = find("results");
  results.setAttribute("aria-busy", "true");
  try {
    const found = await api.queue(state.label, passed(state.label));
    show(found, focus);
    showProblem("");
    if (found.again) {
      beginAgain(state.label);
      notify("You have seen all documents. Those that you passed over come again.", false);
    }
  } catch (error) {
    if (api.superseded(error)) return;
    showProblem(error.message);
  }
  results.removeAttribute("aria-busy");
}

function show(found, focus) {
  state.names = found.names;
  state.waiting = found.documents;
  state.untouched = found.untouched;
  state.made = found.decided;
  find("index").textContent = `· ${found.index}`;
  const act = { decide: (row, decision) => decide([row], decision), add };
  state.documents = found.found.map((one) => shownDocument(one, named, act, state.editor));
  find("documents").replaceChildren(...state.documents.map((shown) => shown.element));
  showLabels(found);
  showCount();
  showTogether();
  mark(rows()[0], focus);
  if (focus && !rows().length) find("results").focus();
}

function showCount() {
  const parts = [state.label ? `“${named(state.label)}”: ${several(state.documents.length, "document")} to decide on.`
    : state.documents.length ? `${several(state.waiting, "document")} with suggestions.`
      : "Nothing is left to decide on."];
  if (state.untouched) parts.push(`Never touched: ${several(state.untouched, "document")}.`);
  if (state.editor) parts.push(`You have made ${several(state.made, "decision")}.`);
  else parts.push("You may read here, but not decide.");
  find("count").textContent = parts.join(" ");
  find("undo").hidden = !state.editor;
  find("next").hidden = !state.documents.length;
}

function showLabels(found) {
  const most = Math.max(1, ...found.labels.map(({ count }) => count));
  const choice = (tag, text, count) => {
    const own = button("", () => choose(tag), { "aria-pressed": String(state.label === tag) });
    own.append(make("span", { class: "tag-name" }, text), " ",
      make("span", { class: "tag-count" }, number(count)),
      make("span", { class: "hidden" }, count === 1 ? " document" : " documents"),
      bar(count / most));
    return make("li", {}, own);
  };
  find("labels").replaceChildren(
    make("li", {}, button("All labels", () => choose(null), { "aria-pressed": String(!state.label) })),
    ...found.labels.map(({ tag, count }) => choice(tag, named(tag), count)));
  find("other").textContent = found.more_labels ? `and ${several(found.more_labels, "other label")}` : "";
}

function showTogether() {
  const open = togetherRows();
  find("together").hidden = !state.editor || !state.label || !open.length;
  if (find("together").hidden) return;
  const these = open.length === 1 ? "this document" : `these ${several(open.length, "document")}`;
  const what = `“${named(state.label)}” for ${these}`;
  find("together-what").textContent = "Reject the wrong ones one by one. Then decide on the others together:";
  find("accept-all").textContent = `Accept ${what}`;
  find("reject-all").textContent = `Reject ${what}`;
}

function next() {
  chain = chain.then(() => {
    const open = state.documents.filter((shown) => shown.rows.some((row) => row.state === "open"));
    passOver(state.label, open.map((shown) => shown.one));
    return load(true);
  });
}

function choose(label) {
  state.label = label;
  history.replaceState(null, "", label ? `/decide?${new URLSearchParams({ label })}` : "/decide");
  chain = chain.then(() => load(true));
}

function decide(chosen, decision) {
  const some = chosen.filter((row) => state.editor && row.state === "open");
  if (!some.length) return;
  for (const row of some) row.set(decision);
  const all = rows(), at = all.indexOf(some.at(-1));
  const isOpen = (row) => row?.state === "open";
  const next = [current(), ...all.slice(at), ...all].find(isOpen);
  mark(next ?? some.at(-1), true);
  showTogether();
  sending += 1;
  chain = chain.then(() => send(some, decision)).then(() => {
    sending -= 1;
    // Documents that were decided on, but not sent yet, would come back as open ones.
    return sending || openRows().length ? null : load(true);
  });
}

async function send(some, decision) {
  const tag = some[0].open.tag;
  try {
    const told = await api.decide(tag, decision, some.map((row) => row.shown.one));
    const problems = new Map(told.results.map((one) => [keyOf(one), one.problem]));
    const wrong = some.map((row) => problems.get(keyOf(row.shown.one)));
    some.forEach((row, at) => wrong[at] && row.set("lost", wrong[at]));
    const leftOut = new Map(told.results.map((one) => [keyOf(one), one.left_out]));
    for (const { shown } of some) {
      const gone = leftOut.get(keyOf(shown.one)) ?? [];
      for (const row of shown.rows) {
        if (row.state === "open" && gone.includes(row.open.tag)) row.set("lost", "A rule leaves it out now.");
      }
    }
    const all = rows();
    const next = [...all.slice(all.indexOf(current())), ...all].find((row) => row.state === "open");
    if (current()?.state === "lost" && next) mark(next, true);
    const made = wrong.filter((one) => !one).length;
    state.made += made;
    showCount();
    notify(message(some[0].name, decision, made, told, wrong.find(Boolean)), made === 0);
  } catch (error) {
    for (const row of some) row.set("open");
    mark(some[0], true);
    showTogether();
    notify(error.message, true);
  }
}

function message(name, decision, made, { learned, not_learned: why, not_followed: rules }, problem) {
  const parts = [];
  if (made) parts.push(`${DONE[decision]}: ${name} for ${several(made, "document")}.`);
  if (problem) parts.push(problem);
  if (made > learned) parts.push(`The tagger does not learn from ${number(made - learned)} of them${why ? `: ${why}` : ""}.`);
  if (made && rules) parts.push(rules);
  return parts.join(" ");
}

function undo() {
  if (!state.editor) return;
  chain = chain.then(async () => {
    try {
      const told = await api.undo();
      if (!told.tag) return notify("There is nothing to undo.", false);
      showAgain(told.undone);
      const places = new Set(told.undone.map(keyOf));
      const back = rows().filter((row) => row.open.tag === told.tag && places.has(keyOf(row.shown.one)));
      state.made -= told.undone.length;
      // What a rule had left out is open again, too.
      const ruled = state.documents.some((shown) => places.has(keyOf(shown.one)) && shown.rows.some((row) => row.state === "lost"));
      if (back.length < places.size || ruled) {
        await load(true);
      } else {
        for (const row of back) row.set("open");
        if (back.length) mark(back[0], true);
      }
      showCount();
      showTogether();
      const words = `Undone: ${named(told.tag)} for ${several(told.undone.length, "document")}.`;
      notify([words, ...told.problems].join(" "), told.problems.length > 0);
    } catch (error) {
      notify(error.message, true);
    }
  });
}

function add(shown) {
  const close = () => {
    shown.place.replaceChildren(shown.add);
    (current() ?? { element: shown.add }).element.focus();
  };
  const input = picker(shown.one.title, async ({ id }) => {
    close();
    let tag, called;
    try {
      ({ tag, name: called } = await api.tagOf(id));
    } catch (error) {
      return notify(error.message, true);
    }
    const there = shown.rows.find((row) => row.open.tag === tag);
    if (!there && shown.one.tags.includes(tag)) {
      return notify(`This document already has the tag ${called}.`, false);
    }
    state.names[tag] = called;
    decide([there ?? shown.append({ tag, applied: false, probability: null, added: true })], "accept");
  }, close);
  shown.place.replaceChildren(input.element);
  input.focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => current() && decide([current()], "accept"),
  r: () => current() && decide([current()], "reject"),
  u: undo,
  n: next,
  "/": () => state.editor && current() && add(current().shown),
  A: () => state.label && decide(togetherRows(), "accept"),
  R: () => state.label && decide(togetherRows(), "reject"),
};

addEventListener("keydown", (event) => {
  const { target } = event;
  // Caps Lock changes nothing, since Shift makes a decision on all documents.
  const key = event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
  const here = target === document.body || find("results").contains(target);
  if (!here || target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!Object.hasOwn(KEYS, key)) return;
  event.preventDefault();
  KEYS[key]();
});
find("documents").addEventListener("focusin", ({ target }) => {
  const row = rows().find(({ element }) => element.contains(target));
  if (row) mark(row, false);
});
find("undo").addEventListener("click", undo);
find("next").addEventListener("click", KEYS.n);
find("accept-all").addEventListener("click", KEYS.A);
find("reject-all").addEventListener("click", KEYS.R);
find("facets").open = matchMedia("(min-width: 50rem)").matches;

setInterval(async () => {
  const held = state.documents.filter(({ rows }) => rows.some((row) => row.state === "open"));
  if (!state.editor || !held.length || document.hidden) return;
  try {
    const lost = new Set((await api.renew(held.map(({ one }) => one))).lost.map(keyOf));
    for (const { one, rows } of held) {
      if (!lost.has(keyOf(one))) continue;
      for (const row of rows) if (row.state === "open") row.set("lost", "Somebody else is deciding on this document.");
    }
  } catch (error) {
    if (!api.superseded(error)) showProblem(error.message);
  }
}, RENEW);

try {
  state.editor = (await showVisitor()).editor;
  await load(true);
} catch (error) {
  showProblem(error.message);
}
