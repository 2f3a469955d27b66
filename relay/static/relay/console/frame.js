// The drawer of a phone, and menus that close when one looks elsewhere.

const OPEN = "is-navigating";

const toggle = (button, isOpen) => {
  document.body.classList.toggle(OPEN, isOpen);
  button.setAttribute("aria-expanded", String(isOpen));
};

const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
};

export const initialize = (root) => {
  const button = root.querySelector(".navigation-toggle");
  button?.addEventListener("click", () => {
    toggle(button, !document.body.classList.contains(OPEN));
    if (document.body.classList.contains(OPEN)) root.querySelector("#navigation a")?.focus();
  });
  root.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    if (button && !event.target.closest("#navigation, .navigation-toggle")) toggle(button, false);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details.menu[open]");
    closeMenus();
    menu?.querySelector("summary").focus();
    if (button && document.body.classList.contains(OPEN)) {
      toggle(button, false);
      button.focus();
    }
  });
  root.querySelector("#navigation [aria-current]")?.scrollIntoView({ block: "nearest" });
};
