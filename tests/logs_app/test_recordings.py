"""Folding against recorded exchanges and, where they are right, against the SDKs' own accumulators.

The recordings are read from the folder that RECORDED_EXCHANGES names and never copied here.
"""

import base64
import json
import os
import random
from pathlib import Path

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from hypothesis import given
from hypothesis import strategies as st
from openai._models import construct_type
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from logs_app import folding
from logs_app.assembly import previews, usage
from logs_app.folding.responses import TERMINAL
from logs_app.folding.sse import Decoder

FOLDER = os.environ.get("RECORDED_EXCHANGES", "")
if not FOLDER:
    pytest.skip("RECORDED_EXCHANGES is not set: no recorded exchanges to fold", allow_module_level=True)


class Recording:
    def __init__(self, path: Path) -> None:
        self.name = path.stem
        raw = json.loads(path.read_text())
        response = raw["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        self.provider, self.kind, self.tags = raw["provider"], raw["kind"], set(raw["tags"])
        self.is_stream, self.path, self.status = raw["stream"], raw["path"], response["status"]
        self.content_type = headers.get("content-type", "")
        encoded = response.get("body_b64")
        self.body = base64.b64decode(encoded) if encoded else (response["body"] or "").encode()

    def fold(self, parts=None) -> folding.Folded:
        folder = folding.start(self.path, self.status, self.content_type, self.is_stream)
        for part in [self.body] if parts is None else parts:
            folder.feed(part)
        return folder.finish()

    def events(self) -> list[dict]:
        payloads = [data for _, data in Decoder().feed(self.body + b"\n\n")]
        return [json.loads(data) for data in payloads if not data.startswith(b"[DONE]")]


RECORDINGS = [Recording(path) for path in sorted(Path(FOLDER).glob("*.json"))]
STREAMS = [recording for recording in RECORDINGS if recording.is_stream]
WHOLE = [recording for recording in RECORDINGS if not recording.is_stream]


def each(recordings):
    return pytest.mark.parametrize("recording", recordings, ids=lambda recording: recording.name)


def of_kind(kind):
    return [recording for recording in STREAMS if recording.kind == kind]


def test_the_folder_holds_streams_of_every_protocol():
    assert {recording.kind for recording in STREAMS} >= {"chat", "completions", "responses", "messages"}


@each(RECORDINGS)
def test_any_chunking_gives_the_same_object(recording):
    whole = recording.fold()
    for seed in range(4):
        assert recording.fold(cut(recording.body, random.Random(seed))) == whole
    if len(recording.body) < 20_000:
        assert recording.fold([recording.body[i : i + 1] for i in range(len(recording.body))]) == whole


def cut(body: bytes, dice: random.Random) -> list[bytes]:
    places = sorted(dice.randrange(len(body) + 1) for _ in range(dice.randrange(1, 40)))
    return [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]


@given(st.data())
def test_any_chunking_of_any_stream_gives_the_same_object(data):
    recording = data.draw(st.sampled_from(STREAMS), label="recording")
    body = recording.body
    places = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=60), label="cuts"))
    parts = [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]
    assert recording.fold(parts) == recording.fold()


@each(STREAMS)
def test_other_line_endings_and_comments_give_the_same_object(recording):
    whole = recording.fold()
    for ending in (b"\r\n", b"\r"):
        reframed = b": hello" + ending + recording.body.replace(b"\n", ending)
        assert recording.fold([reframed]) == whole


