// <button class="copy" data-copy="text"> or data-copy-from="#id" (its value, or its text).

import { gettext } from "./words.js";

const SHOWN_MILLISECONDS = 1500;

const textOf = (button) => {
  if (button.dataset.copyFrom === undefined) return button.dataset.copy;
  const source = document.querySelector(button.dataset.copyFrom);
  return source.value ?? source.textContent;
};

// Without https and away from localhost a browser hides its clipboard; the old way still works there.
const copyByHand = (text, button) => {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  (button.closest("dialog") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus();
  if (!done) throw new Error("the browser refused");
};

export const copy = async (text, button) => {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyByHand(text, button);
};

const answer = (button, words, isDone) => {
  const label = button.querySelector("[data-copy-label]") ?? button;
  button.dataset.copyWords ??= label.textContent;
  label.textContent = words;
  button.classList.toggle("is-copied", isDone);
  clearTimeout(button.copyTimer);
  button.copyTimer = setTimeout(() => {
    label.textContent = button.dataset.copyWords;
    button.classList.remove("is-copied");
  }, SHOWN_MILLISECONDS);
};

export const initialize = (root) => {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    event.preventDefault();
    try {
      await copy(textOf(button), button);
      answer(button, gettext("Copied"), true);
    } catch {
      answer(button, gettext("Select and copy by hand"), false);
    }
  });
};
