// A call that goes on, seen in a dialog beside the list.

import { element } from "../relay/console/elements.js";
import { gettext } from "../relay/console/words.js";
import { follow } from "./answer.js";

export const peek = (id, title, address) => {
  const name = element("h2", { textContent: title, id: "peek-title" });
  const answer = element("div", {});
  const open = element("a", { className: "button", href: address, textContent: gettext("Open the record"), hidden: true });
  const close = element("button", { type: "button", className: "button button-quiet", textContent: gettext("Close") });
  const actions = element("div", { className: "dialog-actions" }, close, open);
  const dialog = element("dialog", { className: "dialog peek" }, name, answer, actions);
  dialog.setAttribute("aria-labelledby", name.id);
  const leave = follow(answer, id, {
    ended: (isRecorded) => {
      open.hidden = !isRecorded;
      answer.firstElementChild.textContent = isRecorded
        ? gettext("It is over: its record has all of it.")
        : gettext("It is over. Its record is not there yet: look for it in the list.");
    },
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    leave();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
};
