// An answer while it is written, in `root`: its passages as text, never as markup. Returns what ends it.
//
//   follow(root, id, { ended: (isRecorded) => {} })

import { element } from "../relay/console/elements.js";
import { gettext, interpolate, ngettext } from "../relay/console/words.js";
import { watch } from "./socket.js";

const NAMES = {
  thought: gettext("Thinking"),
  text: gettext("Answer"),
  refusal: gettext("Refusal"),
  call: gettext("Tool call"),
};

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);

const progress = ({ parts, bytes, status }) => {
  if (!status) return gettext("Waiting for the provider");
  const words = ngettext("%(size)s in one part", "%(size)s in %(parts)s parts", parts);
  return interpolate(words, { parts, size: size(bytes) }, true);
};

export const follow = (root, id, { ended = () => {} } = {}) => {
  const state = element("p", { className: "quiet" });
  const body = element("div", { className: "live-answer" });
  const passages = [];
  state.setAttribute("role", "status");
  root.replaceChildren(state, body);

  const begin = ({ at, kind, name, text }) => {
    const title = element("h3", { className: "quiet", textContent: name ? `${NAMES[kind]}: ${name}` : NAMES[kind] });
    const words = document.createTextNode(text);
    const pre = element("pre", { className: "wrap" }, words);
    const section = element("section", { className: `live-${kind}` }, title, pre);
    if (passages[at]) passages[at].section.replaceWith(section);
    else body.append(section);
    passages[at] = { section, words };
  };

  const hear = (news) => {
    if ("is_recorded" in news) return ended(news.is_recorded);
    if (news.is_recorder_away) {
      state.textContent = gettext("The recorder is away; the answer goes on, and is shown when it is back.");
      return;
    }
    const isAtEnd = body.scrollHeight - body.scrollTop - body.clientHeight < 40;
    for (const step of news.passages) {
      if (step.is_new) begin(step);
      else passages[step.at].words.appendData(step.text);
    }
    const notes = [progress(news.flight)];
    if (!news.flight.is_readable) notes.push(gettext("its text is not shown while it is open"));
    if (news.is_too_long) notes.push(gettext("it is too long to be shown further; its record will have all of it"));
    state.textContent = notes.join(" · ");
    if (isAtEnd) body.scrollTop = body.scrollHeight;
  };

  const tell = (now, reason) => {
    if (now === "away") state.textContent = gettext("Reconnecting");
    if (now === "over" && reason) state.textContent = gettext("You may not see this any longer. Sign in again.");
  };
  return watch(`/admin/live/logs/${id}/`, { hear, tell });
};
