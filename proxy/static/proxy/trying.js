// Asks the provider as the form says, before anything is saved.

import { element } from "../relay/console/elements.js";
import { gettext } from "../relay/console/words.js";

const say = (place, kind, words) => {
  place.replaceChildren(element("p", { className: `notice-${kind}`, textContent: words }));
};

export const initialize = (form, { try: address, pk }) => {
  const button = form.querySelector("[data-try-out]");
  const place = form.querySelector("[data-try-words]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    place.replaceChildren(element("p", { className: "loading", textContent: gettext("Asking the provider…") }));
    const sent = new FormData(form);
    if (pk) sent.set("pk", pk);
    try {
      const answer = await fetch(address, { method: "POST", body: sent });
      if (!answer.ok) throw new Error(String(answer.status));
      const { is_ok: isOk, words } = await answer.json();
      say(place, isOk ? "ok" : "error", words);
    } catch {
      say(place, "error", gettext("The relay did not answer. Try again, or save and test."));
    }
    button.disabled = false;
  });
};
