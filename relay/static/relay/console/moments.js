// <time datetime="…" data-relative>: "3 minutes ago", kept true, with the moment in the title.
// <time datetime="…" data-local>: the moment in the reader's own time zone, with UTC in the title.

import { language } from "./words.js";

const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];
const EVERY_MILLISECONDS = 15000;

const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const local = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

export const ago = (moment, now = Date.now()) => {
  let amount = (moment.getTime() - now) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(Math.round(amount)) < length) return relative.format(Math.round(amount), unit);
    amount /= length;
  }
  return local.format(moment);
};

export const refresh = (root) => {
  for (const element of root.querySelectorAll("time[data-relative], time[data-local]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const isRelative = element.dataset.relative !== undefined;
    element.textContent = isRelative ? ago(moment) : local.format(moment);
    element.title = isRelative ? local.format(moment) : `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC`;
  }
};

export const initialize = (root) => {
  refresh(root);
  setInterval(() => document.hidden || refresh(root), EVERY_MILLISECONDS);
};
