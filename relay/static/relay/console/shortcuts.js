// Keys of the page and the overlay that lists them. `register("j", words, act)`; two keys one after the other are
// written "g l". Links and buttons may say theirs: data-shortcut="g l", listed by data-shortcut-words or their text.

import { element } from "./elements.js";
import { gettext } from "./words.js";

const PATIENCE_MILLISECONDS = 1200;

const known = new Map();
let begun = "";
let timer = 0;

export const register = (keys, words, act) => {
  known.set(keys, { words, act });
};

const isWriting = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

const hear = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const keys = begun ? `${begun} ${event.key}` : event.key;
  const found = known.get(keys) ?? known.get(event.key);
  clearTimeout(timer);
  begun = "";
  if (found) {
    event.preventDefault();
    found.act(event);
  } else if ([...known.keys()].some((candidate) => candidate.startsWith(`${event.key} `))) {
    begun = event.key;
    timer = setTimeout(() => (begun = ""), PATIENCE_MILLISECONDS);
  }
};

export const showOverlay = () => {
  const list = element("dl", { className: "shortcuts" });
  for (const [keys, { words }] of known) {
    const caps = keys.split(" ").flatMap((key, place) => [...(place ? [" "] : []), element("kbd", { textContent: key })]);
    list.append(element("dt", {}, ...caps), element("dd", { textContent: words }));
  }
  const close = element("button", { className: "button button-quiet", textContent: gettext("Close") });
  const title = element("h2", { textContent: gettext("Keyboard shortcuts"), id: "shortcuts-title" });
  const dialog = element("dialog", { className: "dialog" }, title, list, element("div", { className: "dialog-actions" }, close));
  dialog.setAttribute("aria-labelledby", title.id);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
};

export const initialize = (root) => {
  for (const target of root.querySelectorAll("[data-shortcut]")) {
    register(target.dataset.shortcut, target.dataset.shortcutWords ?? target.textContent.trim(), () => target.click());
  }
  const search = root.querySelector("#searchbar, input[type=search]");
  if (search) register("/", gettext("Search"), () => search.focus());
  register("?", gettext("This overview"), showOverlay);
  for (const opener of root.querySelectorAll("[data-shortcuts]")) opener.addEventListener("click", showOverlay);
  document.addEventListener("keydown", hear);
};
