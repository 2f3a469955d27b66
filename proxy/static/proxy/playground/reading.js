// An answer as it comes: events of a stream, or one object. `Answer` puts either together.

const dataOf = (event) =>
  event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).replace(/^ /, ""))
    .join("\n");

export async function* texts(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    yield decoder.decode(value, { stream: !done });
    if (done) return;
  }
}

/** The data of each event, the last one also without an empty line behind it. */
export async function* events(stream) {
  let rest = "";
  for await (const text of texts(stream)) {
    const found = (rest + text).split(/\r\n\r\n|\n\n|\r\r/);
    rest = found.pop();
    yield* found.map(dataOf).filter(Boolean);
  }
  if (dataOf(rest)) yield dataOf(rest);
}

const textOf = (content) => {
  if (typeof content === "string") return content;
  return Array.isArray(content) ? content.map((part) => textOf(part?.text)).join("") : "";
};

/** The words of an error, whoever made it. */
export const failureOf = (document) => {
  const error = document?.error ?? document;
  if (typeof error === "string") return error;
  const code = error?.code ?? error?.type;
  const words = error?.message ?? JSON.stringify(document);
  return code ? `${words} (${code})` : String(words);
};

export class Answer {
  text = "";
  thoughts = "";
  calls = [];
  failure = "";
  finish = "";
  isWhole = false;

  get isEmpty() {
    return !this.text && !this.thoughts && this.calls.length === 0;
  }

  /** One event of a stream. What is no JSON is no part of an answer. */
  hear(data) {
    if (data === "[DONE]") {
      this.isWhole = true;
      return;
    }
    try {
      this.take(JSON.parse(data));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  take(document) {
    if (document?.error) this.failure = failureOf(document);
    const choice = document?.choices?.[0];
    if (!choice) return;
    const said = choice.delta ?? choice.message ?? {};
    this.text += textOf(said.content) + textOf(said.refusal);
    this.thoughts += textOf(said.reasoning_content ?? said.reasoning);
    const calls = Array.isArray(said.tool_calls) ? said.tool_calls : [];
    calls.forEach((call, place) => this.#add(call, call?.index ?? place));
    if (choice.finish_reason) {
      this.finish = String(choice.finish_reason);
      this.isWhole = true;
    }
  }

  #add(call, index) {
    const known = (this.calls[index] ??= { name: "", input: "" });
    known.name += textOf(call?.function?.name);
    known.input += textOf(call?.function?.arguments);
  }
}
