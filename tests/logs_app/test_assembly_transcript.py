from __future__ import annotations

import gzip
import json

import orjson

from logs_app.assembly.transcript import FOLDED_BYTES, Piece, Transcript
from logs_app.journal.journal import META_LENGTH
from logs_app.journal.segments import ANSWERED, CLOSED, OPENED, PART, REJECTED, REQUEST_PART, SENT
from tests.logs_app.folds import CHAT, sse
from tests.logs_app.journals import ANSWER, SSE_HEADERS, answered_meta, closed_meta, opened_meta


def opened(body: bytes = b"", **given: object) -> Piece:
    meta = orjson.dumps(opened_meta(**given))
    return OPENED, 0, META_LENGTH.pack(len(meta)) + meta + body


def answered(**given: object) -> Piece:
    return ANSWERED, 1000, orjson.dumps(answered_meta(**given))


def closed(**given: object) -> Piece:
    return CLOSED, 5000, orjson.dumps(closed_meta(**given))


def hear(*pieces: Piece, limit: int = 1 << 20) -> Transcript:
    return Transcript(pieces, limit, may_fold=True)


def test_the_request_is_the_body_and_its_later_parts():
    transcript = hear(opened(b"one "), (REQUEST_PART, 5, b"two "), (REQUEST_PART, 6, b"three"))
    assert transcript.request.content == b"one two three"


def test_what_was_sent_instead_is_the_last_body_that_was():
    first = [(SENT, 10, b"to "), (SENT, 10, b"one")]
    assert hear(opened(b"asked"), *first).sent.content == b"to one"
    assert hear(opened(b"asked"), *first, (SENT, 20, b"to another")).sent.content == b"to another"
    assert hear(opened(b"asked")).sent.content == b""


def test_the_longest_silence_between_two_parts_is_known():
    parts = [(PART, offset_us, b"x") for offset_us in (5000, 6000, 9500, 9600)]
    assert hear(opened(), answered(), *parts).longest_gap_us == 3500
    assert hear(opened(), answered(), parts[0]).longest_gap_us is None


def test_a_packed_request_is_unpacked():
    packed = gzip.compress(b"the question")
    transcript = hear(opened(packed, headers=[["content-encoding", "gzip"]]))
    assert transcript.request.content == b"the question"
    assert transcript.request.wire_bytes == len(packed)


def test_a_packed_answer_is_unpacked_before_it_is_folded():
    headers = [["content-type", "application/json"], ["content-encoding", "gzip"]]
    transcript = hear(opened(), answered(headers=headers), (PART, 2000, gzip.compress(ANSWER)), closed())
    folded = transcript.finish()
    assert folded is not None
    assert folded.model == "m-1-2026"


def test_an_answer_in_an_unknown_encoding_is_kept_and_not_folded():
    transcript = hear(opened(), answered(headers=[["content-encoding", "br"]]), (PART, 2000, b"\x0b\x02"))
    assert transcript.finish() is None
    assert transcript.response.content == b"\x0b\x02"


def test_the_first_token_is_timed_by_the_part_that_brought_it():
    def chunk(delta: dict) -> bytes:
        return sse({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]})

    parts = [
        (PART, 2000, chunk({"role": "assistant"})),
        (PART, 7000, chunk({"content": "A"})),
        (PART, 9000, chunk({"content": "B"})),
    ]
    transcript = hear(opened(path=CHAT, is_streaming=True), answered(headers=SSE_HEADERS), *parts)
    assert transcript.ttft_us == 7000
    assert transcript.timings == [(at, len(part)) for _, at, part in parts]


def test_without_folding_bytes_are_kept_all_the_same():
    transcript = Transcript([opened(), answered(), (PART, 2000, ANSWER), closed()], 1 << 20, may_fold=False)
    assert transcript.finish() is None
    assert transcript.response.content == ANSWER


def test_the_last_offset_stands_in_for_the_end():
    assert hear(opened(), answered(), (PART, 7777, b"x")).last_us == 7777


def test_a_rejected_call_is_opened_and_closed_in_one():
    meta = opened_meta() | {"status": 401, "error_code": "no", "error_message": "No.", "count": 2}
    transcript = hear((REJECTED, 0, orjson.dumps(meta)))
    assert transcript.opened["path"] == CHAT
    assert (transcript.closed["outcome"], transcript.status) == ("rejected", 401)


def test_status_and_provider_are_known_without_an_end():
    transcript = hear(opened(), answered(status=503, provider="p-9"))
    assert (transcript.status, transcript.provider) == (503, "p-9")


def test_metadata_that_orjson_could_not_write_is_read():
    meta = json.dumps(closed_meta(error_message="\ud800", latency_us=2**70)).encode()
    assert hear((CLOSED, 1, meta)).closed["latency_us"] == 2**70


def test_an_enormous_answer_is_kept_at_both_ends_and_not_put_together():
    part = b'{"a":"' + b"x" * (1 << 20)
    parts = [(PART, n, part) for n in range(FOLDED_BYTES // len(part) + 3)]
    transcript = hear(opened(), answered(), *parts, limit=1 << 20)
    folded = transcript.finish()
    assert folded is not None
    assert folded.body is None
    assert transcript.response.cut is not None
    assert transcript.response.cut["size"] == len(parts) * len(part)


def test_an_answer_is_folded_as_what_the_provider_was_asked_for():
    """A route may give calls another path."""
    body = b'{"data": [{"embedding": [0.5]}]}'
    folded = hear(
        opened(path="/v1/own", upstream_path="/v1/embeddings"), answered(), (PART, 1, body)
    ).finish()
    assert folded is not None and folded.kind == "embedding"
