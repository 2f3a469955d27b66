// The form of a provider: its connection tested before it is saved, its weight as a share, its models as rows.

import { initialize as mapping } from "./mapping.js";
import { initialize as shares } from "./shares.js";
import { initialize as trying } from "./trying.js";

const facts = document.querySelector("#provider-facts");
if (facts) for (const begin of [trying, shares, mapping]) begin(facts.closest("form"), facts.dataset);
