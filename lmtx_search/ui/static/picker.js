// Finds a label by its first letters: the combobox of the ARIA Authoring Practices.

import * as api from "./api.js";
import { button, later, make } from "./dom.js";

let made = 0;

const short = (text) => (text.length > 90 ? `${text.slice(0, 90).trimEnd()}…` : text);

export function picker(title, choose, close) {
  const id = `labels-${++made}`;
  const list = make("ul", { id, role: "listbox", "aria-label": "Labels", class: "options", hidden: true });
  const input = make("input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list",
    "aria-label": `Missing tag of ${title}`, placeholder: "type a label",
  });
  const notice = make("span", { class: "quiet", role: "status" });
  const element = make("div", { class: "picker" }, input, button("cancel", close), notice, list);
  let found = [], at = -1;

  function mark(place) {
    at = place;
    for (const [number, option] of [...list.children].entries()) {
      option.setAttribute("aria-selected", String(number === at));
      if (number === at) option.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${id}-${at}`);
  }

  function show(labels) {
    found = labels;
    list.replaceChildren(...labels.map((label, number) =>
      make("li", { id: `${id}-${number}`, role: "option", onclick: () => choose(label) },
        label.name,
        label.description ? make("span", { class: "quiet" }, ` ${short(label.description)}`) : null)));
    list.hidden = !labels.length;
    input.setAttribute("aria-expanded", String(labels.length > 0));
    notice.textContent =
      labels.length || !input.value.trim() ? "" : "No label contains these words.";
    mark(labels.length ? 0 : -1);
  }

  const look = later(40, async () => {
    try {
      show((await api.labels(input.value)).labels);
    } catch (error) {
      if (!api.superseded(error)) notice.textContent = error.message;
    }
  });
  input.addEventListener("input", () => {
    mark(-1); // Enter must not choose a label that was found for earlier words
    look();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && at >= 0) choose(found[at]);
    else if (event.key === "ArrowDown" && found.length) mark((at + 1) % found.length);
    else if (event.key === "ArrowUp" && found.length) mark((at + found.length - 1) % found.length);
    else return;
    event.preventDefault();
  });
  return { element, focus: () => input.focus() };
}
