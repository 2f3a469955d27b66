// Asks before something is done: data-confirm="words" on a form or on the button that sends it, with
// data-confirm-title and data-confirm-action, and data-confirm-kind="danger" for what cannot be undone.
// <button data-dialog="#id"> opens a <dialog>; a [data-close] in it closes it.

import { element } from "./elements.js";
import { gettext } from "./words.js";

const confirmed = new WeakSet();

/** Resolves to true when the reader agrees. */
export const ask = ({ title, words, action, kind }) =>
  new Promise((resolve) => {
    const name = element("h2", { textContent: title ?? gettext("Are you sure?"), id: "confirm-title" });
    const no = element("button", { type: "button", className: "button button-quiet", textContent: gettext("Cancel") });
    const yes = element("button", { type: "button", className: "button", textContent: action ?? gettext("Continue") });
    yes.classList.toggle("button-danger", kind === "danger");
    const actions = element("div", { className: "dialog-actions" }, no, yes);
    const dialog = element("dialog", { className: "dialog" }, name, element("p", { textContent: words }), actions);
    dialog.setAttribute("aria-labelledby", name.id);
    let answer = false;
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => {
      answer = true;
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });

const guard = async (event) => {
  const form = event.target;
  const asking = [event.submitter, form].find((one) => one?.dataset?.confirm);
  if (!asking || confirmed.delete(form)) return;
  event.preventDefault();
  const { confirm: words, confirmTitle: title, confirmAction: action, confirmKind: kind } = asking.dataset;
  if (!(await ask({ words, title, action, kind }))) return;
  confirmed.add(form);
  form.requestSubmit(event.submitter);
};

export const initialize = (root) => {
  root.addEventListener("submit", guard);
  root.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.querySelector(opener.dataset.dialog).showModal();
    const closer = event.target.closest("dialog [data-close]");
    if (closer) closer.closest("dialog").close();
  });
};
