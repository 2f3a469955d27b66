"""Whole records: rows in, rows without secrets out, and what happens where that cannot be."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from logs_app import payloads
from logs_app.assembly import Rows, assemble
from logs_app.assembly.bodies import ENDS_BYTES
from logs_app.assembly.transcript import Piece
from logs_app.folding import facts
from logs_app.journal.segments import PART
from logs_app.models import Attempt, LogPayload, LogRecord
from logs_app.redaction import Redactor, Ruleset, records, streams
from tests.logs_app.folds import CHAT, COMPLETIONS, DONE, MESSAGES, RESPONSES, chunk, fold, sse
from tests.logs_app.journals import ANSWER, JSON_HEADERS, REQUEST, SSE_HEADERS, new_id
from tests.logs_app.test_assembly_transcript import answered, closed, opened

EMAIL, CARD = "joe@example.com", "4111 1111 1111 1111"
LIMIT = 1 << 20


def rows(
    answer: bytes = ANSWER,
    request: bytes = REQUEST,
    *,
    headers: list[list[str]] = JSON_HEADERS,
    limit: int = LIMIT,
    **meta: Any,
) -> Rows:
    return assembled(
        opened(request, **meta), answered(headers=headers), (PART, 2000, answer), closed(), limit=limit
    )


def assembled(*pieces: Piece, limit: int = LIMIT) -> Rows:
    return assemble(new_id(), "node-a", pieces, limit, redactor_for=lambda project_id: Redactor(Ruleset()))


def stored(made: Rows) -> str:
    """Everything that would be written, unpacked."""
    values = [*made.record.values(), *(value for row in made.attempts for value in row.values())]
    for value in made.payload.values():
        values.append(
            payloads.unpack(value).decode("utf-8", "replace") if isinstance(value, bytes) else value
        )
    return "\n".join(map(str, values))


def asked(text: str) -> bytes:
    return orjson.dumps({"model": "m-1", "messages": [{"role": "user", "content": text}]})


def test_request_and_answer_share_their_numbers() -> None:
    answer = orjson.loads(ANSWER)
    answer["choices"][0]["message"]["content"] = f"{EMAIL} has {CARD}"
    made = rows(orjson.dumps(answer), asked(f"Who is {EMAIL}?"), query=f"to={EMAIL.replace('@', '%40')}&n=1")
    assert EMAIL not in stored(made) and CARD not in stored(made)
    assert made.record["request_preview"] == "Who is [EMAIL_1]?"
    assert made.record["response_preview"] == "[EMAIL_1] has [CARD_1]"
    assert made.record["query"] == "to=[EMAIL_1]&n=1"
    assert orjson.loads(made.record["redactions"]) == {"EMAIL": 1, "CARD": 1}
    assert made.record["redaction_version"] == records.VERSION


def test_a_record_without_secrets_keeps_its_very_bytes() -> None:
    made = rows()
    assert payloads.unpack(made.payload["request_body"]) == REQUEST
    assert payloads.unpack(made.payload["response_body"]) == ANSWER
    assert made.record["redactions"] == "{}"


def test_a_secret_spread_over_a_stream_is_gone_from_its_bytes_too() -> None:
    answer = sse(*(chunk({"content": piece}) for piece in ("joe@", "exam", "ple.com, bye")), DONE)
    made = rows(answer, headers=SSE_HEADERS, is_streaming=True)
    raw = payloads.unpack(made.payload["response_raw"])
    assert b"exam" not in raw and raw.endswith(b"data: [DONE]\n\n")
    assert fold(CHAT, raw).body == payloads.unpack_json(made.payload["response_body"])
    assert made.record["response_preview"] == "[EMAIL_1], bye"


def test_a_stream_that_was_cut_does_not_look_whole_afterwards() -> None:
    made = rows(sse(chunk({"content": EMAIL})), headers=SSE_HEADERS, is_streaming=True)
    raw = payloads.unpack(made.payload["response_raw"])
    assert b"[EMAIL_1]" in raw and b"[DONE]" not in raw


def test_an_error_in_a_stream_stays_without_its_secret() -> None:
    answer = sse(chunk({"content": EMAIL}), {"error": {"message": f"no {CARD}", "code": "oops"}})
    made = rows(answer, headers=SSE_HEADERS, is_streaming=True)
    assert CARD not in stored(made) and EMAIL not in stored(made)
    assert made.record["error_message"] == "no [CARD_1]"
    assert b'"code":"oops"' in payloads.unpack(made.payload["response_raw"])


def test_a_comment_beside_the_object_is_no_hiding_place() -> None:
    answer = f": for {EMAIL}\n\n".encode() + sse(chunk({"content": "Hi"}), DONE)
    made = rows(answer, headers=SSE_HEADERS, is_streaming=True)
    assert EMAIL not in stored(made)


def test_events_that_nobody_can_put_together_are_redacted_one_by_one() -> None:
    answer = sse({"custom": f"to {EMAIL}"}, {"custom": "bye"})
    made = rows(answer, headers=SSE_HEADERS, is_streaming=True, path="/v1/other", endpoint="/v1/other")
    assert (
        payloads.unpack(made.payload["response_raw"])
        == b'data: {"custom":"to [EMAIL_1]"}\n\ndata: {"custom":"bye"}\n\n'
    )


def test_where_a_secret_is_spread_over_them_they_are_not_stored() -> None:
    answer = sse({"custom": "to joe@exam"}, {"custom": "ple.com"})
    made = rows(answer, headers=SSE_HEADERS, is_streaming=True, path="/v1/other", endpoint="/v1/other")
    assert made.payload["response_raw"] is None
    assert made.record["fold_error"] == records.SPLIT


def test_what_is_kept_of_a_cut_body_ends_before_half_a_secret() -> None:
    filler, card = "lorem ipsum " * 30_000, CARD
    text = filler[: ENDS_BYTES - 5] + card + filler + card + " the end \\u006a\\u006fe@example.com"
    made = rows(request=asked(text).replace(b"\\\\", b"\\"), limit=200_000)
    kept = payloads.unpack(made.payload["request_body"])
    cut = orjson.loads(made.payload["request_cut"])
    assert b"4111" not in kept and b"[EMAIL_1]" in kept and b"example.com" not in kept
    assert kept[: cut["head"]].endswith((b"lorem", b"ipsum", b" "))


def test_a_body_in_an_unknown_encoding_is_not_stored() -> None:
    made = rows(b"\x0b\x02 " + EMAIL.encode(), headers=[["content-encoding", "br"]])
    assert made.payload["response_body"] is None
    assert "encoding that cannot be read" in made.record["fold_error"]


def test_headers_tags_and_attempts_are_redacted() -> None:
    headers = [["x-custom", EMAIL], ["x-relay-tags", f"a, {EMAIL}"], ["x-relay-user", EMAIL]]
    attempt = {
        "provider": "p",
        "status": 400,
        "model": EMAIL,
        "error": EMAIL,
        "message": EMAIL,
        "started_us": 1,
        "latency_us": 2,
    }
    pieces = [
        opened(REQUEST, headers=headers),
        answered(headers=headers),
        (PART, 2000, ANSWER),
        closed(attempts=[attempt], error_message=f"no {EMAIL}"),
    ]
    made = assembled(*pieces)
    assert EMAIL not in stored(made)
    assert orjson.loads(made.record["tags"]) == ["a", "[EMAIL_1]"]
    assert (made.record["end_user"], made.attempts[0]["error"]) == ("[EMAIL_1]", "[EMAIL_1]")


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "joe@example.com"',
        b'{"a": "joe@example.com"}\n{"b": "x"}\n',
        b"joe@example.com",
        b"\xff joe@example.com",
    ],
)
def test_what_is_no_json_is_redacted_as_text(body: bytes) -> None:
    assert EMAIL not in stored(rows(body, body, headers=[["content-type", "text/plain"]]))


@pytest.mark.parametrize(
    ("parameter", "boundary"), [("boundary=B", b"B"), ('Boundary="B"', b"B"), ('boundary="B;C"', b"B;C")]
)
def test_uploads_are_redacted_part_by_part(parameter: str, boundary: bytes) -> None:
    parts = (
        b'--B\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        b'{"to": "joe\\u0040example.com"}\r\n'
        b'--B\r\ncontent-disposition: form-data; name="audio"\r\n\r\n\0\xff\r\n--B--\r\n'
    ).replace(b"--B", b"--" + boundary)
    headers = [["content-type", f"multipart/form-data; {parameter}"]]
    made = assembled(opened(parts, headers=headers), answered(), (PART, 2000, ANSWER), closed())
    kept = payloads.unpack(made.payload["request_body"])
    assert kept == parts.replace(b'{"to": "joe\\u0040example.com"}', b'{"to":"[EMAIL_1]"}')


def test_what_cannot_be_redacted_is_not_stored_and_the_record_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(records.documents, "document", fail)
    made = rows(request=asked(EMAIL), query=EMAIL)
    assert EMAIL not in stored(made)
    assert (made.payload["request_body"], made.payload["response_body"]) == (None, None)
    assert (
        made.record["fold_error"]
        == "What was said could not be redacted (ZeroDivisionError) and was not stored."
    )
    assert made.record["total_tokens"] == 5


STREAMS = {
    CHAT: [
        chunk({"role": "assistant", "content": "Hi"}),
        chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}),
        chunk({"content": "Oh"}, index=1, finish_reason="stop"),
        chunk({}, finish_reason="stop", usage={"total_tokens": 5}), DONE,
    ],
    COMPLETIONS: [{"object": "text_completion", "id": "c", "choices": [{"index": 0, "text": "Hi"}]}, DONE],
    RESPONSES: [
        {"type": "response.created", "response": {"id": "r", "object": "response", "status": "in_progress"}},
        {"type": "response.completed", "response": {"id": "r", "object": "response", "status": "completed",
         "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]}},
    ],
    MESSAGES: [
        {"type": "message_start", "message": {"id": "m", "type": "message", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize("is_cut", [False, True])
def test_a_stream_written_anew_folds_to_the_object_it_was_written_from(path: str, is_cut: bool) -> None:
    events = STREAMS[path][:-1] if is_cut else STREAMS[path]
    raw = sse(*events)
    first = fold(path, raw)
    kind = facts.kind(first.body, path)
    second = fold(path, streams.rebuilt(Redactor(Ruleset()), kind, first.body, raw))
    assert second.body == first.body and second.done == first.done


# Columns with nothing in them that anybody said: numbers, moments, codes of our own, names that staff gave.
HARMLESS = {
    LogRecord: """id node seq created_at finished_at latency_ms ttft_ms method endpoint is_streaming is_cached
        provider project_id project key_id key_kind key_name key_prefix parent prompt_fingerprint status_code
        outcome finish_reason repeats usage_estimated service_tier price_version log_level lineage
        fold_version redaction_version redactions cost_nanos""",
    LogPayload: "record_id timings",
    Attempt: "record_id number provider status_code model key started_ms latency_ms",
}
NUMBERS = ("IntegerField", "FloatField", "BigIntegerField", "PositiveIntegerField")
BESIDE = ("path", "query", "tags", "edits", "fold_error", "request_preview", "response_preview")
HEADS = ("request_headers", "response_headers", "usage")
LOOKED_INTO = {
    LogRecord: {*records.TEXTS, *BESIDE},
    LogPayload: {*records.CONTENT, *records.CUTS, *records.CONTENT_TYPES, *HEADS},
    Attempt: {"error", "message"},
}


@pytest.mark.parametrize("model", HARMLESS)
def test_every_column_is_looked_into_or_known_to_be_harmless(model: Any) -> None:
    """A new column of words must not be forgotten."""
    columns = {
        field.attname for field in model._meta.concrete_fields if field.get_internal_type() not in NUMBERS
    }
    known = LOOKED_INTO[model] | set(HARMLESS[model].split())
    assert columns <= known, f"is {sorted(columns - known)} redacted?"
    assert LOOKED_INTO[model] <= columns
