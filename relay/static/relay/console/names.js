// Django's select boxes come with parts that screen readers cannot name: they get the name of their label, or a role
// that may carry the one they have.

const nameBoxes = (root) => {
  for (const box of root.querySelectorAll(".select2-container .select2-selection:not([aria-label])")) {
    const field = box.closest(".select2-container").previousElementSibling;
    const label = field?.labels?.[0]?.textContent.replace(/:\s*$/, "").trim();
    if (!label) continue;
    box.setAttribute("aria-label", label);
    box.querySelector("[role=textbox]")?.setAttribute("aria-label", label);
  }
  for (const sign of root.querySelectorAll(".help-tooltip[aria-label]:not([role])")) sign.setAttribute("role", "img");
};

export const initialize = (root) => {
  if (!root.querySelector("select.admin-autocomplete, .selectfilter")) return;
  new MutationObserver(() => nameBoxes(root)).observe(root.body, { childList: true, subtree: true });
  nameBoxes(root);
};
