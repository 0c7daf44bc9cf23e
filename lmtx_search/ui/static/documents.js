// The page of documents. The address holds the search and the chosen tags, so that Back works.

import * as api from "./api.js";
import { card } from "./card.js";
import { bar, button, find, make, number, several, showProblem } from "./dom.js";
import { showVisitor } from "./visitor.js";

const FEW = 30, MANY = 1000;

// null if the server does not say who it is
const visitor = showVisitor().catch((error) => {
  showProblem(error.message);
  return null;
});

const state = { query: "", tags: [], size: FEW, shown: 0, names: {} };

// The reader's name of a tag. Links and filters hold the tag itself.
const named = (tag) => (Object.hasOwn(state.names, tag) ? state.names[tag] : tag);

function read() {
  const parameters = new URLSearchParams(location.search);
  state.query = parameters.get("q") ?? "";
  state.tags = parameters.getAll("tag");
  state.size = FEW;
  find("query").value = state.query;
}

function go(query, tags) {
  const parameters = new URLSearchParams();
  if (query) parameters.set("q", query);
  for (const tag of tags) parameters.append("tag", tag);
  history.pushState(null, "", parameters.size ? `/?${parameters}` : "/");
  read();
  return load();
}

const toggle = (tag) =>
  go(
    state.query,
    state.tags.includes(tag) ? state.tags.filter((one) => one !== tag) : [...state.tags, tag],
  );

async function load(start = 0) {
  const results = find("results");
  results.setAttribute("aria-busy", "true");
  try {
    const found = await api.documents(state.query, state.tags, start, state.size);
    const reader = await visitor;
    showProblem("");
    show(found, start, reader);
  } catch (error) {
    if (api.superseded(error)) return;
    showProblem(error.message);
    find("count").textContent = "";
  }
  results.removeAttribute("aria-busy");
}

function show(found, start, reader) {
  state.names = found.names;
  find("index").textContent = `· ${found.index}`;
  const of = [];
  if (state.query) of.push(`for “${state.query}”`);
  if (state.tags.length) of.push(`with ${state.tags.map((tag) => `“${named(tag)}”`).join(" and ")}`);
  find("count").textContent = [several(found.documents, "document"), ...of].join(" ");
  showTags(found);
  showChosen();
  const open = Object.entries(found.statuses).filter(([status]) => status !== "tagged");
  find("states").textContent = open
    .map(([status, count]) => `${several(count, "document")} ${status}`)
    .join(", ");
  if (start === 0) find("notes").textContent = found.notes.join(" ");
  const list = find("documents");
  if (start === 0) list.replaceChildren();
  const cards = found.found.map((one) => card(one, toggle, found.names, reader));
  list.append(...cards);
  state.shown = start + cards.length;
  find("more").hidden = state.shown >= found.documents || !cards.length;
  if (start > 0) cards[0]?.querySelector("h2").focus();
}

function showTags(found) {
  const list = find("tags");
  // The keyboard focus stays on its tag when the list is rebuilt.
  const focused = list.contains(document.activeElement)
    ? document.activeElement.dataset.tag
    : undefined;
  const most = Math.max(1, ...found.tags.map(({ count }) => count));
  list.replaceChildren(
    ...found.tags.map(({ tag, count }) =>
      make("li", {},
        button("", () => toggle(tag), {
          "aria-pressed": String(state.tags.includes(tag)),
          "data-tag": tag,
        })),
    ),
  );
  for (const [at, { tag, count }] of found.tags.entries()) {
    const own = list.children[at].firstChild;
    own.append(
      make("span", { class: "tag-name" }, named(tag)), " ",
      make("span", { class: "tag-count" }, number(count)),
      make("span", { class: "hidden" }, count === 1 ? " document" : " documents"),
      bar(count / most),
    );
    if (tag === focused) own.focus();
  }
  const rest = found.other > 0;
  find("other").textContent = found.tags.length
    ? rest ? `and other tags ${several(found.other, "time")}` : ""
    : "No document here has a tag.";
  find("more-tags").hidden = !rest || state.size === MANY;
}

function showChosen() {
  find("chosen").replaceChildren(
    ...state.tags.map((tag) =>
      make("li", {},
        button(named(tag), () => toggle(tag), { "aria-label": `Remove the filter ${named(tag)}` }))),
  );
}

find("search").addEventListener("submit", (event) => {
  event.preventDefault();
  go(find("query").value.trim(), state.tags);
});
find("more").addEventListener("click", () => load(state.shown));
find("more-tags").addEventListener("click", () => {
  state.size = MANY;
  load();
});
addEventListener("popstate", () => {
  read();
  load();
});
find("facets").open = matchMedia("(min-width: 50rem)").matches;
read();
load();
