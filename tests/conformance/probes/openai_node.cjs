// The openai SDK for JavaScript, any version since 4. Runs alone: `NODE_PATH=… node openai_node.cjs`.
// It prints what its Python sisters print.
const module_ = require("openai");
const OpenAI = module_.OpenAI ?? module_.default ?? module_;

const MODEL = "gpt-4o-mini";
const WORDS = "Which way is Basel?";
const SAID = [{ role: "user", content: WORDS }];
const TOOL = { type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } };

function heard(text) {
  if (!String(text).includes(WORDS)) throw new Error(`${WORDS} was asked, and the answer is ${String(text).slice(0, 100)}`);
}
function isTrue(condition, words) {
  if (!condition) throw new Error(words);
}
async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}
async function raises(type, call, words) {
  try {
    await call();
  } catch (error) {
    if (error instanceof type) return;
    throw error;
  }
  throw new Error(words);
}

const QUESTIONS = [
  ["chat/completions", "whole", async (client) => {
    const answer = await client.chat.completions.create({ model: MODEL, messages: SAID });
    heard(answer.choices[0].message.content);
    isTrue(answer.usage.total_tokens > 0, "no usage");
  }],
  ["chat/completions", "stream", async (client) => {
    const chunks = await all(await client.chat.completions.create({ model: MODEL, messages: SAID, stream: true }));
    heard(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""));
    isTrue(chunks.at(-1).choices[0].finish_reason === "stop", "it did not end with stop");
  }],
  ["chat/completions, tools", "whole", async (client) => {
    const answer = await client.chat.completions.create({ model: MODEL, messages: SAID, tools: [TOOL] });
    isTrue(answer.choices[0].message.tool_calls[0].function.name === "get_weather", "no tool was called");
  }],
  ["responses", "whole", async (client) => heard((await client.responses.create({ model: MODEL, input: WORDS })).output_text)],
  ["responses", "stream", async (client) => {
    const events = await all(await client.responses.create({ model: MODEL, input: WORDS, stream: true }));
    heard(events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta).join(""));
    isTrue(events.at(-1).type === "response.completed", "it did not end with response.completed");
  }],
  ["embeddings", "whole", async (client) => {
    const answer = await client.embeddings.create({ model: "text-embedding-3-small", input: [WORDS, "and back"] });
    isTrue(answer.data.length === 2 && answer.data[0].embedding.length > 10, "not two vectors");
  }],
  ["models", "whole", async (client) => {
    isTrue((await all(await client.models.list())).some((model) => model.id === MODEL), `${MODEL} is not listed`);
  }],
  ["moderations", "whole", async (client) => isTrue((await client.moderations.create({ input: WORDS })).results, "no result")],
  ["images/generations", "whole", async (client) => {
    isTrue((await client.images.generate({ model: "gpt-image-1", prompt: WORDS })).data, "no picture");
  }],
  ["audio/speech", "whole", async (client) => {
    const answer = await client.audio.speech.create({ model: "tts-1", voice: "alloy", input: WORDS });
    isTrue((await answer.arrayBuffer()).byteLength > 0, "no sound");
  }],
  ["files", "whole", async (client) => {
    const file = new File(["{}\n"], "a.jsonl");
    const made = await client.files.create({ file, purpose: "batch" });
    isTrue((await (await client.files.content(made.id)).text()) === "{}\n", "its bytes are others");
  }],
  ["errors", "whole", async (client) => {
    const messages = [{ role: "user", content: "[[sim status=429]]" }];
    await raises(OpenAI.RateLimitError, () => client.chat.completions.create({ model: MODEL, messages }), "a 429 was not raised");
  }],
  ["errors", "stream", async (client) => {
    const messages = [{ role: "user", content: `[[sim cut=3]] ${WORDS}` }];
    const call = async () => all(await client.chat.completions.create({ model: MODEL, messages, stream: true }));
    await raises(Error, call, "a stream that broke off ended as if it were whole");
  }],
];

async function main() {
  globalThis.File ??= require("node:buffer").File;
  const options = { baseURL: `${process.env.RELAY_URL}/v1`, apiKey: process.env.RELAY_KEY, maxRetries: 0, timeout: 20000 };
  const client = new OpenAI(options);
  for (const [row, column, question] of QUESTIONS) {
    const answer = { row, column, verdict: "pass", figure: "" };
    try {
      await question(client);
    } catch (error) {
      const isAbsent = error instanceof TypeError && /undefined|not a function/.test(error.message);
      Object.assign(answer, { verdict: isAbsent ? "absent" : "fail", figure: String(error).slice(0, 200) });
    }
    console.log(JSON.stringify(answer));
  }
}

main();
