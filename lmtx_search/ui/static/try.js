// A text and what the tagger makes of it, while it is typed.

import * as api from "./api.js";
import { bar, find, later, make, several, showProblem } from "./dom.js";

const text = find("text");

const look = later(250, async () => {
  if (!text.value.trim()) return show(null);
  const slow = setTimeout(() => (find("count").textContent = "The tagger reads …"), 700);
  try {
    const found = await api.tryText(text.value);
    showProblem("");
    show(found);
  } catch (error) {
    if (api.superseded(error)) return;
    show(null);
    showProblem(error.message);
  } finally {
    clearTimeout(slow);
  }
});

function show(found) {
  const labels = found?.labels ?? [];
  const tags = labels.filter((label) => label.assigned);
  const near = labels.filter((label) => !label.assigned);
  find("count").replaceChildren(...told(found, tags));
  find("tags").replaceChildren(...tags.map(scored));
  find("near").replaceChildren(...near.map(scored));
  find("near-title").hidden = !near.length;
  find("note").textContent = found ? note(found) : "";
}

function told(found, tags) {
  if (!found) return ["Tags appear as you type."];
  if (!tags.length) return ["No label scores enough to be a tag."];
  const names = tags.map((tag) => tag.name).join(", ");
  return [several(tags.length, "tag"), make("span", { class: "hidden" }, `: ${names}`)];
}

function scored(label) {
  const { probability, threshold } = label;
  const worth = [
    probability === null ? "" : `${Math.round(probability * 100)} % likely · `,
    `score ${label.score.toFixed(2)}`,
    threshold === null ? "" : ` (a tag from ${threshold.toFixed(2)})`,
  ];
  return make("li", { class: label.assigned ? "assigned" : "missed" },
    make("span", { class: "tag-name" }, label.name), " ",
    make("span", { class: "tag-count" }, ...worth),
    bar(probability ?? label.score),
    sides(label),
    label.rivals.length
      ? make("span", { class: "quiet rivals" },
          `its nearest labels: ${label.rivals.map((rival) => rival.name).join(", ")}`)
      : null);
}

function sides({ cosine, words, found_words: found }) {
  if (words === null) return null;
  const named = found ? ` (${found})` : "";
  return make("span", { class: "quiet rivals" },
    `encoder ${cosine.toFixed(2)}, words ${words.toFixed(2)}${named}`);
}

function note(found) {
  const parts = [
    `A label is a tag from a score of ${found.threshold}, at most ${found.max_tags} of a document.`,
    `Tagger ${found.tagger}${found.note ? ` (${found.note})` : ""}.`,
  ];
  if (!found.calibrated) {
    parts.push("How likely a score is right is not known: this tagger saw no judgments.");
  }
  return parts.join(" ");
}

text.addEventListener("input", look);
if (text.value) look();
