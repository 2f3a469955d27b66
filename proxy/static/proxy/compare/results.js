// The calls of a comparison as they end, two lines a record, and what both ways come to.

import { element } from "../../relay/console/elements.js";
import { gettext, interpolate } from "../../relay/console/words.js";
import { units } from "../../relay/dashboard/numbers.js";

const NOTHING = "–";
const [NO_ID, NO_OTHER] = [/0{8}-(0{4}-){3}0{12}/, /1{8}-(1{4}-){3}1{12}/];
const COLUMNS = 7; // and one of checks
// What surely fits into the few lines that are shown at first.
const SHORT_CHARACTERS = 120;
const WAYS = ["a", "b"];
// The name in a summary, how it is called and written, and whether less of it is better (null: neither is).
const FIGURES = [
  ["calls", () => gettext("Calls"), "count", null],
  ["failed", () => gettext("Failures"), "count", true],
  ["prompt_tokens", () => gettext("Tokens of prompts"), "count", null],
  ["completion_tokens", () => gettext("Tokens of answers"), "count", null],
  ["cached_tokens", () => gettext("Tokens from the provider's cache"), "count", null],
  ["cost", () => gettext("Cost"), "dollars", true],
  ["latency_p50_ms", () => gettext("Latency, p50"), "milliseconds", true],
  ["latency_p95_ms", () => gettext("Latency, p95"), "milliseconds", true],
];

const shown = (value, unit) => (value === null || value === undefined ? NOTHING : units[unit].long(Number(value)));
const badge = (kind, textContent) => element("span", { className: `badge badge-${kind}`, textContent });
const cell = (className, ...children) => element("td", { className }, ...children);

const change = (one, other) => {
  if (one === null || other === null || !Number(one)) return "";
  const percent = Math.round((Number(other) / Number(one) - 1) * 100);
  return percent === 0 ? "" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
};

const isLong = (text) => Boolean(text) && (text.length > SHORT_CHARACTERS || text.includes("\n"));
const isSame = (a, b) => Boolean(a?.answer) && a.answer === b?.answer;

/** Of one way. What a model said is text, and is shown as nothing else. */
const answer = (way, row) => {
  const head = element("span", { className: "quiet", textContent: way.toUpperCase() });
  const words = row?.answer && row.answer !== row.error ? row.answer : null;
  const text = element("div", { className: words ? "compare-text" : "compare-text quiet", dir: "auto", textContent: words ?? (row ? NOTHING : "…") });
  return element("div", {}, head, text);
};

const unfolding = () => {
  const button = element("button", { type: "button", className: "button button-quiet button-small", textContent: gettext("Show all") });
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const isOpen = button.closest(".compare-answers").classList.toggle("is-open");
    button.setAttribute("aria-expanded", String(isOpen));
    button.textContent = isOpen ? gettext("Show less") : gettext("Show all");
  });
  return button;
};

export class Results {
  rows = [];
  checks = [];
  isWhole = false;
  #total = 0;
  #records = new Map();
  #addresses;

  /** `addresses` are those of a `record`, with an id of nothing but zeros, and of two `beside` each other, the
   * second with nothing but ones. */
  constructor(checks, addresses) {
    this.#addresses = addresses;
    document.getElementById("results").hidden = false;
    document.getElementById("summary").replaceChildren();
    const table = document.querySelector(".compare-rows");
    for (const body of [...table.tBodies]) body.remove();
    table.querySelector("thead th:last-child").hidden = checks.length === 0;
    this.#say(gettext("The first calls are under way…"));
  }

  take(line) {
    if ("total" in line) this.#total = line.total;
    else if ("summary" in line) this.#conclude(line.summary);
    else this.#add(line);
  }

  stop() {
    this.#say(interpolate(gettext("Stopped after %(done)s of %(total)s"), { done: this.rows.length, total: this.#total }, true));
  }

  #add(row) {
    this.rows.push(row);
    this.checks = Object.keys(row.checks).length ? Object.keys(row.checks) : this.checks;
    const { body, ways } = this.#recordOf(row.record);
    ways[row.variant] = row;
    const told = WAYS.map((way) => ways[way]).filter(Boolean);
    body.replaceChildren(...told.map((each) => this.#line(each)), this.#answers(ways));
    this.#head(body, row.record, told.length);
    document.getElementById("progress").max = this.#total || 1;
    document.getElementById("progress").value = this.rows.length;
    this.#say(interpolate(gettext("%(done)s of %(total)s"), { done: this.rows.length, total: this.#total }, true));
  }

  #recordOf(record) {
    if (!this.#records.has(record)) {
      const body = element("tbody");
      document.querySelector(".compare-rows").append(body);
      this.#records.set(record, { body, ways: {} });
    }
    return this.#records.get(record);
  }

