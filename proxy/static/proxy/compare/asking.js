// From the form to the body of POST /manage/logs/compare.

import { gettext } from "../../relay/console/words.js";

export class Problem extends Error {}

const parse = (text) => {
  if (!text.trim()) return undefined;
  let found;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new Problem(`${gettext("This is no JSON:")} ${error.message}`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new Problem(gettext("This has to be a JSON object: {…}"));
  }
  return found;
};

const given = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ""));

const variant = (way) => {
  const value = (name) => way.querySelector(`[name=${name}]`).value;
  if (way.querySelector("[name=recorded]").checked) return { recorded: true };
  const dropped = value("drop").trim();
  return given({
    model: value("model").trim(),
    provider: value("provider"),
    system: value("system"),
    set: parse(value("set")),
    drop: dropped ? dropped.split(/\s+/) : undefined,
  });
};

const checks = (form) => {
  const patterns = form.regex.value.split("\n").filter((line) => line.trim());
  const schema = parse(form.schema.value);
  return [
    ...(form.same.checked ? [{ kind: "same" }] : []),
    ...(form.exact.value.trim() ? [{ kind: "exact", value: form.exact.value }] : []),
    ...patterns.map((value) => ({ kind: "regex", value })),
    ...(schema ? [{ kind: "json_schema", value: schema }] : []),
  ];
};

const number = (input) => {
  if (!input.checkValidity()) {
    input.focus();
    throw new Problem(input.validationMessage);
  }
  return Number(input.value);
};

const ways = (form) => [...form.querySelectorAll("[data-variant]")];

/** Whether both ask the same. While something in a way is no JSON yet, they do not. */
export const areAlike = (form) => {
  try {
    const [one, other] = ways(form).map((way) => JSON.stringify(variant(way)));
    return one === other;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
};

/** At most, for some records may be too old to be asked again. */
export const calls = (form, found) => {
  const asked = ways(form).filter((way) => !way.querySelector("[name=recorded]").checked).length;
  return asked * Math.min(Number(form.limit.value) || 0, found);
};

export const wanted = (form, records) => ({
  ...records,
  ...Object.fromEntries(ways(form).map((way) => [way.dataset.variant, variant(way)])),
  ...given({ key: form.key.value }),
  checks: checks(form),
  limit: number(form.limit),
  concurrency: number(form.concurrency),
});
