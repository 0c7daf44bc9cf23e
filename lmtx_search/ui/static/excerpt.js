// The beginning of a document's text, with a button for the rest.

import { button, make } from "./dom.js";

const LONG = 280;

export function excerpt(whole) {
  const words = whole.replace(/\s+/g, " ");
  const start = words.length > LONG ? `${words.slice(0, LONG).trimEnd()}… ` : words;
  const shown = make("p", { class: "text" }, start);
  if (start === words) return shown;
  const more = button("more", () => {
    const open = more.getAttribute("aria-expanded") === "true";
    shown.firstChild.data = open ? start : `${whole} `;
    shown.classList.toggle("whole", !open);
    more.setAttribute("aria-expanded", String(!open));
    more.textContent = open ? "more" : "less";
  }, { class: "link", "aria-expanded": "false" });
  shown.append(more);
  return shown;
}
