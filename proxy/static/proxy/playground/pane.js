// One model and its answer. What a model says is text, and is shown as nothing else.

import { copy } from "../../relay/console/copying.js";
import { element } from "../../relay/console/elements.js";
import { gettext } from "../../relay/console/words.js";
import { Answer, events, failureOf } from "./reading.js";

const LOOK_MILLISECONDS = 700;
const MOST_LOOKS = 40;
const COMPARED = ["latency_ms", "ttft_ms", "cost_nanos"];

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const since = (began) => `${((performance.now() - began) / 1000).toFixed(2)} s`;

const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const wordsOf = (text) => {
  try {
    return failureOf(JSON.parse(text));
  } catch {
    return text.slice(0, 1000);
  }
};

export class Pane {
  facts = null; // what the record says of the last answer
  #answer = new Answer();

  constructor({ model = "", provider = "", system = "" }, { onContinue }) {
    this.root = document.getElementById("pane").content.firstElementChild.cloneNode(true);
    this.model = model;
    this.system = system;
    const field = this.#find("provider");
    if ([...field.options].some((option) => option.value === provider)) field.value = provider;
    this.#find("continue").addEventListener("click", () => onContinue(this.#answer.text));
    this.#find("copy").addEventListener("click", async (event) => {
      const label = event.currentTarget.querySelector("[data-copy-label]");
      const was = label.textContent;
      await copy(this.#answer.text, event.currentTarget);
      label.textContent = gettext("Copied");
      setTimeout(() => (label.textContent = was), 1200);
    });
  }

  get model() {
    return this.#find("model").value.trim();
  }

  set model(name) {
    this.#find("model").value = name;
  }

  get provider() {
    return this.#find("provider").value;
  }

  get system() {
    return this.#find("system").value;
  }

  set system(text) {
    this.#find("system").value = text;
  }

  focus() {
    this.#find("model").focus();
  }

  /** Until the answer is over. What the record says comes later: then `onFacts` is called. */
  async run(send, signal, addressOf, onFacts) {
    this.#clear();
    const began = performance.now();
    let id = null;
    try {
      const response = await send(signal);
      id = response.headers.get("x-relay-request-id");
      await this.#read(response, began);
    } catch (error) {
      if (signal.aborted) this.#say(gettext("Stopped."));
      else this.#fail(`${gettext("The answer broke off:")} ${error.message}`);
    }
    this.#draw();
    this.#find("actions").hidden = false;
    if (id) this.#look(addressOf(id), onFacts);
  }

  async #read(response, began) {
    if (response.type === "opaqueredirect") return this.#fail(gettext("You are signed out. Reload the page."));
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
      await this.#stream(response, began);
    } else {
      const text = await response.text();
      if (!response.ok) return this.#fail(`${wordsOf(text)} · HTTP ${response.status}`);
      this.#answer.take(JSON.parse(text));
    }
    const { failure, finish, isWhole } = this.#answer;
    if (failure) return this.#fail(failure);
    if (!isWhole) return this.#fail(gettext("The answer broke off before its end."));
    this.#say(`${gettext("Done in")} ${since(began)}${finish && finish !== "stop" ? ` · ${finish}` : ""}`);
  }

  async #stream(response, began) {
    let isFirst = true;
    let isDue = false;
    for await (const data of events(response.body)) {
      this.#answer.hear(data);
      if (isFirst && !this.#answer.isEmpty) {
        isFirst = false;
        this.#say(`${gettext("First token after")} ${since(began)}`);
      }
      if (isDue) continue;
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        this.#draw();
      });
    }
  }

  #draw() {
    const { text, thoughts, calls } = this.#answer;
    const shown = this.#find("answer");
    const isAtEnd = shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 8;
    shown.textContent = text;
    if (isAtEnd) shown.scrollTop = shown.scrollHeight;
    this.#find("thoughts").hidden = !thoughts;
    this.#find("thoughts").querySelector(".pane-text").textContent = thoughts;
    const drawn = calls.filter(Boolean).map(({ name, input }) => {
      const head = element("span", { className: "badge badge-info", textContent: `${gettext("calls")} ${name}` });
      return element("div", {}, head, element("pre", { className: "code wrap", textContent: pretty(input), tabIndex: 0 }));
    });
    this.#find("calls").replaceChildren(...drawn);
  }

  /** The recorder is a second behind. */
  async #look(address, onFacts) {
    const answer = this.#answer;
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      await pause(LOOK_MILLISECONDS);
      if (answer !== this.#answer) return;
      const response = await fetch(address, { redirect: "manual" });
      if (!response.ok || answer !== this.#answer) return;
      const found = await response.json();
      if (!found.is_recorded) continue;
      this.facts = found;
      this.#show(found);
      onFacts();
      return;
    }
  }

  #show({ latency, ttft, cost, provider, outcome, link, prompt_tokens: prompt, completion_tokens: completion, is_estimated: isEstimated }) {
    const tokens = prompt === null ? "–" : `${isEstimated ? "≈ " : ""}${prompt} + ${completion ?? 0}`;
    const rows = [
      [gettext("Latency"), latency, "latency_ms"],
      [gettext("First token"), ttft, "ttft_ms"],
      [gettext("Tokens"), tokens, ""],
      [gettext("Cost"), cost, "cost_nanos"],
      [gettext("Provider"), provider || "–", ""],
      [gettext("Outcome"), outcome, ""],
    ];
    const drawn = rows.map(([name, value, figure]) => {
      const shown = element("dd", { textContent: value });
      shown.dataset.figure = figure;
      return element("div", {}, element("dt", { textContent: name }), shown);
    });
    this.#find("facts").replaceChildren(...drawn);
    this.#find("record").href = link;
    this.#find("record").hidden = false;
  }

  #clear() {
    this.#answer = new Answer();
    this.facts = null;
    this.#draw();
    this.#find("facts").replaceChildren();
    for (const name of ["failure", "actions", "record"]) this.#find(name).hidden = true;
    this.#say(gettext("Waiting for the answer…"));
  }

  #say(words) {
    this.#find("state").textContent = words;
  }

  #fail(words) {
    this.#say("");
    this.#find("failure").hidden = false;
    this.#find("failure").querySelector("p").textContent = words;
  }

  #find(name) {
    return this.root.querySelector(`.pane-${name}`);
  }
}

/** Marks the better figure of two answers. */
export const rank = (panes) => {
  if (panes.length < 2 || panes.some((pane) => pane.facts === null)) return;
  for (const figure of COMPARED) {
    const values = panes.map((pane) => pane.facts[figure]);
    const best = Math.min(...values);
    const isTold = values.every((value) => value !== null) && values.some((value) => value !== best);
    panes.forEach((pane, place) => {
      pane.root.querySelector(`[data-figure="${figure}"]`)?.classList.toggle("is-best", isTold && values[place] === best);
    });
  }
};
