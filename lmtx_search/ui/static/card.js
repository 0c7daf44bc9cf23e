// A document with its tags, and a person's decisions on them.

import * as api from "./api.js";
import { button, make } from "./dom.js";
import { excerpt } from "./excerpt.js";
import { notify } from "./notice.js";
import { picker } from "./picker.js";
import { why } from "./why.js";

// names: what the reader calls a tag, if it is called otherwise
// visitor: who reads and may undo their own decisions
export function card(one, choose, names, visitor) {
  for (const tag of [...one.tags, ...one.missing, ...one.rejected, ...one.suggested]) {
    tag.name = Object.hasOwn(names, tag.tag) ? names[tag.tag] : tag.tag;
  }
  const tags = make("ul", { class: "tags", "aria-label": `Tags of ${one.title}` });
  const shown = (tag) => assigned(one, tag, choose, visitor);
  tags.append(
    ...one.tags.map(shown),
    ...one.missing.map((tag) => missing(one, tag)),
    ...one.rejected.map((tag) => shown(Object.assign(tag, { said: "no" }))),
  );
  return make("li", {},
    make("article", { class: "document" },
      make("h2", { tabindex: "-1" }, one.title),
      one.text ? excerpt(one.text) : null,
      tags,
      one.suggested.length ? suggestions(one) : null,
      one.judgeable ? adder(one, (tag) => tags.append(shown(tag)), visitor) : null,
      one.explainable ? why(one) : null));
}

function assigned(one, tag, choose, visitor) {
  const item = make("li", {});
  tag.item = item;
  const draw = (applied = true) => {
    if (!applied && !tag.given) { // what was no tag before the decision is none now
      one.tags = one.tags.filter((other) => other !== tag);
      const article = item.closest("article");
      (article.querySelector(".add") ?? article.querySelector("h2")).focus();
      item.remove();
      return;
    }
    const given = tag.given && tag.said !== "no";
    const said = given ? "yes" : tag.said;
    item.className = `tag ${said ? `said-${said}` : ""}`;
    const name = button(tag.name, () => choose(tag.tag), {
      class: "tag-name",
      "aria-label": `Only documents with ${tag.name}`,
    });
    const score = make("span", { class: "score" }, tag.score ? tag.score.toFixed(2) : "");
    item.replaceChildren(name, score);
    if (given) {
      item.append(make("span", { class: "verdict" }, `given by ${tag.accepted_by ?? "a person"}`));
    }
    if (given && tag.accepted_by) { // whoever accepted it can undo that
      if (visitor?.editor && visitor.name === tag.accepted_by) item.append(undo(one, tag, draw));
      return;
    }
    if (!tag.label || !(one.judgeable || tag.said)) return;
    if (tag.said === "no") {
      item.append(make("span", { class: "verdict" }, "wrong"), undo(one, tag, draw));
    } else if (tag.said === "yes" && !given) {
      item.append(make("span", { class: "verdict" }, "right"), undo(one, tag, draw));
    } else {
      item.append(
        button("wrong?", () => giveAnswer(one, tag, "no", draw), {
          class: "judge",
          "aria-label": `${tag.name} is wrong here`,
        }));
    }
  };
  draw();
  return item;
}

// Each suggestion leads to the page where people decide on it.
function suggestions(one) {
  const link = (suggestion) => {
    const { tag, name, probability } = suggestion;
    suggestion.item = make("li", {},
      make("a", { class: "suggestion", href: `/decide?${new URLSearchParams({ label: tag })}` },
        name, " ",
        probability === null ? null
          : make("span", { class: "score" }, `${Math.round(probability * 100)} % likely`)));
    return suggestion.item;
  };
  return make("div", { class: "suggestions" },
    make("span", { class: "quiet" }, "Suggested:"),
    make("ul", { "aria-label": `Suggested for ${one.title}` }, ...one.suggested.map(link)));
}

