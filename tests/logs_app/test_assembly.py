from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app import payloads
from logs_app.assembly import Rows, assemble
from logs_app.assembly.transcript import Piece
from logs_app.journal.segments import PART, REJECTED
from logs_app.pricing import Book, Rates
from logs_app.pricing.book import Entry
from tests.logs_app.folds import DONE, RESPONSES, sse
from tests.logs_app.journals import ANSWER, REQUEST, SSE_HEADERS, answered_meta, new_id, opened_meta
from tests.logs_app.test_assembly_transcript import answered, closed, opened

LIMIT = 1 << 20
CUT_OFF = {
    "outcome": "upstream_truncated",
    "error_code": "upstream_truncated",
    "error_message": "It broke off.",
}


def rows(*pieces: Piece, id: bytes | None = None, limit: int = LIMIT) -> Rows:
    return assemble(id or new_id(), "node-a", pieces, limit)


def exchange(
    answer: bytes = ANSWER, request: bytes = REQUEST, end: Piece | None = None, **meta: object
) -> Rows:
    pieces = [opened(request), answered(**meta), (PART, 2000, answer)]
    return rows(*pieces, end or closed(status=meta.get("status", 200)))


def chunk(delta: dict, **more: object) -> dict:
    return {
        "object": "chat.completion.chunk",
        "model": "m-s",
        "choices": [{"index": 0, "delta": delta}],
        **more,
    }


def stream(*events: object, end: Piece | None = None) -> Rows:
    pieces = [opened(REQUEST, is_streaming=True), answered(headers=SSE_HEADERS), (PART, 2000, sse(*events))]
    return rows(*pieces, *([end] if end else []))


def test_who_called_what_and_when():
    id = new_id()
    meta = {"query": "a=b", "project": {"id": "p", "name": "Project"}}
    record = rows(opened(REQUEST, **meta), answered(), (PART, 2000, ANSWER), closed(), id=id).record
    assert (record["id"], record["method"], record["path"], record["query"]) == (
        id.hex(),
        "POST",
        "/v1/chat/completions",
        "a=b",
    )
    assert (record["key_id"], record["key_name"], record["key_prefix"]) == ("1", "first", "sk-abc…")
    assert (record["project_id"], record["project"], record["client_ip"]) == ("p", "Project", "192.0.2.7")
    assert record["created_at"] == datetime(2025, 11, 20, 17, 33, 20, 123456, tzinfo=UTC)
    assert record["finished_at"] == datetime(2025, 11, 20, 17, 33, 20, 128456, tzinfo=UTC)
    assert record["latency_ms"] == 5.0


def test_what_was_asked_sent_and_served():
    record = exchange(model_sent="m-2").record
    assert (record["model"], record["model_sent"], record["model_served"]) == ("m-1", "m-2", "m-1-2026")
    assert (record["provider"], record["finish_reason"]) == ("p-1", "stop")
    assert (record["request_preview"], record["response_preview"]) == ("Hello?", "Hi.")
    assert record["end_user"] == "u-1"


def test_a_call_that_names_no_model_is_found_by_the_one_that_served():
    assert (
        rows(opened(model=None), answered(model_sent=None), (PART, 1, ANSWER), closed()).record["model"]
        == "m-1-2026"
    )


def test_the_request_id_is_the_providers():
    assert exchange().record["request_id"] == "req_1"


def test_without_one_of_the_providers_the_request_id_is_ours():
    id = new_id()
    assert rows(opened(), answered(headers=[]), closed(), id=id).record["request_id"] == str(UUID(bytes=id))


def test_what_the_client_says_of_itself_is_kept():
    headers = [
        ["x-request-id", "c-1"],
        ["x-relay-session", "s"],
        ["x-relay-user", "u"],
        ["x-relay-tags", "a,b"],
    ]
    record = rows(opened(REQUEST, headers=headers), answered(), closed()).record
    assert (record["client_request_id"], record["session"], record["end_user"]) == ("c-1", "s", "u")
    assert record["tags"] == '["a","b"]'


def test_tokens_are_the_providers():
    record = exchange().record
    assert (record["prompt_tokens"], record["completion_tokens"], record["total_tokens"]) == (3, 2, 5)
    assert record["usage_estimated"] is False
    assert payloads.unpack_json(exchange().payload["usage"]) == orjson.loads(ANSWER)["usage"]


