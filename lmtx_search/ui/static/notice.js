// Short messages at the lower edge, which go away by themselves.

import { find, later } from "./dom.js";

const clear = later(8000, () => notify("", false));

export function notify(words, bad) {
  const notice = find("said");
  notice.classList.toggle("bad", bad);
  notice.textContent = words;
  clear();
}
