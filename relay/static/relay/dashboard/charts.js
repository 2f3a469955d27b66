// Chart.js on the data of the page, and the same numbers as a table for those who do not see it.

import { element } from "../console/elements.js";
import { labels, units } from "./numbers.js";

const SERIES = 6;
const drawn = new Map();
let last = null;

// A canvas knows no CSS variables: an element that has the colour is asked for it.
const colour = (name) => {
  const probe = element("span", { className: `series-${name}` });
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

const palette = () => ({
  series: Array.from({ length: SERIES }, (_, place) => colour(place + 1)),
  rest: colour("rest"),
  text: colour("text"),
  line: colour("line"),
  surface: colour("surface"),
});

// Lines are told apart by dashes too, where colours are not enough.
const DASHES = [[], [6, 3], [2, 2], [10, 4], [6, 3, 2, 3], [1, 4]];

const dataset = (line, place, kind, colours) => {
  const its = colours.series[place] ?? colours.rest;
  const common = { label: line.name, data: line.values, backgroundColor: its, borderColor: its };
  if (kind === "bar") return { ...common, stack: "all", borderWidth: 0, barPercentage: 0.95, categoryPercentage: 0.9 };
  const isAlone = (at) => line.values[at - 1] == null && line.values[at + 1] == null;
  return {
    ...common,
    borderWidth: 2,
    borderDash: DASHES[place] ?? [],
    tension: 0.25,
    spanGaps: false,
    pointRadius: ({ dataIndex }) => (isAlone(dataIndex) ? 2.5 : 0),
    pointHoverRadius: 4,
  };
};

const options = (kind, unit, colours, hasLegend) => {
  const axis = { border: { color: colours.line }, ticks: { color: colours.text, font: { size: 11 } } };
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { ...axis, stacked: kind === "bar", grid: { display: false }, ticks: { ...axis.ticks, maxRotation: 0, autoSkipPadding: 18 } },
      y: {
        ...axis,
        stacked: kind === "bar",
        beginAtZero: true,
        grid: { color: colours.line },
        ticks: { ...axis.ticks, maxTicksLimit: 6, precision: unit === "count" ? 0 : undefined, callback: units[unit].short },
      },
    },
    plugins: {
      legend: {
        display: hasLegend,
        position: "bottom",
        align: "start",
        labels: { color: colours.text, boxWidth: kind === "bar" ? 10 : 24, boxHeight: kind === "bar" ? 10 : 0, padding: 10, font: { size: 11 } },
      },
      tooltip: {
        itemSort: (one, other) => other.parsed.y - one.parsed.y,
        filter: (item) => item.parsed.y !== 0 && item.parsed.y !== null,
        callbacks: { label: (item) => ` ${item.dataset.label}: ${units[unit].long(item.parsed.y)}` },
      },
    },
  };
};

const isEmpty = (lines) => !lines.some((line) => line.values.some((value) => value));

const tabulate = (card, lines, names) => {
  const unit = units[card.dataset.unit];
  const row = (cell, scope, values) =>
    element("tr", {}, element("th", { scope, textContent: cell }), ...values.map((text) => element(scope === "col" ? "th" : "td", { textContent: text, className: "number", scope: scope === "col" ? "col" : "" })));
  const head = element("thead", {}, row(document.getElementById("charts").dataset.time, "col", lines.map((line) => line.name)));
  const rows = names.map((name, at) => row(name, "row", lines.map((line) => (line.values[at] == null ? "–" : unit.long(line.values[at])))));
  card.querySelector(".chart-table > div").replaceChildren(element("table", { className: "table table-dense" }, head, element("tbody", {}, ...rows)));
};

/** One for all charts; those that have other lines have one of their own. */
const explain = (lines) => {
  const entries = lines.map(({ name }, place) => {
    const swatch = element("span", { className: `swatch series-${place < SERIES ? place + 1 : "rest"}` });
    return element("li", {}, swatch, name);
  });
  const legend = document.getElementById("legend");
  legend.hidden = lines.length < 2;
  legend.replaceChildren(...entries);
};

const drawOne = (card, lines, names, colours, hasLegend) => {
  const { figure, kind, unit } = card.dataset;
  const empty = card.querySelector(".chart-empty");
  empty.textContent = document.getElementById("charts").dataset.empty;
  empty.hidden = !isEmpty(lines);
  card.querySelector(".chart-plot").hidden = !empty.hidden;
  const table = card.querySelector(".chart-table");
  table.hidden = !empty.hidden;
  table.ontoggle = () => table.open && tabulate(card, lines, names);
  if (table.open) tabulate(card, lines, names);
  const data = { labels: names, datasets: lines.map((line, place) => dataset(line, place, kind, colours)) };
  const chart = drawn.get(figure);
  if (chart) {
    Object.assign(chart, { data, options: options(kind, unit, colours, hasLegend) });
    chart.update("none");
  } else {
    drawn.set(figure, new Chart(card.querySelector("canvas"), { type: kind, data, options: options(kind, unit, colours, hasLegend) }));
  }
};

export const draw = (given) => {
  last = given;
  // Of a new relay there is nothing to see until its first call.
  if (!isEmpty(given.requests)) document.getElementById("over-time").hidden = false;
  const names = labels(given.starts, given.step);
  const colours = palette();
  const known = given.requests.map(({ name }) => name).join("\n");
  explain(given.requests);
  for (const card of document.querySelectorAll(".chart")) {
    const lines = given[card.dataset.figure];
    drawOne(card, lines, names, colours, lines.map(({ name }) => name).join("\n") !== known);
  }
};

export const recolour = () => last && draw(last);