def test_tokens_that_the_provider_did_not_count_are_estimated():
    record = stream(chunk({"content": "Hello there"}), DONE, end=closed()).record
    assert record["completion_tokens"] > 0
    assert record["usage_estimated"] is True


def test_an_error_costs_no_tokens():
    record = exchange(b'{"error": {"message": "No.", "code": "bad"}}', status=400).record
    assert record["total_tokens"] is None


def test_the_end_that_the_lane_saw_is_kept():
    record = exchange(end=closed(**CUT_OFF)).record
    assert (record["outcome"], record["error_message"]) == ("upstream_truncated", "It broke off.")


def test_an_error_status_is_a_failure_and_tells_why():
    record = exchange(b'{"error": {"message": "No.", "type": "t", "code": "bad"}}', status=429).record
    assert (record["outcome"], record["status_code"]) == ("failed", 429)
    assert (record["error_code"], record["error_message"]) == ("bad", "No.")


def test_an_error_inside_a_stream_is_a_failure_although_the_status_was_200():
    record = stream(
        chunk({"content": "Hel"}), {"error": {"message": "Overloaded.", "code": 529}}, end=closed()
    ).record
    assert (record["outcome"], record["status_code"], record["error_code"]) == ("failed", 200, "529")


def test_a_client_that_left_is_no_failure():
    record = stream(chunk({"content": "Hel"}), end=closed(outcome="client_disconnected")).record
    assert record["outcome"] == "client_disconnected"


@pytest.mark.parametrize(
    ("length", "outcome"),
    [(str(len(ANSWER)), "completed"), (str(len(ANSWER) + 1), "interrupted"), ("x", "completed")],
)
def test_an_exchange_without_an_end_is_judged_by_its_length(length, outcome):
    headers = [["content-type", "application/json"], ["content-length", length]]
    assert rows(opened(), answered(headers=headers), (PART, 1, ANSWER)).record["outcome"] == outcome


def test_half_an_object_without_an_end_is_interrupted():
    assert rows(opened(), answered(), (PART, 1, ANSWER[:40])).record["outcome"] == "interrupted"


def test_bytes_without_length_and_end_prove_nothing():
    headers = [["content-type", "audio/mpeg"]]
    assert (
        rows(opened(), answered(headers=headers), (PART, 1, b"\xff\xfb")).record["outcome"] == "interrupted"
    )


@pytest.mark.parametrize(("last", "outcome"), [([DONE], "completed"), ([], "interrupted")])
def test_a_stream_without_an_end_is_judged_by_its_terminal_event(last, outcome):
    assert stream(chunk({"content": "Hi"}), *last).record["outcome"] == outcome


def test_a_stream_that_ended_in_an_error_without_an_end_is_not_completed():
    failed = {
        "type": "response.failed",
        "response": {"object": "response", "status": "failed", "error": {"code": "x"}},
    }
    pieces = [opened(path=RESPONSES), answered(headers=SSE_HEADERS), (PART, 1, sse(failed))]
    assert rows(*pieces).record["outcome"] == "failed"


def test_a_call_that_was_never_answered_is_interrupted():
    record = rows(opened(REQUEST)).record
    assert (record["outcome"], record["status_code"]) == ("interrupted", None)


def test_a_plain_answer_is_stored_once():
    payload = exchange().payload
    assert payloads.unpack(payload["response_body"]) == ANSWER
    assert payload["response_raw"] is None
    assert payload["response_content_type"] == "application/json"


def test_a_stream_is_stored_as_sent_and_put_together():
    events = (chunk({"content": "Hel"}), chunk({"content": "lo"}), DONE)
    payload = stream(*events, end=closed()).payload
    assert payloads.unpack(payload["response_raw"]) == sse(*events)
    body = orjson.loads(payloads.unpack(payload["response_body"]))
    assert body["choices"][0]["message"]["content"] == "Hello"


def test_headers_are_kept_with_repeats():
    headers = [["x-a", "1"], ["x-a", "2"]]
    assert payloads.unpack_json(exchange(headers=headers).payload["response_headers"]) == headers


