// Numbers and moments of charts, in the reader's language.

import { language } from "../console/words.js";

const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(language);
const fine = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
const cents = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const duration = (value) => {
  if (value >= 60000) return `${fine.format(value / 60000)} min`;
  return value >= 1000 ? `${fine.format(value / 1000)} s` : `${fine.format(value)} ms`;
};

/** How a value is written beside an axis, and where it stands alone. */
export const units = {
  count: { short: (value) => compact.format(value), long: (value) => whole.format(value) },
  dollars: {
    short: (value) => `$${value === 0 || value >= 1 ? compact.format(value) : fine.format(value)}`,
    long: (value) => `$${value === 0 || value >= 1 ? cents.format(value) : fine.format(value)}`,
  },
  milliseconds: { short: duration, long: duration },
};

const DAY = 86400;
// Days are summed up in UTC, so they are named there; anything shorter is of the reader's own time.
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short", hour: "2-digit", minute: "2-digit" });

export const labels = (starts, step) => {
  const spansDays = starts.length * step > DAY + step;
  const format = step >= DAY ? day : spansDays ? weekday : hour;
  return starts.map((start) => format.format(start * 1000));
};
