// A document of the queue, with one row for each label to decide on.

import { button, make } from "./dom.js";
import { excerpt } from "./excerpt.js";

const VERDICTS = { accept: "accepted", reject: "rejected" };

// act: { decide(row, decision), add(shown) }; editor: whether the visitor may decide
export function shownDocument(one, named, act, editor) {
  const list = make("ul", { class: "rows" });
  const place = make("div", { class: "adder" });
  const add = button("+ another label", () => act.add(shown), {
    class: "add", "aria-label": `Add another label: ${one.title}`, "aria-keyshortcuts": "/",
  });
  const shown = { one, rows: [], place, add, element: null, append };
  if (editor) place.append(add);

  function append(open) {
    const row = rowOf(shown, open, named(open.tag), act, editor);
    shown.rows.push(row);
    list.append(make("li", {}, row.element));
    return row;
  }

  shown.element = make("li", {},
    make("article", { class: "document" },
      make("h2", {}, one.title),
      one.text ? excerpt(one.text) : null,
      one.tags.length ? make("p", { class: "quiet given" }, `Tags: ${one.tags.map(named).join(", ")}`) : null,
      list, place));
  one.open.forEach(append);
  return shown;
}

function rowOf(shown, open, name, act, editor) {
  const element = make("div", { class: "row", role: "group", tabindex: "-1" });
  const row = { shown, open, name, element, state: "open", problem: "", set };

  function set(state, problem = "") {
    row.state = state;
    row.problem = problem;
    const verdict = VERDICTS[state] ?? (state === "lost" ? "not decided" : "");
    element.className = `row ${state === "accept" ? "said-yes" : state === "reject" ? "said-no" : ""}`;
    element.setAttribute("aria-label", [name, verdict || worth(open), shown.one.title].join(", "));
    element.replaceChildren(
      make("span", { class: "tag-name" }, name),
      make("span", { class: "quiet worth" }, problem || worth(open)),
      verdict ? make("span", { class: "verdict" }, verdict) : buttons());
  }

  function buttons() {
    if (!editor) return make("span", {});
    const choice = (text, decision, key) =>
      button(text, () => act.decide(row, decision), {
        class: decision, tabindex: "-1", "aria-keyshortcuts": key,
        "aria-label": `${text} ${name}: ${shown.one.title}`,
      });
    return make("span", { class: "choices" }, choice("Accept", "accept", "a"), choice("Reject", "reject", "r"));
  }

  set("open");
  return row;
}

function worth({ applied, probability, added }) {
  if (added) return "added by you";
  const kind = applied ? "a tag now" : "suggested";
  return probability === null ? kind : `${kind}, ${Math.round(probability * 100)} % likely`;
}