def test_a_body_beyond_the_limit_is_cut_and_its_tokens_still_counted():
    answer = orjson.dumps(orjson.loads(ANSWER) | {"padding": "x" * 5000})
    made = rows(opened(REQUEST), answered(), (PART, 1, answer), closed(), limit=1000)
    assert orjson.loads(made.payload["response_cut"])["size"] == len(answer)
    assert made.record["response_bytes"] == len(answer)
    assert made.record["total_tokens"] == 5
    assert made.record["fold_error"] == ""


def test_attempts_are_rows_of_their_own():
    tries = [
        {
            "provider": "a",
            "status": None,
            "error": "upstream_unreachable",
            "started_us": 10,
            "latency_us": 2000,
        },
        {"provider": "b", "status": 200, "error": None, "started_us": 3000, "latency_us": 1500},
    ]
    made = exchange(end=closed(attempts=tries))
    assert [(a["number"], a["provider"], a["status_code"], a["error"]) for a in made.attempts] == [
        (1, "a", None, "upstream_unreachable"),
        (2, "b", 200, ""),
    ]
    assert (made.attempts[1]["started_ms"], made.attempts[1]["latency_ms"]) == (3.0, 1.5)


def test_the_attempt_of_a_worker_that_died_is_known_from_its_answer():
    (attempt,) = rows(opened(), answered(), (PART, 1, ANSWER)).attempts
    assert (attempt["provider"], attempt["status_code"]) == ("p-1", 200)


def test_edits_are_listed():
    made = exchange(end=closed(edits=[{"kind": "hide_usage_event"}]))
    assert orjson.loads(made.record["edits"]) == [{"kind": "hide_usage_event"}]


def test_what_the_full_disk_swallowed_is_said():
    record = exchange(end=closed(dropped=[10, 2000])).record
    assert "10 bytes of the request" in record["fold_error"]
    assert "2000 bytes of the answer" in record["fold_error"]
    assert record["response_bytes"] == len(ANSWER) + 2000


def test_a_damaged_encoding_is_said():
    headers = [["content-type", "application/json"], ["content-encoding", "gzip"]]
    assert "The answer could not be read" in exchange(b"no gzip", headers=headers).record["fold_error"]


def test_a_request_that_is_no_json_has_no_preview_and_is_kept():
    made = exchange(request=b"--boundary\r\nfile")
    assert made.record["request_preview"] == ""
    assert payloads.unpack(made.payload["request_body"]) == b"--boundary\r\nfile"


def test_a_rejected_call_has_no_answer():
    meta = opened_meta() | answered_meta(headers=[]) | {"status": 413, "error_code": "too_large", "count": 1}
    made = rows((REJECTED, 0, orjson.dumps(meta)))
    assert (made.record["outcome"], made.record["error_code"]) == ("rejected", "too_large")
    assert made.attempts == []
    assert made.payload["response_body"] is None


def test_unfolded_rows_keep_what_was_said_and_the_reason():
    made = assemble(
        new_id(),
        "n",
        [opened(REQUEST), answered(), (PART, 1, ANSWER), closed()],
        LIMIT,
        fold_error="Because.",
    )
    assert made.record["fold_error"] == "Because."
    assert made.record["model_served"] == ""
    assert payloads.unpack(made.payload["response_body"]) == ANSWER


def test_rows_can_be_made_of_nothing():
    made = assemble(new_id(), "n", (), LIMIT, fold_error="All is lost.")
    assert (made.record["outcome"], made.record["path"], made.record["status_code"]) == (
        "interrupted",
        "",
        None,
    )


def test_the_size_of_rows_is_that_of_their_payload():
    assert exchange().bytes > exchange(b"{}").bytes > 100


PRICES = Book(
    [Entry("m-1*", "", "", 0, datetime(2020, 1, 1, tzinfo=UTC), Rates(input=10**6, output=2 * 10**6))]
)


def priced(**closed_with: object) -> dict:
    pieces = [opened(REQUEST), answered(), (PART, 2000, ANSWER), closed(**closed_with)]
    return assemble(new_id(), "node-a", pieces, LIMIT, prices=PRICES).record


def test_a_call_has_the_cost_of_its_tokens():
    record = priced()
    assert record["cost_nanos"] == 3 * 1 + 2 * 2
    assert record["price_version"] == Rates(input=10**6, output=2 * 10**6).version


def test_a_price_of_the_providers_own_configuration_comes_first():
    record = priced(price={"input": 5 * 10**6, "output": 0})
    assert (record["cost_nanos"], record["price_version"]) == (15, "own")


