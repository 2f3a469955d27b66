// From the form to the body of a request, and to where the tab keeps it over a reload.

import { gettext } from "../../relay/console/words.js";
import { read as messages } from "./messages.js";

const KEPT = "relay-playground";
const FIELDS = ["system", "temperature", "max_tokens", "tools", "further"];
const SWITCHES = ["stream", "json"];

/** `place` is the id of the element that says it. */
export class Problem extends Error {
  constructor(words, place = "problem") {
    super(words);
    this.place = place;
  }
}

const parse = (text, place, fits, words) => {
  if (!text.trim()) return undefined;
  let found;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new Problem(`${gettext("This is no JSON:")} ${error.message}`, place);
  }
  if (!fits(found)) throw new Problem(words, place);
  return found;
};

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const message = ({ role, text, images }) => {
  if (images.length === 0) return { role, content: text };
  const pictures = images.map((url) => ({ type: "image_url", image_url: { url } }));
  return { role, content: [...(text ? [{ type: "text", text }] : []), ...pictures] };
};

/** `system` is the prompt of the side that asks. */
export const body = (form, { model, system }) => {
  if (!model) throw new Problem(gettext("Choose a model, or write its name."), "model");
  const said = messages().filter(({ text, images }) => text || images.length > 0);
  const further = parse(form.further.value, "further-problem", isObject, gettext("This has to be a JSON object: {…}"));
  if (said.length === 0 && !further?.messages) throw new Problem(gettext("Write a message first."));
  const tools = parse(form.tools.value, "tools-problem", Array.isArray, gettext("The tools are a JSON list: […]"));
  return {
    model,
    messages: [...(system.trim() ? [{ role: "system", content: system.trim() }] : []), ...said.map(message)],
    ...(form.temperature.value === "" ? {} : { temperature: Number(form.temperature.value) }),
    ...(form.max_tokens.value === "" ? {} : { max_tokens: Number(form.max_tokens.value) }),
    ...(form.json.checked ? { response_format: { type: "json_object" } } : {}),
    ...(tools === undefined ? {} : { tools }),
    ...(form.stream.checked ? { stream: true } : {}),
    ...further,
  };
};

const partsOf = (content) => (typeof content === "string" ? [{ type: "text", text: content }] : Array.isArray(content) ? content : null);

/** A message as the list has it, or null for one that it cannot show. */
const shown = ({ role, content, ...others }) => {
  const parts = partsOf(content);
  const isPlain = ["user", "assistant"].includes(role) && parts !== null && Object.keys(others).length === 0;
  if (!isPlain || !parts.every(({ type }) => type === "text" || type === "image_url")) return null;
  const images = parts.filter(({ type }) => type === "image_url").map((part) => part.image_url?.url);
  const text = parts.filter(({ type }) => type === "text").map((part) => part.text).join("\n");
  return images.every((url) => typeof url === "string") ? { role, text, images } : null;
};

/** Fills the form with a recorded request. What has no field, tool messages too, goes to the further members. */
export const open = (form, { body: given, key }) => {
  const { model = "", messages: said = [], temperature, max_tokens: most, tools, stream, response_format: format, ...further } = given;
  const [first, ...rest] = said;
  const hasSystem = first?.role === "system" && typeof first.content === "string";
  const list = (hasSystem ? rest : said).map(shown);
  const isShown = !list.includes(null);
  const isJson = format?.type === "json_object";
  if (format && !isJson) further.response_format = format;
  if (!isShown) further.messages = said;
  form.system.value = hasSystem && isShown ? first.content : "";
  form.temperature.value = temperature ?? "";
  form.max_tokens.value = most ?? "";
  form.stream.checked = stream === true;
  form.json.checked = isJson;
  form.tools.value = tools ? JSON.stringify(tools, null, 2) : "";
  form.further.value = Object.keys(further).length ? JSON.stringify(further, null, 2) : "";
  if (tools || Object.keys(further).length) form.further.closest("details").open = true;
  if ([...form.key.options].some((option) => option.value === key)) form.key.value = key;
  return { messages: isShown ? list : [], panes: [{ model: String(model) }] };
};

/** For this tab only, and gone with it. Pictures that do not fit are left out. */
export const keep = (form, panes) => {
  const state = {
    key: form.key.value,
    fields: Object.fromEntries(FIELDS.map((name) => [name, form[name].value])),
    switches: Object.fromEntries(SWITCHES.map((name) => [name, form[name].checked])),
    messages: messages(),
    panes: panes.map(({ model, provider, system }) => ({ model, provider, system })),
  };
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(state));
  } catch {
    const light = state.messages.map((each) => ({ ...each, images: [] }));
    sessionStorage.setItem(KEPT, JSON.stringify({ ...state, messages: light }));
  }
};

export const restore = (form) => {
  const state = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  if (state === null) return null;
  for (const [name, value] of Object.entries(state.fields)) form[name].value = value;
  for (const [name, value] of Object.entries(state.switches)) form[name].checked = value;
  if ([...form.key.options].some((option) => option.value === state.key)) form.key.value = state.key;
  return state;
};