function missing(one, tag) {
  const item = make("li", { class: "tag said-yes" });
  tag.said = "yes";
  const draw = () => {
    if (tag.said) {
      item.replaceChildren(
        make("span", { class: "tag-name" }, tag.name),
        make("span", { class: "verdict" }, "missing"),
        undo(one, tag, draw));
      return;
    }
    const add = item.closest("article").querySelector(".add");
    item.remove();
    add?.focus();
  };
  draw();
  return item;
}

const undo = (one, tag, draw) =>
  button("undo", () => giveAnswer(one, tag, null, draw), {
    class: "judge",
    "aria-label": `Undo the decision on ${tag.name}`,
  });

const DECISIONS = { yes: "accept", no: "reject" };

async function giveAnswer(one, tag, answer, draw) {
  try {
    const told = answer === null
      ? await api.withdraw(tag.tag, one.place)
      : await api.decide(tag.tag, DECISIONS[answer], [one.place]);
    const problem = answer === null ? told.problem : told.results[0].problem;
    if (problem) return notify(problem, true);
    if (answer === null && tag.accepted_by) Object.assign(tag, { given: false, accepted_by: null });
    tag.said = answer;
    const focused = document.activeElement?.closest("li.tag");
    draw(told.applied);
    focused?.querySelector(".judge")?.focus();
    const rules = ofRules(one, answer === null ? told : told.results[0]);
    const words = [message(tag.name, answer, told), ...rules, told.not_followed, told.stays];
    notify(words.filter(Boolean).join(" "), false);
  } catch (error) {
    if (api.superseded(error)) return;
    notify(error.message, true);
  }
}

// Tags and suggestions that a rule removed leave the card. Returns what to say about the rules.
function ofRules(one, { left_out: left = [], added = [] }) {
  const shown = [...one.tags, ...one.suggested];
  const gone = (tag) => left.includes(tag.tag) && !tag.given;
  const named = (tags) =>
    tags.map((tag) => shown.find((other) => other.tag === tag)?.name ?? tag).join(", ");
  const words = [];
  if (left.length) words.push(`A rule leaves out: ${named(left)}.`);
  if (added.length) words.push(`A rule adds: ${named(added)}. Reload the page to see it.`);
  for (const { item } of shown.filter(gone)) {
    const list = item.parentElement;
    item.remove();
    if (!list.children.length) list.closest(".suggestions")?.remove();
  }
  one.tags = one.tags.filter((tag) => !gone(tag));
  one.suggested = one.suggested.filter((tag) => !gone(tag));
  return words;
}

function message(tag, answer, { learned, not_learned: reason }) {
  if (answer === null) return `Your decision on ${tag} was undone.`;
  const saved = `Saved: ${tag} is ${answer === "no" ? "wrong" : "missing"}.`;
  if (reason) return `${saved} The tagger does not learn from it: ${reason}`;
  return learned
    ? `${saved} The next deployment uses it.`
    : `${saved} But the training document with this id has a different text: load it again first.`;
}

function adder(one, show, visitor) {
  const place = make("div", { class: "adder" });
  const add = button("+ missing tag", () => {
    const close = () => {
      place.replaceChildren(add);
      add.focus();
    };
    const chosen = async (label) => {
      const same = (tag) => tag.label === label.id;
      close();
      if ([...one.tags, ...one.rejected].some((tag) => same(tag) && tag.said === "no")) {
        notify(`${label.name} is wrong here, as a person said: undo that first.`, false);
        return;
      }
      if (one.tags.some(same) || one.missing.some((tag) => same(tag) && tag.said)) {
        notify(`This document already has the tag ${label.name}.`, false);
        return;
      }
      let tag;
      try {
        tag = { label: label.id, ...(await api.tagOf(label.id)) };
      } catch (error) {
        notify(error.message, true);
        return;
      }
      await giveAnswer(one, tag, "yes", () => {
        if (tag.said === "yes") {
          Object.assign(tag, { given: true, accepted_by: visitor?.name });
          one.tags.push(tag);
          show(tag);
        }
      });
    };
    const input = picker(one.title, chosen, close);
    place.replaceChildren(input.element);
    input.focus();
  }, { class: "add", "aria-label": `Add a missing tag: ${one.title}` });
  place.append(add);
  return place;
}
