// What a weight means while it is written: the share of the calls of everybody with the same priority.

import { element } from "../relay/console/elements.js";
import { gettext, interpolate } from "../relay/console/words.js";

const whole = (field) => Math.max(Number.parseInt(field.value, 10) || 0, 0);

const row = (name, share, isThis) => {
  const percent = `${(share * 100).toFixed(share && share < 0.01 ? 1 : 0)} %`;
  const bar = element("progress", { className: `bar bar-${isThis ? "info" : "muted"}`, max: 1, value: share });
  bar.setAttribute("aria-hidden", "true");
  const words = element("span", { className: "barred" }, percent, bar);
  return element(
    "tr",
    { className: isThis ? "is-this" : "" },
    element("th", { scope: "row", textContent: name }),
    element("td", {}, words),
  );
};

export const initialize = (form, { others }) => {
  const { weight, priority, provider_key: name, is_enabled: enabled } = form.elements;
  if (!weight || !priority) return;
  const known = JSON.parse(others);
  const caption = element("caption");
  const body = element("tbody");
  const table = element("table", { className: "shares" }, caption, body);
  table.setAttribute("aria-live", "polite");
  weight.closest(".form-row").append(table);

  const draw = () => {
    const own = { provider_key: name.value || gettext("this one"), weight: enabled.checked ? whole(weight) : 0 };
    const tier = known.filter((each) => each.priority === whole(priority) && each.weight);
    const total = tier.reduce((sum, each) => sum + each.weight, own.weight);
    caption.textContent = interpolate(gettext("Of the calls at priority %(n)s, while all are well:"), { n: whole(priority) }, true);
    const rows = tier.map((each) => row(each.provider_key, each.weight / total, false));
    body.replaceChildren(row(own.provider_key, total ? own.weight / total : 0, true), ...rows);
  };
  for (const field of [weight, priority, name, enabled]) field.addEventListener("input", draw);
  draw();
};
