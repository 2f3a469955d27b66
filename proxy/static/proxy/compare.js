// Recorded requests, asked again in two ways: gathers what is wanted and shows the calls as they end.

import { gettext, interpolate, ngettext } from "../relay/console/words.js";
import { Problem, areAlike, calls, wanted } from "./compare/asking.js";
import { Results } from "./compare/results.js";
import { texts } from "./playground/reading.js";

const form = document.getElementById("compare");
const csv = document.getElementById("csv");
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const records = read("wanted");
const found = read("found");
let results = null;
let running = null;

const say = (words) => {
  document.getElementById("problem").textContent = words;
};

const setRunning = (isRunning) => {
  document.getElementById("stop").hidden = !isRunning;
  document.getElementById("run").disabled = isRunning || found === 0;
};

/** Lines of JSON, each as soon as it is whole. */
async function* lines(stream) {
  let rest = "";
  for await (const text of texts(stream)) {
    const whole = (rest + text).split("\n");
    rest = whole.pop();
    for (const line of whole) if (line) yield JSON.parse(line);
  }
}

const post = (given) =>
  fetch(form.dataset.run, {
    method: "POST",
    redirect: "manual",
    signal: running.signal,
    headers: { "content-type": "application/json", "x-csrftoken": form.csrfmiddlewaretoken.value },
    body: JSON.stringify(given),
  });

const refusalOf = async (answer) => {
  const document = await answer.json().catch(() => null);
  return document?.error?.message ?? gettext("The relay does not answer as it should. Reload the page and try again.");
};

const follow = async (given) => {
  const answer = await post(given);
  if (!answer.ok) return say(await refusalOf(answer));
  results = new Results(given.checks, form.dataset);
  for await (const line of lines(answer.body)) results.take(line);
  if (!results.isWhole) say(gettext("The relay broke off before all calls had ended."));
};

const compare = async () => {
  say("");
  running = new AbortController();
  setRunning(true);
  try {
    await follow(wanted(form, records));
  } catch (error) {
    const isStopped = running.signal.aborted;
    if (error instanceof Problem) say(error.message);
    else if (!isStopped) say(gettext("The connection to the relay was lost. What had ended is below."));
    if (isStopped) results?.stop();
  }
  running = null;
  setRunning(false);
};

/** What it comes to at most, before it is paid for. */
const note = () => {
  for (const way of form.querySelectorAll("[data-variant]")) {
    way.querySelector(".compare-changes").hidden = way.querySelector("[name=recorded]").checked;
  }
  document.getElementById("alike").hidden = !areAlike(form);
  const count = calls(form, found);
  const words = ngettext("%(count)s call that a provider bills", "%(count)s calls that a provider bills", count);
  document.getElementById("cost-note").textContent = interpolate(words, { count }, true);
};

/** Fills the prompt of a way with that of the newest record. */
const begin = async (button) => {
  const field = button.closest("[data-variant]").querySelector("[name=system]");
  const answer = await fetch(button.dataset.prompt, { redirect: "manual" });
  if (!answer.ok) return say(gettext("The relay does not answer as it should. Reload the page and try again."));
  const { system } = await answer.json();
  say(system ? "" : gettext("No system prompt is kept of the newest record."));
  if (system) field.value = system;
  field.focus();
  note();
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!running) compare();
});
form.addEventListener("input", note);
for (const button of form.querySelectorAll("[data-prompt]")) button.addEventListener("click", () => begin(button));
document.getElementById("stop").addEventListener("click", () => running?.abort());
csv.addEventListener("submit", () => {
  csv.elements.rows.value = JSON.stringify(results?.rows ?? []);
  csv.elements.checks.value = JSON.stringify(results?.checks ?? []);
});
note();
setRunning(false);
