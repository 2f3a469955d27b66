// JSON as a tree that is drawn as far as it is opened: <section data-json="address" data-size="bytes">.
// What is too large for a page is drawn only when the reader insists.

import { copy } from "../relay/console/copying.js";
import { element } from "../relay/console/elements.js";
import { gettext, interpolate } from "../relay/console/words.js";

const LARGE_BYTES = 2_000_000;
const CHILDREN = 200; // drawn at once
const LONG_TEXT = 2000;
const GLIMPSE = 80;
const OPEN_DEPTH = 2;
const MOST_UNFOLDED = 3000;
const MOST_FOUND = 200;

// A number that a double cannot hold keeps its digits.
class Digits {
  constructor(text) {
    this.text = text;
  }
}

const parse = (text) =>
  JSON.parse(text, (key, value, context) => {
    const isInexact = typeof value === "number" && context?.source && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source);
    return isInexact ? new Digits(context.source) : value;
  });

const isBranch = (value) => value !== null && typeof value === "object" && !(value instanceof Digits);
const entriesOf = (value) => (Array.isArray(value) ? value.map((each, place) => [place, each]) : Object.entries(value));

const label = (name) => (name === null ? [] : [element("span", { className: "json-name", textContent: String(name) }), ": "]);

const hint = (value) => {
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  return Array.isArray(value) ? `[${count}]` : `{${count}}`;
};

// The first words of a branch, so that one need not open it to see what it is.
const glimpse = (value) => {
  const said = Object.values(value).filter((each) => typeof each === "string" && each);
  return said.slice(0, 2).join(" · ").slice(0, GLIMPSE);
};

const written = (value) => {
  if (value instanceof Digits) return ["json-number", value.text];
  if (typeof value === "string") return ["json-string", JSON.stringify(value)];
  if (typeof value === "number") return ["json-number", String(value)];
  return ["json-word", String(value)];
};

const leaf = (name, value) => {
  const [className, text] = written(value);
  const shown = element("span", { className, textContent: text.slice(0, LONG_TEXT) });
  const line = element("div", { className: "json-leaf" }, ...label(name), shown);
  if (text.length > LONG_TEXT) {
    const words = interpolate(gettext("%(count)s more characters"), { count: text.length - LONG_TEXT }, true);
    const more = element("button", { type: "button", className: "button button-quiet button-small", textContent: words });
    more.addEventListener("click", () => {
      shown.textContent = text;
      more.remove();
    });
    line.append(" ", more);
  }
  return line;
};

const grow = (branch, children, from = 0) => {
  for (const [name, value] of children.slice(from, from + CHILDREN)) branch.append(node(name, value));
  const rest = children.length - from - CHILDREN;
  if (rest <= 0) return;
  const words = interpolate(gettext("%(count)s more"), { count: rest }, true);
  const more = element("button", { type: "button", className: "button button-quiet button-small json-more", textContent: words });
  more.addEventListener("click", () => {
    more.remove();
    grow(branch, children, from + CHILDREN);
  });
  branch.append(more);
};

const unfold = (branch) => {
  branch.open = true;
  branch.draw?.();
};

const node = (name, value) => {
  if (!isBranch(value)) return leaf(name, value);
  const summary = element("summary", {}, ...label(name), element("span", { className: "json-hint", textContent: `${hint(value)} ${glimpse(value)}` }));
  const branch = element("details", {}, summary);
  branch.draw = () => {
    branch.draw = null;
    grow(branch, entriesOf(value));
  };
  branch.addEventListener("toggle", () => branch.open && branch.draw?.());
  return branch;
};

const unfoldAll = (tree, most, depth = Infinity) => {
  let left = most;
  let level = [...tree.querySelectorAll(":scope > details")];
  for (let at = 0; at < depth && level.length && left > 0; at += 1) {
    level.slice(0, left).forEach(unfold);
    left -= level.length;
    level = level.flatMap((branch) => [...branch.querySelectorAll(":scope > details")]);
  }
};

// Where a text stands: paths of names, found without drawing anything.
const find = (root, words) => {
  const found = [];
  const todo = [[root, []]];
  while (todo.length && found.length < MOST_FOUND) {
    const [value, path] = todo.shift();
    for (const [name, each] of entriesOf(value)) {
      const here = [...path, name];
      const text = isBranch(each) ? "" : written(each)[1];
      if (String(name).toLowerCase().includes(words) || text.toLowerCase().includes(words)) found.push(here);
      if (isBranch(each)) todo.push([each, here]);
      if (found.length >= MOST_FOUND) break;
    }
  }
  return found;
};

