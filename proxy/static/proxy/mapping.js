// The models of a provider as rows instead of JSON. The field with the JSON stays what is sent, and what is edited
// where no script runs.

import { element } from "../relay/console/elements.js";
import { gettext } from "../relay/console/words.js";

const PAUSE_MILLISECONDS = 300;

const parse = (text) => {
  try {
    const given = JSON.parse(text || "{}");
    return given && typeof given === "object" && !Array.isArray(given) ? given : null;
  } catch {
    return null;
  }
};

// A value is a name, or an object with a name among what else is known of the model.
const apart = (value) => {
  if (typeof value === "string") return { to: value, more: "" };
  const { mapped_model: to = "*", ...more } = value ?? {};
  return { to, more: Object.keys(more).length ? JSON.stringify(more) : "" };
};

const together = ({ to, more }) => {
  if (!more.trim()) return to || "*";
  return { mapped_model: to || "*", ...JSON.parse(more) };
};

class Editor {
  constructor(form, field, address) {
    this.form = form;
    this.field = field;
    this.address = address;
    this.rows = element("ul", { className: "mapping-rows" });
    this.none = element("p", {
      className: "mapping-empty",
      textContent: gettext("No rules: it takes every model, each under its own name."),
    });
    this.add = element("button", {
      type: "button",
      className: "button button-quiet button-small",
      textContent: gettext("Add a model"),
    });
    this.probe = element("input", { type: "text", id: "mapping-probe", placeholder: "gpt-4o" });
    this.answer = element("output", { htmlFor: "mapping-probe" });
    this.whole = element("p", { className: "mapping-wrong" });
    this.add.addEventListener("click", () => {
      this.append("", { to: "", more: "" }).querySelector("input").focus();
      this.changed();
    });
    this.probe.addEventListener("input", () => this.judgeSoon());
    this.probe.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  }

  show(place) {
    const label = element("label", { htmlFor: this.probe.id, textContent: gettext("Try a name:") });
    const test = element("p", { className: "mapping-test" }, label, this.probe, this.answer);
    this.view = element("div", { className: "mapping" }, this.none, this.rows, this.add, this.whole, test);
    place.append(this.view);
    this.read();
  }

  read() {
    this.rows.replaceChildren();
    for (const [from, value] of Object.entries(parse(this.field.value) ?? {})) this.append(from, apart(value));
    this.count();
    this.judgeSoon();
  }

  append(from, { to, more }) {
    const input = (className, value, words, hint) => {
      const made = element("input", { type: "text", className, value, placeholder: hint, spellcheck: false });
      made.setAttribute("aria-label", words);
      made.addEventListener("input", () => this.changed());
      return made;
    };
    const arrow = element("span", { className: "mapping-arrow", textContent: "→" });
    arrow.setAttribute("aria-hidden", "true");
    const gone = element("button", { type: "button", className: "button button-quiet button-small", textContent: "×" });
    gone.setAttribute("aria-label", gettext("Remove this rule"));
    const row = element(
      "li",
      {},
      input("mapping-from", from, gettext("Asked name or pattern"), "gpt-*"),
      arrow,
      input("mapping-to", to, gettext("The provider's name"), gettext("* for the same name")),
      gone,
      input("mapping-more", more, gettext("What else is known of the model, as JSON"), '{"max_tokens": 8192}'),
      element("p", { className: "mapping-wrong" }),
    );
    row.querySelector(".mapping-more").hidden = !more;
    gone.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector("input") ?? this.add).focus();
      this.changed();
    });
    this.rows.append(row);
    return row;
  }

  values() {
    return [...this.rows.children].map((row) => {
      const [from, to, more] = ["from", "to", "more"].map((name) => row.querySelector(`.mapping-${name}`).value);
      return { row, from: from.trim(), to: to.trim(), more };
    });
  }

  changed() {
    this.wrong = new Map();
    const mapping = {};
    for (const { row, from, to, more } of this.values()) {
      if (!from && !to) continue;
      if (from in mapping) this.wrong.set(row, gettext("Another rule has this name already."));
      try {
        mapping[from] = together({ to, more });
      } catch {
        this.wrong.set(row, gettext("What else is known must be a JSON object."));
      }
    }
    this.field.value = JSON.stringify(mapping, null, 2);
    this.count();
    this.judgeSoon();
  }

  count() {
    this.none.hidden = this.rows.children.length > 0;
  }

  judgeSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.judge(), PAUSE_MILLISECONDS);
  }

  async judge() {
    const sent = new FormData();
    sent.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
    sent.set("mapping", this.field.value);
    sent.set("model", this.probe.value);
    const answer = await fetch(this.address, { method: "POST", body: sent }).catch(() => null);
    if (!answer?.ok) return; // saving judges it again
    const { error, rules, leads } = await answer.json();
    this.whole.textContent = error;
    this.answer.textContent = leads ?? "";
    for (const { row, from } of this.values()) {
      const words = this.wrong?.get(row) ?? rules[from] ?? "";
      row.querySelector(".mapping-wrong").textContent = words;
      for (const input of row.querySelectorAll("input")) input.setAttribute("aria-invalid", String(Boolean(words)));
    }
  }
}

export const initialize = (form, { mapping: address }) => {
  const field = form.elements.model_mapping;
  if (!field || parse(field.value) === null) return; // nonsense is mended where it was written
  const editor = new Editor(form, field, address);
  const raw = element("details", {}, element("summary", { textContent: gettext("As JSON") }));
  const place = element("div", { className: "mapping-place" });
  field.before(place);
  raw.append(field);
  editor.show(place);
  place.append(raw);
  field.addEventListener("input", () => editor.read());
};
