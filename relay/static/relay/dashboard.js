// The dashboard: draws its charts, and asks for its figures again while somebody looks.

import { draw, recolour } from "./dashboard/charts.js";
import { watch } from "./dashboard/watching.js";

const written = document.getElementById("drawn");
if (written) draw(JSON.parse(written.textContent));

new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);

watch({ onCharts: draw });
