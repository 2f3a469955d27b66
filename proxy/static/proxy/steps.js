// The steps of a route in their order: buttons instead of numbers, and what each does beside it.

import { element } from "../relay/console/elements.js";
import { gettext, interpolate } from "../relay/console/words.js";

const group = document.querySelector("#steps-group");
const rows = () => [...group.querySelectorAll("tr.form-row:not(.empty-form)")];
const field = (row, name) => row.querySelector(`[name$="-${name}"]`);

const number = () => {
  const all = rows();
  all.forEach((row, place) => {
    field(row, "position").value = place;
    const [up, down] = row.querySelectorAll(".step-move button");
    if (!up) return;
    up.disabled = place === 0;
    down.disabled = place === all.length - 1;
  });
};

const move = (row, by, button) => {
  const all = rows();
  const other = all[all.indexOf(row) + by];
  if (!other) return;
  if (by < 0) other.before(row);
  else other.after(row);
  number();
  const place = rows().indexOf(row) + 1;
  announcer.textContent = interpolate(gettext("Now step %(place)s."), { place }, true);
  const next = button.disabled ? row.querySelector(".step-move button:not(:disabled)") : button;
  next?.focus();
};

const say = (row) => {
  const place = row.querySelector(".step-words");
  const told = group.parentElement.querySelector(`[data-step="${CSS.escape(field(row, "processor").value)}"] dd`);
  if (place) place.textContent = told?.textContent ?? "";
};

const dress = (row) => {
  if (row.querySelector(".step-move")) return;
  const position = field(row, "position");
  position.hidden = true;
  const buttons = [
    ["↑", -1, gettext("Earlier")],
    ["↓", 1, gettext("Later")],
  ].map(([sign, by, words]) => {
    const button = element("button", { type: "button", className: "button button-quiet button-small", textContent: sign });
    button.setAttribute("aria-label", words);
    button.addEventListener("click", () => move(row, by, button));
    return button;
  });
  position.after(element("span", { className: "step-move" }, ...buttons));
  const processor = field(row, "processor");
  processor.closest("td").append(element("span", { className: "step-words" }));
  processor.addEventListener("change", () => say(row));
  row.addEventListener("keydown", (event) => {
    const by = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    move(row, by, event.target);
  });
  say(row);
};

const announcer = element("p", { className: "visually-hidden" });

if (group) {
  announcer.setAttribute("aria-live", "polite");
  group.append(announcer);
  const all = () => {
    rows().forEach(dress);
    number();
  };
  all();
  document.addEventListener("formset:added", all);
  document.addEventListener("formset:removed", number);
}
