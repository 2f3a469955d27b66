// The page of a call that goes on: its answer as it is written, until its record takes the place of this page.

import { gettext } from "../relay/console/words.js";
import { follow } from "./answer.js";

const root = document.querySelector("[data-open-call]");
const state = root.querySelector("[data-state]");
const elapsed = root.querySelector("[data-elapsed]");

const tick = () => {
  const seconds = (Date.now() - Number(elapsed.dataset.elapsed)) / 1000;
  elapsed.textContent = `${Math.max(seconds, 0).toFixed(1)} s`;
};
const timer = elapsed && setInterval(tick, 100);

follow(root.querySelector("[data-answer]"), root.dataset.openCall, {
  ended: (isRecorded) => {
    clearInterval(timer);
    if (isRecorded) location.reload();
    else state.textContent = gettext("There is no record of it");
  },
});
