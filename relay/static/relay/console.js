// The parts of the console that every page has, in one module; pages import what they use from console/….
// `enhance(root)` does for elements that came later what loading does for the page.

import { initialize as copying } from "./console/copying.js";
import { initialize as dialogs } from "./console/dialogs.js";
import { initialize as frame } from "./console/frame.js";
import { initialize as moments, refresh } from "./console/moments.js";
import { initialize as names } from "./console/names.js";
import { initialize as shortcuts } from "./console/shortcuts.js";
import { initialize as tabs } from "./console/tabs.js";

for (const begin of [frame, copying, dialogs, moments, tabs, names, shortcuts]) begin(document);

export const enhance = (root) => {
  refresh(root);
  tabs(root);
};
