// Shows the tags of a text while it is typed.

import * as api from "./api.js";
import { bar, find, later, make, several, showProblem } from "./dom.js";
import { showVisitor } from "./visitor.js";
import { origin, reasons } from "./why.js";

const text = find("text");

const look = later(250, async () => {
  if (!text.value.trim()) return show(null);
  const slow = setTimeout(() => (find("count").textContent = "Tagging …"), 700);
  try {
    const found = await api.tryText(text.value);
    showProblem("");
    show(found);
    explain();
  } catch (error) {
    if (api.superseded(error)) return;
    show(null);
    showProblem(error.message);
  } finally {
    clearTimeout(slow);
  }
});

// Reasons take longer than tags, so they follow when the typing pauses.
const explain = later(750, async () => {
  const asked = text.value;
  if (!asked.trim()) return;
  try {
    const found = await api.explainText(asked);
    if (text.value === asked) show(found);
  } catch (error) {
    if (!api.superseded(error)) showProblem(error.message);
  }
});

function show(found) {
  const labels = found?.labels ?? [];
  const tags = labels.filter((label) => label.assigned);
  const near = labels.filter((label) => !label.assigned);
  find("count").replaceChildren(...summary(found, tags));
  find("tags").replaceChildren(...tags.map(scored));
  find("near").replaceChildren(...near.map(scored));
  find("near-title").hidden = !near.length;
  find("note").textContent = found ? note(found) : "";
}

function summary(found, tags) {
  if (!found) return ["Tags appear as you type."];
  if (!tags.length) return ["No label scores high enough to be a tag."];
  const names = tags.map((tag) => tag.name).join(", ");
  return [several(tags.length, "tag"), make("span", { class: "hidden" }, `: ${names}`)];
}

function scored(label) {
  const { threshold } = label;
  const probability = label.probability ?? label.p_yes;
  const worth = [
    probability === null ? "" : `${Math.round(probability * 100)} % likely · `,
    `score ${label.score.toFixed(2)}`,
    threshold === null ? "" : ` (threshold ${threshold.toFixed(2)})`,
  ];
  if (label.band === "suggested") worth.unshift("suggested · ");
  return make("li", { class: label.assigned ? "assigned" : "missed" },
    make("span", { class: "tag-name" }, label.name), " ",
    make("span", { class: "tag-count" }, ...worth),
    bar(probability ?? label.score),
    sides(label),
    ...(label.examples ? reasons(label) : []),
    label.rivals.length
      ? make("span", { class: "quiet rivals" },
          `nearest labels: ${label.rivals.map((rival) => rival.name).join(", ")}`)
      : null);
}

function sides({ cosine, words, offset, found_words: found }) {
  if (words === null) return null;
  const named = found ? ` (${found})` : "";
  const shift = offset ? `, label's offset ${offset > 0 ? "+" : ""}${offset.toFixed(2)}` : "";
  return make("span", { class: "quiet rivals" },
    `encoder ${cosine.toFixed(2)}, words ${words.toFixed(2)}${named}${shift}`);
}

function note(found) {
  const parts = [
    found.review_first
      ? "No label becomes a tag until a person accepts it."
      : `A label is a tag if its score is at least ${found.threshold}. A document has at most ${found.max_tags} tags.`,
    `Tagger ${found.tagger}${found.note ? ` (${found.note})` : ""}.`,
  ];
  if (!found.calibrated) {
    parts.push("This tagger has no probabilities, because there were no documents to learn them from.");
  }
  if (found.provenance) parts.push(origin(found));
  return parts.join(" ");
}

text.addEventListener("input", look);
if (text.value) look();
showVisitor().catch((error) => showProblem(error.message));
