// The playground: gathers a question, sends it to one or two models, and shows what comes.

import { copy } from "../relay/console/copying.js";
import { element } from "../relay/console/elements.js";
import { gettext } from "../relay/console/words.js";
import { Problem, body, keep, open, restore } from "./playground/asking.js";
import { addMessage, initialize as messages } from "./playground/messages.js";
import { Pane, rank } from "./playground/pane.js";

const form = document.getElementById("playground");
const panes = [];
let running = null;

const addPane = (values = {}) => {
  const pane = new Pane(values, {
    onContinue: (text) => {
      addMessage({ role: "assistant", text });
      addMessage({ role: "user", text: "" }).focus();
      keep(form, panes);
    },
  });
  panes.push(pane);
  document.getElementById("panes").append(pane.root);
};

/** Two sides begin alike, each with a prompt of its own; what one of them has is changed then. */
const compare = (isWanted) => {
  document.getElementById("compare").setAttribute("aria-pressed", String(isWanted));
  form.classList.toggle("is-comparing", isWanted);
  if (isWanted && panes.length < 2) {
    panes[0].system = form.system.value;
    const [{ model, provider, system }] = panes;
    addPane({ model, provider, system });
  }
  if (!isWanted && panes.length > 1) {
    form.system.value = panes[0].system;
    while (panes.length > 1) panes.pop().root.remove();
  }
  look();
};

const isComparing = () => panes.length > 1;
const systemOf = (pane) => (isComparing() ? pane.system : form.system.value);

/** Of two sides that ask the same one is told before it is paid for. */
const look = () => {
  const [one, other] = panes.map(({ model, provider, system }) => JSON.stringify([model, provider, system.trim()]));
  document.getElementById("alike").hidden = one !== other || !panes[0].model;
};

const say = (words) => {
  document.getElementById("problem").textContent = words;
};

const post = (address, given, signal) =>
  fetch(address, {
    method: "POST",
    redirect: "manual",
    signal,
    headers: { "content-type": "application/json", "x-csrftoken": form.csrfmiddlewaretoken.value },
    body: JSON.stringify(given),
  });

/** The request of a pane; what is wrong with it is shown where it was written. */
const asked = (pane) => {
  say("");
  for (const place of form.querySelectorAll(".playground-problem")) place.textContent = "";
  try {
    return body(form, { model: pane.model, system: systemOf(pane) });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    const place = document.getElementById(problem.place) ?? document.getElementById("problem");
    place.closest("details")?.setAttribute("open", "");
    place.textContent = problem.message;
    if (problem.place === "model") pane.focus();
    return null;
  }
};

const setRunning = (isRunning) => {
  document.getElementById("stop").hidden = !isRunning;
  document.getElementById("send").disabled = isRunning;
};

const send = async () => {
  if (running) return;
  const questions = panes.map((pane) => [pane, asked(pane)]);
  if (questions.some(([, request]) => request === null)) return;
  running = new AbortController();
  setRunning(true);
  const key = form.key.value;
  await Promise.all(
    questions.map(([pane, request]) =>
      pane.run(
        (signal) => post(form.dataset.send, { key, provider: pane.provider || null, body: request }, signal),
        running.signal,
        (id) => `${form.dataset.result}?id=${encodeURIComponent(id)}`,
        () => rank(panes),
      ),
    ),
  );
  running = null;
  setRunning(false);
};

const copyAs = async (button) => {
  const request = asked(panes[0]);
  if (request === null) return;
  const answer = await post(`${form.dataset.program}?language=${button.dataset.language}`, { body: request });
  if (!answer.ok) return say(gettext("The program could not be written. Reload the page and try again."));
  await copy(await answer.text(), button);
  const was = button.textContent;
  button.textContent = gettext("Copied");
  setTimeout(() => {
    button.textContent = was;
    document.getElementById("programs").open = false;
  }, 900);
};

const listModels = async () => {
  const answer = await fetch(`${form.dataset.models}?key=${encodeURIComponent(form.key.value)}`, { redirect: "manual" });
  const { models, usual } = answer.ok ? await answer.json() : { models: [], usual: "" };
  document.getElementById("models").replaceChildren(...models.map((value) => element("option", { value })));
  for (const pane of panes) pane.model ||= usual;
  look();
};

const given = document.getElementById("given");
const kept = given ? open(form, JSON.parse(given.textContent)) : restore(form);
messages(kept?.messages);
for (const values of kept?.panes ?? [{}]) addPane(values);
compare(panes.length > 1);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  send();
});
form.addEventListener("input", () => {
  keep(form, panes);
  look();
});
form.key.addEventListener("change", listModels);
document.getElementById("stop").addEventListener("click", () => running?.abort());
document.getElementById("compare").addEventListener("click", (event) => {
  compare(event.currentTarget.getAttribute("aria-pressed") !== "true");
  keep(form, panes);
});
document.getElementById("programs").addEventListener("click", (event) => {
  const button = event.target.closest("[data-language]");
  if (button) copyAs(button);
});
if (form.key.value) listModels();
