// The list of records: choosing rows, keys, filters. What comes live is in livelist.js.

import { register } from "../relay/console/shortcuts.js";
import { gettext, interpolate, ngettext } from "../relay/console/words.js";
import { begin } from "./livelist.js";
import { peek } from "./peek.js";

const page = document.querySelector("#records");
const selected = document.querySelector(".records-selected");
const count = selected.querySelector("[data-selected-count]");
const all = page.querySelector("[data-select-all]");
const boxes = () => [...page.querySelectorAll("#rows input[name=id]")];

// Choosing

const showSelected = () => {
  const chosen = boxes().filter((box) => box.checked).length;
  selected.hidden = chosen === 0;
  count.textContent = interpolate(ngettext("%(count)s selected", "%(count)s selected", chosen), { count: chosen }, true);
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
};

const choose = (isChosen) => {
  for (const box of boxes()) box.checked = isChosen;
  showSelected();
};

page.addEventListener("change", (event) => {
  if (event.target === all) choose(all.checked);
  else if (event.target.name === "id") showSelected();
});
selected.querySelector("[data-select-none]").addEventListener("click", () => choose(false));

// A row is a large link

page.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-peek]");
  const row = event.target.closest("tr.record");
  if (opener) peek(row.dataset.record, row.querySelector(".cell-model .clamp").textContent, opener.dataset.peek);
  if (!row || event.target.closest("a, input, button, label") || String(getSelection())) return;
  const link = row.querySelector(".record-open");
  if (link.href && (event.ctrlKey || event.metaKey)) window.open(link.href);
  else link.click();
});

// Keys

const links = () => [...page.querySelectorAll("tr.record .record-open")];
const currentLink = () => document.activeElement?.closest("tr.record")?.querySelector(".record-open");

const step = (by) => {
  const known = links();
  const place = known.indexOf(currentLink());
  const next = known[place < 0 ? 0 : Math.min(Math.max(place + by, 0), known.length - 1)];
  next?.focus({ preventScroll: true });
  next?.closest("tr").scrollIntoView({ block: "nearest" });
};

register("j", gettext("Next record"), () => step(1));
register("k", gettext("Previous record"), () => step(-1));
register("Enter", gettext("Open the record"), () => (currentLink() ?? document.activeElement).click());
register("x", gettext("Select the record"), () => {
  const box = currentLink()?.closest("tr").querySelector("input[name=id]");
  if (!box) return;
  box.checked = !box.checked;
  showSelected();
});

// Filters: what is empty stays out of the address; a moment and a span say the same thing

const filters = document.querySelector("#filters");
filters.addEventListener("submit", () => {
  for (const field of filters.elements) if (field.name && !field.value) field.disabled = true;
});
addEventListener("pageshow", () => {
  for (const field of filters.elements) field.disabled = false;
});
filters.addEventListener("change", ({ target }) => {
  if (target.name !== "since" || !target.value) return;
  for (const other of filters.querySelectorAll("[name=since]")) if (other !== target) other.value = "";
});

// The reader's own time of day; the server's is in the title

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const isToday = (moment) => moment.toDateString() === new Date().toDateString();

const showClocks = (root) => {
  for (const time of root.querySelectorAll(".cell-time time")) {
    const moment = new Date(time.dateTime);
    time.title = `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    time.textContent = clock.format(moment);
    const second = time.closest("td").querySelector(".second");
    second.textContent = isToday(moment) ? "" : day.format(moment);
  }
};

showClocks(page);
showSelected();
if (page.dataset.live !== undefined) begin(page, { dress: showClocks, changed: showSelected });