@each(STREAMS)
def test_every_prefix_folds_to_an_unfinished_object(recording):
    whole = recording.fold()
    for end in range(1, len(recording.body), max(1, len(recording.body) // 40)):
        folded = recording.fold([recording.body[:end]])
        assert folded.parse_errors == 0
        assert visible(whole).startswith(visible(folded))


def visible(folded: folding.Folded) -> str:
    """The first choice's text, or the first text of a response or message."""
    body = folded.body or {}
    match folded.kind:
        case "chat" if body["choices"]:
            return body["choices"][0]["message"]["content"] or ""
        case "completion" if body["choices"]:
            return body["choices"][0]["text"]
        case "message":
            return "".join(block.get("text") or "" for block in body["content"])
        case "response":
            parts = [part for item in body["output"] for part in item.get("content") or []]
            return "".join(part.get("text") or "" for part in parts)
    return ""


@each(STREAMS)
def test_streams_end_as_they_were_recorded(recording):
    folded = recording.fold()
    assert folded.parse_errors == 0
    assert folded.chunks == len(recording.events())
    assert folded.done is ("no-DONE" not in recording.tags)
    assert (folded.error is not None) is ("stream-error" in recording.tags)
    assert folded.saw_token


@each(WHOLE)
def test_an_answer_that_was_not_streamed_folds_to_itself(recording):
    folded = recording.fold()
    try:
        expected = json.loads(recording.body)
    except ValueError:
        assert folded.body is None
        assert folded.kind in ("text", "binary", "empty")
        return
    assert folded.body == expected
    assert folded.done
    if recording.status >= 400:
        assert folded.kind == "json"
        assert folded.error


@each([r for r in STREAMS if r.kind != "responses" and "stream-error" not in r.tags])
def test_a_rebuilt_object_folds_to_itself(recording):
    folded = recording.fold()
    again = folding.start(recording.path, 200, "application/json", False)
    again.feed(json.dumps(folded.body).encode())
    twice = again.finish()
    assert twice.body == folded.body
    assert (twice.kind, twice.model, twice.finish_reason) == (folded.kind, folded.model, folded.finish_reason)
    assert twice.usage == folded.usage


# Chat: openai-python's accumulator is right for these providers (elsewhere it doubles repeated roles and
# ids, loses usage that is followed by a chunk, and fails on a tool index that does not start at 0).
CLEAN = {"openai", "mistral", "deepseek", "groq", "azure", "crusoe", "cerebras"}


def is_clean(recording) -> bool:
    if recording.provider not in CLEAN or "stream-error" in recording.tags:
        return False
    if recording.provider == "azure" and not all(
        choice.get("delta") is not None for event in recording.events() for choice in event["choices"]
    ):
        return False
    return "variant" not in recording.name  # OpenRouter behind the name of openai: repeats id and name


def by_the_sdk(events: list[dict]) -> dict:
    state = ChatCompletionStreamState()
    for event in events:
        chunk = construct_type(type_=ChatCompletionChunk, value=event)
        if chunk.object == "chat.completion.chunk":
            state.handle_chunk(chunk)
    return state.current_completion_snapshot.to_dict()


def comparable(body: dict) -> dict:
    choices = [
        {
            "finish_reason": choice.get("finish_reason"),
            "logprobs": choice.get("logprobs"),
            "message": {
                name: choice["message"].get(name) for name in ("role", "content", "refusal", "function_call")
            },
            "tool_calls": [
                {
                    "id": call.get("id"),
                    "type": call.get("type"),
                    "name": call["function"].get("name"),
                    "arguments": call["function"].get("arguments"),
                }
                for call in choice["message"].get("tool_calls") or []
            ],
        }
        for choice in body["choices"]
    ]
    names = ("id", "model", "created")
    return bare({**{name: body.get(name) for name in names}, "choices": choices})


def bare(value):
    """null, "", [] and absent are the same."""
    if isinstance(value, dict):
        return {name: bare(item) for name, item in value.items() if bare(item) not in (None, "", [], {})}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


@each([recording for recording in of_kind("chat") if is_clean(recording)])
def test_chat_streams_equal_the_sdks_accumulator(recording):
    assert comparable(recording.fold().body) == comparable(by_the_sdk(recording.events()))


@each(of_kind("responses"))
def test_rebuilt_output_equals_the_terminal_one(recording):
    terminal = recording.fold()
    cut_off = [event for event in recording.events() if event["type"] not in TERMINAL]
    folder = folding.start(recording.path, 200, "text/event-stream", True)
    for event in cut_off:
        folder.feed(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    rebuilt = folder.finish()
    assert terminal.done and not rebuilt.done
    assert terminal.gaps == rebuilt.gaps == 0
    assert (rebuilt.body["id"], rebuilt.model) == (terminal.body["id"], terminal.model)
    assert without_opaque(rebuilt.body["output"]) == without_opaque(terminal.body["output"])


def without_opaque(output: list[dict]) -> list[dict]:
    """What providers themselves send differently in the item and in the terminal event."""
    return [
        {
            name: value
            for name, value in item.items()
            if name != "encrypted_content"
            and not (name == "id" and item["type"] == "reasoning")
            and not (name == "tools" and item["type"] == "mcp_list_tools")
        }
        for item in output
    ]


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@each(of_kind("messages"))
def test_message_streams_equal_the_sdks_accumulator(recording):
    snapshot, buffers = None, {}
    for event in recording.events():
        if event["type"] not in ("ping", "message_stop"):
            snapshot = accumulate_event(event=event, current_snapshot=snapshot, json_bufs=buffers)
    assert known_to_the_sdk(recording.fold().body) == known_to_the_sdk(snapshot.to_dict(mode="json"))


def known_to_the_sdk(body: dict) -> dict:
    """Without what the accumulator drops or converts."""
    usage = {name: value for name, value in body["usage"].items() if name != "iterations"}
    content = [
        {
            name: value
            for name, value in block.items()
            if not (block["type"] == "mcp_tool_use" and name == "input")
        }
        for block in body["content"]
        if block["type"] != "compaction"
    ]
    names = ("id", "type", "role", "model", "stop_reason", "stop_sequence")
    return bare({**{name: body.get(name) for name in names}, "content": content, "usage": usage})


SPOKEN = ("chat", "completions", "responses", "messages", "embeddings", "images", "moderations")
SILENT_ENDS = ("content_filter", "length")


@each([r for r in RECORDINGS if r.kind in SPOKEN and r.status == 200])
def test_every_answer_has_words_for_a_list_and_its_usage(recording):
    folded = recording.fold()
    if folded.kind in ("json", "text") and folded.error is None:
        return  # a page that is no answer
    if folded.finish_reason not in SILENT_ENDS:
        assert previews.of_response(folded)
    raw = folded.usage
    if raw is not None and raw.get("total_tokens"):
        used = usage.normalise(raw)
        assert used is not None and used.total == raw["total_tokens"] and not used.estimated