  /** The record is named once, before the first of its lines. */
  #head(body, record, rowSpan) {
    const link = this.#link(record, `…${record.slice(-8)}`);
    body.rows[0].prepend(element("th", { scope: "rowgroup", rowSpan, className: "mono" }, link));
  }

  /** What both said, beside each other; of a long answer its first lines, until more is wanted. */
  #answers(ways) {
    const said = WAYS.map((way) => answer(way, ways[way]));
    const shown = element("div", { className: "compare-answers" }, element("div", { className: "compare-said" }, ...said), this.#offers(ways));
    return element("tr", {}, element("td", { colSpan: COLUMNS + (this.checks.length ? 1 : 0) }, shown));
  }

  #offers({ a, b }) {
    const offers = element("div", { className: "toolbar" });
    if (isSame(a, b)) offers.append(badge("ok", gettext("The same answer")));
    if ([a, b].some((row) => isLong(row?.answer))) offers.append(unfolding());
    if (a?.id && b?.id && a.id !== b.id) {
      const href = this.#addresses.beside.replace(NO_ID, a.id).replace(NO_OTHER, b.id);
      offers.append(element("a", { href, textContent: gettext("Side by side") }));
    }
    return offers;
  }

  #line(row) {
    const isFine = row.outcome === "completed" && !row.error;
    const status = row.status_code ?? gettext("not asked");
    const outcome = [badge(isFine ? "ok" : "error", String(status))];
    if (row.error) outcome.push(element("div", { className: "compare-error", textContent: row.error }));
    const asked = row.id && row.id !== row.record ? this.#link(row.id, row.model || NOTHING) : row.model || NOTHING;
    const tokens = row.prompt_tokens === null ? NOTHING : `${shown(row.prompt_tokens, "count")} + ${shown(row.completion_tokens ?? 0, "count")}`;
    const checks = Object.entries(row.checks).map(([name, passed]) => badge(passed ? "ok" : "error", `${passed ? "✓" : "✗"} ${name}`));
    return element(
      "tr",
      {},
      cell("", row.variant.toUpperCase()),
      cell("", asked, element("span", { className: "second quiet", textContent: row.provider ?? "" })),
      cell("", ...outcome),
      cell("number", tokens),
      cell("number", shown(row.cost, "dollars")),
      cell("number", shown(row.latency_ms, "milliseconds")),
      ...(checks.length || this.checks.length ? [cell("", ...checks)] : []),
    );
  }

  #conclude(summary) {
    this.isWhole = true;
    // A call that failed at once is neither quick nor cheap.
    const isFair = summary.a.failed === summary.b.failed;
    const passed = Object.keys(summary.a.passed).map((name) => [name, WAYS.map((way) => summary[way].passed[name])]);
    document.getElementById("summary").replaceChildren(
      ...FIGURES.map(([name, title, unit, isLessBetter]) => {
        const isJudged = isFair || name === "failed";
        return this.#figure(title(), WAYS.map((way) => summary[way][name]), unit, isJudged ? isLessBetter : null);
      }),
      this.#agreement(),
      ...passed.map(([name, values]) =>
        this.#figure(interpolate(gettext("Passed: %(check)s"), { check: name }, true), values, "count", false),
      ),
    );
    this.#say(interpolate(gettext("All %(total)s are there"), { total: this.#total }, true));
  }

  #agreement() {
    const pairs = [...this.#records.values()].filter(({ ways: { a, b } }) => a?.answer && b?.answer);
    const same = pairs.filter(({ ways: { a, b } }) => isSame(a, b)).length;
    const words = pairs.length ? interpolate(gettext("%(same)s of %(total)s"), { same, total: pairs.length }, true) : NOTHING;
    const head = element("th", { scope: "row", textContent: gettext("The same answer") });
    return element("tr", {}, head, element("td", { className: "number", colSpan: 2, textContent: words }), cell(""));
  }

  #figure(title, values, unit, isLessBetter) {
    const numbers = values.map(Number);
    const isTold = isLessBetter !== null && !values.includes(null) && numbers[0] !== numbers[1];
    const best = isLessBetter ? Math.min(...numbers) : Math.max(...numbers);
    const cells = values.map((value, place) => cell(isTold && numbers[place] === best ? "number is-best" : "number", shown(value, unit)));
    return element("tr", {}, element("th", { scope: "row", textContent: title }), ...cells, cell("number quiet", change(...values)));
  }

  #link(id, textContent) {
    return element("a", { href: this.#addresses.record.replace(NO_ID, id), textContent });
  }

  #say(words) {
    document.getElementById("state").textContent = words;
  }
}
