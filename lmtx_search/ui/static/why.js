// Why a text has a label: the passage that speaks for it, the judged examples, the beaten label.

import * as api from "./api.js";
import { button, make } from "./dom.js";

const LONG = 240;

const line = (...words) => make("span", { class: "quiet rivals" }, ...words);

const short = (text) => {
  const words = text.replace(/\s+/g, " ");
  return words.length > LONG ? `${words.slice(0, LONG).trimEnd()}…` : words;
};

// The lines below a label.
export function reasons({ passage, beaten, score, examples }) {
  return [
    passage && line(`“${short(passage.text)}” (without it, the score is ${passage.score_without.toFixed(2)})`),
    beaten && line(`ahead of ${beaten.name} by ${(score - beaten.score).toFixed(2)}`),
    ...examples.map((example) => line(judged(example))),
  ].filter(Boolean);
}

function judged({ p_yes: yes, prompt, judge, at, title, similarity }) {
  const answer = prompt ? `P(yes) ${yes.toFixed(2)} by ${judge}` : `${yes > 0.5 ? "right" : "wrong"} by a person`;
  return `similar document (${similarity.toFixed(2)}): “${title}”, ${answer}, ${at.slice(0, 10)}`;
}

export function origin({ provenance, missing, language }) {
  const { run, judge, prompt, encoder } = provenance;
  const from = run ? `It comes from the run ${run}` : `Its encoder, ${encoder}, was not trained`;
  const by = judge ? `, which the judge ${judge} taught with the prompt ${prompt}` : "";
  const notes = [missing, language && `${language}.`].filter(Boolean);
  return [`${from}${by}.`, ...notes].join(" ");
}

// A button that shows why a document has its tags.
export function why(one) {
  const place = make("div", { class: "why" });
  const ask = button("why these tags?", async () => {
    if (place.childElementCount > 1) {
      place.replaceChildren(ask);
      ask.setAttribute("aria-expanded", "false");
      return ask.focus();
    }
    const told = make("div", { role: "status" }, "Reading …");
    place.append(told);
    ask.setAttribute("aria-expanded", "true");
    try {
      const found = await api.explainDocument(one.place);
      told.replaceChildren(...explained(found));
    } catch (error) {
      if (api.superseded(error)) return place.replaceChildren(ask);
      told.textContent = error.message;
    }
  }, { class: "link", "aria-expanded": "false", "aria-label": `Why these tags: ${one.title}` });
  place.append(ask);
  return place;
}

function explained(found) {
  const labels = make("ol", { class: "scored" },
    ...found.labels.map((label) =>
      make("li", { class: label.assigned ? "assigned" : "missed" },
        make("span", { class: "tag-name" }, label.name), " ",
        make("span", { class: "tag-count" },
          label.probability === null ? "" : `${Math.round(label.probability * 100)} % likely · `,
          `score ${label.score.toFixed(2)}${label.assigned ? "" : `, not assigned: ${label.because}`}`),
        ...reasons(label))));
  const other = found.tagged_by && found.tagged_by !== found.tagger
    ? `The document has its tags from the tagger ${found.tagged_by}. `
    : "";
  const tagger = `The tagger ${found.tagger} explains them. `;
  return [labels, make("p", { class: "quiet" }, other + tagger + origin(found))];
}
