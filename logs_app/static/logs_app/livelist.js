// Rows as they are recorded, and calls that go on. The server writes the rows, with the template of the page.

import { register } from "../relay/console/shortcuts.js";
import { gettext, interpolate, ngettext } from "../relay/console/words.js";
import { watch } from "./socket.js";

const MOST_ROWS = 200;
const TICK_MILLISECONDS = 500;
// A call that is over is shown until its record comes.
const PATIENCE_MILLISECONDS = 4000;

const STATES = {
  live: ["badge-ok", gettext("Live")],
  paused: ["badge-warn", gettext("Paused")],
  away: ["badge-warn", gettext("Reconnecting")],
  over: ["badge-error", gettext("Not live")],
};
const REASONS = {
  signed_out: gettext("You are signed out. Sign in again to go on."),
  forbidden: gettext("You may no longer see the records."),
};

const counted = (words, count) => interpolate(words, { count }, true);

const rowOf = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.querySelector("tr");
};

export const begin = (page, { dress, changed }) => {
  const find = (name) => document.querySelector(`#${name}`);
  const [rows, open, badge, notice] = ["rows", "flights", "live-state", "live-notice"].map(find);
  const [button, waiting, summary, empty] = ["live-pause", "live-waiting", "live-flights", "records-empty"].map(find);
  const held = new Map();
  const calls = new Map();
  let after = JSON.parse(page.dataset.position);
  let state = "away";
  let isPaused = false;
  let hasMissed = false;
  let skew = 0;

  // Not the cell that may have the focus.
  const update = (shown, row) => {
    for (const [place, cell] of [...row.cells].entries()) if (place > 1) shown.cells[place].replaceWith(cell);
  };

  const insert = (body, row) => {
    const id = row.dataset.record;
    const later = [...body.rows].find((other) => other.dataset.record <= id);
    if (later?.dataset.record === id) return update(later, row);
    body.insertBefore(row, later ?? null);
    dress(row);
  };

  const add = (id, html) => {
    open.querySelector(`[data-record="${id}"]`)?.remove();
    if (rows.querySelector(`[data-record="${id}"]`)) return;
    const row = rowOf(html);
    const last = rows.rows[rows.rows.length - 1];
    // Older than all that is shown: it belongs on a later page.
    if (last && rows.rows.length >= Number(rows.dataset.most) && last.dataset.record > id) return;
    row.classList.add("is-new");
    insert(rows, row);
    while (rows.rows.length > MOST_ROWS) rows.deleteRow(-1);
  };

  const showCalls = () => {
    for (const [id, { html }] of calls) {
      if (rows.querySelector(`[data-record="${id}"]`)) continue;
      const shown = open.querySelector(`[data-record="${id}"]`);
      if (shown?.html === html) continue;
      insert(open, rowOf(html));
      open.querySelector(`[data-record="${id}"]`).html = html;
    }
    for (const row of [...open.rows]) {
      if (calls.has(row.dataset.record)) continue;
      row.endedAt ??= Date.now();
      if (Date.now() - row.endedAt > PATIENCE_MILLISECONDS) row.remove();
    }
    tick();
  };

  const tick = () => {
    for (const row of open.rows) {
      const seconds = Math.max(0, Date.now() - skew - Date.parse(row.dataset.started)) / 1000;
      const shown = row.querySelector("[data-running]");
      if (!row.endedAt) shown.textContent = seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
    }
  };

  const show = () => {
    const [kind, words] = STATES[state === "live" && isPaused ? "paused" : state];
    badge.className = `badge ${kind}${kind === "badge-ok" ? " badge-live" : ""}`;
    if (badge.textContent !== words) badge.textContent = words;
    button.hidden = state === "over";
    waiting.hidden = !held.size;
    waiting.textContent = counted(
      ngettext("%(count)s new record: show it", "%(count)s new records: show them", held.size),
      held.size,
    );
    empty.hidden = rows.rows.length + open.rows.length > 0;
    changed();
  };

  const say = (words, link) => {
    notice.hidden = !words;
    notice.textContent = words ?? "";
    if (!link) return;
    const action = Object.assign(document.createElement("a"), { href: location.href, textContent: link });
    notice.append(" ", action);
  };

  const flush = () => {
    for (const [id, html] of held) add(id, html);
    held.clear();
    if (hasMissed) say(gettext("More came at once than can be shown; some are left out here."), gettext("Load the page again"));
    hasMissed = false;
    showCalls();
  };

  const hold = (id, html) => {
    held.set(id, html);
    if (held.size <= MOST_ROWS) return;
    held.delete(held.keys().next().value);
    hasMissed = true;
  };

  const hearCalls = ({ total, is_recorder_away: isAway, rows: given, gone, now }) => {
    skew = Date.now() - now;
    for (const [id, html] of given) calls.set(id, { html });
    for (const id of gone) calls.delete(id);
    summary.textContent = isAway
      ? gettext("The recorder is away: open calls cannot be seen, and nothing is lost. It goes on by itself.")
      : counted(ngettext("%(count)s open call", "%(count)s open calls", total), total);
    summary.title = gettext("Calls that this machine answers now. Those of other machines appear when they are over.");
  };

  const hear = (news) => {
    after = news.after ?? after;
    hasMissed ||= Boolean(news.has_missed);
    for (const [id, html] of news.rows ?? []) hold(id, html);
    if (news.flights) hearCalls(news.flights);
    if (!isPaused) flush();
    show();
  };

  const pause = () => {
    isPaused = !isPaused;
    button.setAttribute("aria-pressed", String(isPaused));
    button.querySelector("span").textContent = isPaused ? gettext("Go on") : gettext("Pause");
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isPaused ? "#play" : "#pause"));
    if (!isPaused) flush();
    show();
  };

  button.hidden = false;
  button.addEventListener("click", pause);
  waiting.addEventListener("click", () => {
    flush();
    show();
  });
  register("p", gettext("Pause, or go on"), pause);
  setInterval(() => {
    tick();
    if (!isPaused && [...open.rows].some((row) => row.endedAt)) showCalls();
  }, TICK_MILLISECONDS);

  watch(`/admin/live/logs/?${page.dataset.live}`, {
    hello: () => ({ after }),
    hear,
    tell: (now, reason) => {
      state = now;
      if (now === "live") calls.clear();
      if (now === "over") say(REASONS[reason] ?? gettext("This list is no longer kept up to date."), gettext("Load the page again"));
      show();
    },
  });
};
