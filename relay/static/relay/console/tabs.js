// <nav class="tabs" data-tabs><a href="#one">…</a><a href="#two">…</a></nav> and parts with those ids. Without this
// script they are links to the parts; with it they are tabs, and the address names the open one.

const show = (links, chosen) => {
  for (const link of links) {
    const isChosen = link === chosen;
    link.setAttribute("aria-selected", String(isChosen));
    link.tabIndex = isChosen ? 0 : -1;
    document.querySelector(link.hash).hidden = !isChosen;
  }
  chosen.dispatchEvent(new CustomEvent("tab:open", { bubbles: true }));
};

const choose = (links, link) => {
  show(links, link);
  history.replaceState(history.state, "", link.hash);
};

const step = (links, event) => {
  const place = links.indexOf(event.target);
  const target = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 }[event.key];
  if (target === undefined || place < 0) return;
  event.preventDefault();
  const link = links.at(target % links.length);
  choose(links, link);
  link.focus();
};

const build = (bar) => {
  const links = [...bar.querySelectorAll("a[href^='#']")].filter((link) => document.querySelector(link.hash));
  if (!links.length || bar.getAttribute("role") === "tablist") return;
  bar.setAttribute("role", "tablist");
  for (const link of links) {
    const part = document.querySelector(link.hash);
    link.setAttribute("role", "tab");
    link.id ||= `tab-${part.id}`;
    link.setAttribute("aria-controls", part.id);
    part.setAttribute("role", "tabpanel");
    part.setAttribute("aria-labelledby", link.id);
  }
  bar.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!links.includes(link)) return;
    event.preventDefault();
    choose(links, link);
  });
  bar.addEventListener("keydown", (event) => step(links, event));
  const named = () => links.find((link) => link.hash === location.hash);
  window.addEventListener("hashchange", () => named() && show(links, named()));
  show(links, named() ?? links[0]);
};

export const initialize = (root) => root.querySelectorAll("[data-tabs]").forEach(build);
