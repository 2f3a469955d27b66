// The page of one record: parts that come when they are asked for, and JSON as a tree.

import { copy } from "../relay/console/copying.js";
import { element } from "../relay/console/elements.js";
import { gettext } from "../relay/console/words.js";
import { initialize as trees } from "./jsontree.js";

const COPIED_MILLISECONDS = 1500;

const fetchText = async (address) => {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
};

const say = (button, words) => {
  button.dataset.words ??= button.textContent;
  button.textContent = words;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => (button.textContent = button.dataset.words), COPIED_MILLISECONDS);
};

// What comes is sanitised by the relay; the parser makes a document of its own of it, in which nothing runs.
const show = (target, html) => {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  target.replaceChildren(...parsed.body.childNodes);
  addCopies(target);
};

const addCopies = (root) => {
  for (const block of root.querySelectorAll(".markdown pre, pre[data-language]")) {
    if (block.querySelector(".copy")) continue;
    const button = element("button", { type: "button", className: "copy", textContent: gettext("Copy") });
    button.dataset.code = "";
    block.append(button);
  }
};

const showAll = async (button, tools) => {
  const target = document.getElementById(tools.dataset.for);
  if (target.matches("pre")) target.textContent = await fetchText(tools.dataset.part);
  else show(target, await fetchText(`${tools.dataset.part}?shown`));
  button.remove();
};

const showRaw = async (button, tools) => {
  const target = document.getElementById(tools.dataset.for);
  if (target.hidden) {
    target.hidden = false;
    target.parentElement.querySelector(":scope > .part-raw").remove();
    button.textContent = gettext("Raw");
    return;
  }
  const text = await fetchText(tools.dataset.part);
  const raw = element("pre", { className: "code wrap part-raw", dir: "auto", tabIndex: 0, textContent: text });
  target.hidden = true;
  tools.before(raw);
  button.textContent = gettext("Rendered");
};

const ACTIONS = [
  ["[data-part-all]", showAll],
  ["[data-part-raw]", showRaw],
  [
    "[data-part-copy]",
    async (button, tools) => {
      await copy(await fetchText(tools.dataset.part), button);
      say(button, gettext("Copied"));
    },
  ],
];

const act = async (event) => {
  for (const [selector, action] of ACTIONS) {
    const button = event.target.closest(selector);
    if (!button) continue;
    event.preventDefault();
    try {
      await action(button, button.closest("[data-part]"));
    } catch {
      say(button, gettext("It could not be loaded"));
    }
  }
  const code = event.target.closest("pre > [data-code]");
  if (code) {
    await copy(code.parentElement.querySelector("code").textContent, code);
    say(code, gettext("Copied"));
  }
};

// On a phone the tabs are wider than the window.
const chosen = document.querySelector(".tabs [aria-current]");
if (chosen) chosen.parentElement.scrollLeft = chosen.offsetLeft - chosen.parentElement.offsetLeft - chosen.offsetWidth;
document.addEventListener("click", act);
addCopies(document);
trees(document);