def test_without_a_price_a_cost_is_not_known():
    assert exchange().record["cost_nanos"] is None


def test_the_pace_of_a_stream_is_known():
    pieces = [opened(REQUEST, is_streaming=True), answered(headers=SSE_HEADERS)]
    for offset_us in (10_000, 20_000, 60_000):
        pieces.append((PART, offset_us, sse(chunk({"content": "word "}))))
    usage = {"prompt_tokens": 1, "completion_tokens": 10, "total_tokens": 11}
    pieces.append((PART, 110_000, sse({**chunk({}), "choices": [], "usage": usage}, DONE)))
    record = rows(*pieces, closed(relay_us=1500)).record
    assert (record["ttft_ms"], record["longest_gap_ms"]) == (10.0, 50.0)
    assert record["tokens_per_second"] == 100.0
    assert record["relay_ms"] == 1.5


def test_what_is_no_stream_has_no_pace():
    record = exchange().record
    assert (record["longest_gap_ms"], record["tokens_per_second"], record["relay_ms"]) == (None, None, None)


def test_a_call_knows_what_it_came_of():
    parent = "0193497a-b800-7000-8000-00000000abcd"
    made = rows(opened(REQUEST, parent=parent, lineage="replay"), answered(), (PART, 1, ANSWER), closed())
    assert (made.record["parent"], made.record["lineage"]) == (parent.replace("-", ""), "replay")
    assert rows(opened(REQUEST, parent="nonsense"), closed()).record["parent"] is None


def test_an_attempt_says_what_was_tried():
    attempt = {
        "provider": "p-2", "model": "m-x", "key": "second", "status": 429, "error": "rate_limited",
        "message": "Slow down.", "started_us": 0, "latency_us": 10,
    }  # fmt: skip
    (row,) = exchange(end=closed(attempts=[attempt])).attempts
    assert (row["model"], row["key"], row["error"], row["message"]) == (
        "m-x",
        "second",
        "rate_limited",
        "Slow down.",
    )


def test_tokens_of_images_and_the_tier_are_columns():
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"image_tokens": 7}}
    answer = orjson.loads(ANSWER) | {"usage": usage, "service_tier": "flex"}
    record = exchange(orjson.dumps(answer)).record
    assert (record["image_tokens"], record["service_tier"]) == (7, "flex")
    assert (record["prompt_image_tokens"], record["prompt_audio_tokens"]) == (7, None)


def test_the_tokens_of_pictures_that_were_made_are_of_pictures():
    usage = {"input_tokens": 9, "output_tokens": 40, "input_tokens_details": {"image_tokens": 5}}
    answer = orjson.dumps({"created": 1, "data": [{"b64_json": "AAAA"}], "usage": usage})
    pieces = [opened(REQUEST, path="/v1/images/generations"), answered(), (PART, 2000, answer), closed()]
    record = rows(*pieces).record
    assert (record["image_tokens"], record["prompt_image_tokens"]) == (45, 5)


def test_an_upload_is_known_by_its_file_and_its_words():
    form = (
        b'--e\r\nContent-Disposition: form-data; name="file"; filename="talk.mp3"\r\n\r\n\xff\xfb\x90\r\n'
        b'--e\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
        b'--e\r\nContent-Disposition: form-data; name="user"\r\n\r\nu-7\r\n--e--\r\n'
    )
    headers = [["content-type", "multipart/form-data; boundary=e"]]
    path = "/v1/audio/transcriptions"
    answer = b'{"text": "Hello.", "usage": {"type": "duration", "seconds": 9}}'
    asked = opened(form, headers=headers, path=path, model=None)
    made = rows(asked, answered(model_sent=None), (PART, 1, answer), closed())
    assert (made.record["request_preview"], made.record["response_preview"]) == ("[file talk.mp3]", "Hello.")
    assert made.record["model"] == "whisper-1"  # the lane reads no form to pass it on
    assert (made.record["end_user"], made.record["audio_seconds"]) == ("u-7", 9.0)
    assert payloads.unpack(made.payload["request_body"]) == form


def response(**more: object) -> bytes:
    usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
    return orjson.dumps({"object": "response", "id": "r", "output": [], "usage": usage} | more)


