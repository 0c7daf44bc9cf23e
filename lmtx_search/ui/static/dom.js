// Elements are built from text only, so that content from the cluster never becomes markup.

export const find = (id) => document.getElementById(id);

export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") element.className = value;
    else if (key === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

export const button = (text, onclick, properties = {}) =>
  make("button", { type: "button", onclick, ...properties }, text);

export const number = (value) => value.toLocaleString("en");

export const several = (count, one, many = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : many}`;

// A bar takes up a share (0 to 1) of its line.
export function bar(share) {
  const element = make("span", { class: "bar", "aria-hidden": "true" });
  element.style.setProperty("--share", String(Math.max(0, Math.min(1, share))));
  return element;
}

export function later(milliseconds, call) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), milliseconds);
  };
}

export function showProblem(message) {
  const problem = find("problem");
  problem.textContent = message;
  problem.hidden = !message;
}
