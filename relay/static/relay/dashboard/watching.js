// Asks for the figures again every few seconds, as long as the page is looked at.

import { enhance } from "../console.js";
import { morph } from "./morphing.js";

const NOW_MILLISECONDS = 5000;
const CHARTS_MILLISECONDS = 30000;
const LATEST_MILLISECONDS = 60000;

class SignedOut extends Error {}

const ask = async (part) => {
  const address = new URL(location.href);
  address.searchParams.set("part", part);
  address.hash = "";
  const answer = await fetch(address, { redirect: "manual", headers: { accept: part === "charts" ? "application/json" : "text/html" } });
  if (answer.type === "opaqueredirect" || answer.status === 403) throw new SignedOut();
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return part === "charts" ? answer.json() : answer.text();
};

const refresh = async () => {
  const { body } = new DOMParser().parseFromString(await ask("now"), "text/html");
  for (const fresh of [...body.children]) {
    const shown = document.getElementById(fresh.id);
    morph(shown, fresh);
    enhance(shown);
  }
};

export const watch = ({ onCharts }) => {
  const badge = document.getElementById("live");
  const hasCharts = document.getElementById("charts") !== null;
  let chartsAt = Date.now() + CHARTS_MILLISECONDS;
  let failures = 0;
  let timer = 0;

  const say = (state, kind) => {
    badge.hidden = false;
    badge.className = `badge badge-${kind}${state === "live" ? " badge-live" : ""}`;
    if (badge.textContent !== badge.dataset[state]) badge.textContent = badge.dataset[state];
  };

  const step = async () => {
    try {
      await refresh();
      if (hasCharts && Date.now() >= chartsAt) {
        onCharts(await ask("charts"));
        chartsAt = Date.now() + CHARTS_MILLISECONDS;
      }
      failures = 0;
      say("live", "ok");
    } catch (error) {
      if (error instanceof SignedOut) return say("signedOut", "error");
      failures += 1;
      say("lost", "warn");
    }
    if (!document.hidden) timer = setTimeout(step, Math.min(NOW_MILLISECONDS * 2 ** failures, LATEST_MILLISECONDS));
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) say("paused", "muted");
    else step();
  });
  say("live", "ok");
  timer = setTimeout(step, NOW_MILLISECONDS);
};