// The element at a path; lists that are drawn in portions are drawn that far.
const reach = (tree, root, path) => {
  let branch = tree.querySelector(":scope > details");
  let value = root;
  let target = null;
  for (const name of path) {
    unfold(branch);
    const place = entriesOf(value).findIndex(([each]) => each === name);
    while (branch.children.length - 1 <= place + 1 && branch.lastElementChild.matches(".json-more")) branch.lastElementChild.click();
    target = branch.children[place + 1];
    branch = target;
    value = value[name];
  }
  return target;
};

class View {
  constructor(section) {
    this.section = section;
    this.tree = section.querySelector(".json-tree");
    this.search = section.querySelector(".json-search");
    this.found = section.querySelector(".json-found");
    this.place = -1;
    section.querySelector("[data-json-copy]").addEventListener("click", (event) => this.copy(event.currentTarget));
    if (Number(section.dataset.size) > LARGE_BYTES) this.hesitate();
    else this.load();
  }

  hesitate() {
    const size = (Number(this.section.dataset.size) / 1_000_000).toFixed(1);
    const words = interpolate(gettext("This body has %(size)s MB. Files and vectors are left out of the view."), { size }, true);
    const button = element("button", { type: "button", className: "button button-quiet", textContent: gettext("Show it") });
    button.addEventListener("click", () => this.load());
    this.tree.replaceChildren(element("div", { className: "empty" }, element("p", { textContent: words }), button));
  }

  async load() {
    this.tree.replaceChildren(element("p", { className: "loading", textContent: gettext("Loading") }));
    try {
      const answer = await fetch(this.section.dataset.json, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      this.draw(await answer.text(), answer.headers.get("content-type"));
    } catch {
      this.tree.replaceChildren(element("p", { className: "quiet", textContent: gettext("It could not be loaded.") }));
    }
  }

  draw(text, contentType) {
    if (!contentType.startsWith("application/json")) {
      this.drawText(text);
      return;
    }
    this.root = parse(text);
    this.tree.replaceChildren(node(null, this.root));
    unfoldAll(this.tree, MOST_UNFOLDED, OPEN_DEPTH);
    if (isBranch(this.root)) this.enable();
  }

  drawText(text) {
    const shown = element("pre", { textContent: text.slice(0, LARGE_BYTES), dir: "auto" });
    this.tree.replaceChildren(shown);
    if (text.length > LARGE_BYTES) this.tree.append(element("p", { className: "quiet", textContent: gettext("The rest is in the download.") }));
  }

  enable() {
    const [all, none] = ["[data-json-unfold]", "[data-json-fold]"].map((name) => this.section.querySelector(name));
    for (const control of [this.search, all, none]) control.disabled = false;
    all.addEventListener("click", () => unfoldAll(this.tree, MOST_UNFOLDED));
    none.addEventListener("click", () => {
      for (const branch of this.tree.querySelectorAll("details details")) branch.open = false;
    });
    this.search.addEventListener("input", () => this.look());
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.step(event.shiftKey ? -1 : 1);
    });
  }

  look() {
    const words = this.search.value.trim().toLowerCase();
    this.paths = words ? find(this.root, words) : [];
    this.place = -1;
    if (words && this.paths.length) this.step(1);
    else {
      this.mark(null);
      this.found.textContent = words ? gettext("Nothing found") : "";
    }
  }

  step(by) {
    if (!this.paths?.length) return;
    this.place = (this.place + by + this.paths.length) % this.paths.length;
    this.mark(reach(this.tree, this.root, this.paths[this.place]));
    const more = this.paths.length === MOST_FOUND ? "+" : "";
    this.found.textContent = `${this.place + 1} / ${this.paths.length}${more}`;
  }

  mark(target) {
    this.tree.querySelector(".is-found")?.classList.remove("is-found");
    if (!target) return;
    target.classList.add("is-found");
    target.scrollIntoView({ block: "nearest" });
  }

  async copy(button) {
    const answer = await fetch(`${this.section.dataset.json}?whole`, { credentials: "same-origin" });
    await copy(await answer.text(), button);
    const words = button.textContent;
    button.textContent = gettext("Copied");
    setTimeout(() => (button.textContent = words), 1500);
  }
}

export const initialize = (root) => {
  for (const section of root.querySelectorAll("[data-json]")) new View(section);
};