@pytest.mark.parametrize(
    ("method", "body", "tokens"),
    [
        ("POST", response(status="completed"), 12),
        ("GET", response(status="completed"), None),
        ("GET", response(status="completed", background=True), 12),
        ("GET", response(status="in_progress", background=True, usage=None), None),
        ("POST", response(status="queued", background=True, usage=None), None),
        ("CANCEL", response(status="cancelled", usage=None), None),
    ],
)
def test_looking_at_a_stored_answer_again_uses_nothing(method: str, body: bytes, tokens: int | None):
    head = opened(REQUEST, method=method, path="/v1/responses/r")
    if method == "CANCEL":
        head = opened(b"", method="POST", path="/v1/responses/r/cancel")
    record = rows(head, answered(), (PART, 1, body), closed()).record
    assert (record["total_tokens"], record["usage_estimated"]) == (tokens, False)


def test_a_batch_says_how_far_it_is():
    batch = {
        "object": "batch",
        "id": "b",
        "status": "in_progress",
        "request_counts": {"total": 2, "completed": 1},
    }
    head = opened(b"", method="GET", path="/v1/batches/b", model=None)
    record = rows(head, answered(), (PART, 1, orjson.dumps(batch)), closed()).record
    assert (record["finish_reason"], record["response_preview"]) == (
        "in_progress",
        "in_progress: 1 of 2 done",
    )


def test_what_the_provider_billed_comes_before_the_list():
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.25, "is_byok": False}
    answer = orjson.dumps(orjson.loads(ANSWER) | {"usage": usage})
    pieces = [opened(REQUEST), answered(), (PART, 2000, answer), closed()]
    record = assemble(new_id(), "node-a", pieces, LIMIT, prices=PRICES).record
    assert (record["cost_nanos"], record["price_version"]) == (250_000_000, "billed")


NAMES = (
    "model", "messages", "input", "prompt", "content", "role", "user", "metadata", "tags",
    "session_id", "usage", "choices", "message", "delta", "output", "data", "embedding", "results",
    "categories", "flagged", "filename", "request_counts", "total", "status", "object", "id",
    "type", "text", "error", "cost", "is_byok", "duration", "prompt_tokens", "completion_tokens",
    "total_tokens", "input_tokens", "cost_in_usd_ticks", "service_tier", "background",
    "finish_reason", "tool_calls", "function", "arguments", "file", "conversation", "tools",
)  # fmt: skip
WORDS = (
    "chat.completion",
    "response",
    "batch",
    "file",
    "list",
    "user",
    "system",
    "queued",
    "embedding",
    "\0",
    "é",
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)
PATHS = st.sampled_from(
    ["chat/completions", "completions", "responses", "messages", "embeddings", "images/generations",
     "audio/speech", "audio/transcriptions", "moderations", "files", "batches", "models", "unknown"]
)  # fmt: skip


@given(
    anything, anything, PATHS, st.sampled_from(["GET", "POST"]), st.sampled_from(["full", "metadata", "off"])
)
def test_nothing_that_is_said_keeps_a_call_from_its_record(asked, said, path, method, level):
    head = opened(json.dumps(asked).encode(), path=f"/v1/{path}", method=method, log=level)
    pieces = [head, answered(), (PART, 2000, json.dumps(said).encode()), closed()]
    made = assemble(new_id(), "node-a", pieces, LIMIT, prices=PRICES)
    assert "\0" not in made.record["request_preview"] + made.record["response_preview"]
    assert made.record["fold_error"] == ""


def test_the_attempt_that_answered_has_what_was_used():
    failed = {"provider": "p-1", "status": 503, "started_us": 0, "latency_us": 10}
    answer = {"provider": "p-2", "status": 200, "started_us": 20, "latency_us": 10}
    made = exchange(end=closed(attempts=[failed, answer]))
    used = (made.record["prompt_tokens"], made.record["completion_tokens"])
    assert None not in used
    tokens = [(row["prompt_tokens"], row["completion_tokens"]) for row in made.attempts]
    assert tokens == [(None, None), used]


def test_an_attempt_without_an_answer_has_used_nothing_known():
    failed = {"provider": "p-1", "status": None, "error": "upstream_unreachable", "started_us": 0}
    (row,) = exchange(end=closed(attempts=[failed])).attempts
    assert (row["prompt_tokens"], row["completion_tokens"]) == (None, None)
