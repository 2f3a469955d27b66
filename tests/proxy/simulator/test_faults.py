"""Each fault once, seen over a bare socket."""

import asyncio
import gzip
import time
import zlib

import orjson
import pytest
import zstandard

from proxy.simulator import Simulator
from tests.proxy.simulator.rawhttp import chat_request, http_request, play, send, texts, unchunk


async def test_status_with_retry_after_is_an_openai_error(sim: Simulator) -> None:
    seen = await play(sim, "status=429 retry_after=2 retry_after_ms=1500")
    assert seen.status == 429
    assert (seen.header("retry-after"), seen.header("retry-after-ms")) == (["2"], ["1500"])
    assert orjson.loads(seen.body)["error"].keys() == {"message", "type", "param", "code"}


async def test_code_chooses_the_wording(sim: Simulator) -> None:
    seen = await play(sim, "status=400 code=context_length_exceeded")
    error = orjson.loads(seen.body)["error"]
    assert error["code"] == "context_length_exceeded" and "maximum context length" in error["message"]


async def test_status_below_400_only_changes_the_status(sim: Simulator) -> None:
    seen = await play(sim, "status=202", stream=False)
    assert seen.status == 202 and orjson.loads(seen.body)["object"] == "chat.completion"


async def test_html_is_the_page_of_a_cdn(sim: Simulator) -> None:
    seen = await play(sim, "status=502 html=1")
    assert seen.header("content-type") == ["text/html; charset=UTF-8"]
    assert seen.body.startswith(b"<!DOCTYPE html>")


async def test_times_makes_only_the_first_requests_fail(sim: Simulator) -> None:
    statuses = [(await play(sim, "status=500 times=2 id=a", stream=False)).status for _ in range(4)]
    assert statuses == [500, 500, 200, 200]


async def test_skip_spares_the_first_requests(sim: Simulator) -> None:
    statuses = [(await play(sim, "status=500 skip=1 times=1 id=b", stream=False)).status for _ in range(3)]
    assert statuses == [200, 500, 200]


async def test_only_speaks_to_one_simulator(sim: Simulator) -> None:
    assert (await play(sim, "status=500 only=other", stream=False)).status == 200
    assert (await play(sim, "status=500 only=simulator", stream=False)).status == 500


@pytest.mark.parametrize(("word", "status"), [("1", 400), ("422", 422)])
async def test_unknown_usage_option_is_refused_only_when_it_is_there(
    sim: Simulator, word: str, status: int
) -> None:
    options = {"include_usage": True}
    refused = await play(sim, f"unknown_usage_option={word}", stream_options=options)
    accepted = await play(sim, f"unknown_usage_option={word}")
    assert (refused.status, accepted.status) == (status, 200)
    assert b"stream_options" in refused.body


async def test_reset_before_the_answer(sim: Simulator) -> None:
    seen = await play(sim, "reset=before")
    assert (seen.raw, seen.end) == (b"", "reset")


async def test_reset_after_the_headers(sim: Simulator) -> None:
    seen = await play(sim, "reset=headers")
    assert (seen.status, seen.body, seen.end) == (200, b"", "reset")


@pytest.mark.parametrize(("where", "pieces"), [("middle", 10), ("3", 3)])
async def test_reset_in_the_middle(sim: Simulator, where: str, pieces: int) -> None:
    seen = await play(sim, f"reset={where} chunks=20")
    assert len(texts(unchunk(seen.body)[0])) == pieces and seen.end == "reset"


@pytest.mark.parametrize(("where", "pieces"), [("before", 0), ("headers", 0), ("4", 4)])
async def test_hang_never_goes_on(sim: Simulator, where: str, pieces: int) -> None:
    seen = await play(sim, f"hang={where} chunks=20")
    assert seen.end == "open" and bool(seen.raw) is (where != "before")
    assert len(texts(unchunk(seen.body)[0])) == pieces


async def test_cut_closes_without_terminator(sim: Simulator) -> None:
    seen = await play(sim, "cut=3 chunks=20")
    payload, is_terminated = unchunk(seen.body)
    assert len(texts(payload)) == 3 and not is_terminated and seen.end == "eof"


async def test_cut_of_a_whole_answer_counts_bytes(sim: Simulator) -> None:
    seen = await play(sim, "cut=100", stream=False)
    assert len(seen.body) == 100 < int(seen.header("content-length")[0]) and seen.end == "eof"


async def test_eof_ends_cleanly_without_finish_or_done(sim: Simulator) -> None:
    payload, is_terminated = unchunk((await play(sim, "eof=3 chunks=20")).body)
    assert len(texts(payload)) == 3 and is_terminated
    assert b"[DONE]" not in payload and b'"finish_reason":"stop"' not in payload


async def test_eof_after_the_last_chunk_leaves_out_the_finish(sim: Simulator) -> None:
    payload, _ = unchunk((await play(sim, "eof=5 chunks=5")).body)
    assert len(texts(payload)) == 5 and b'"finish_reason":"stop"' not in payload


async def test_no_done_keeps_everything_else(sim: Simulator) -> None:
    payload, is_terminated = unchunk((await play(sim, "no_done=1 chunks=5")).body)
    assert is_terminated and b"[DONE]" not in payload and b'"finish_reason":"stop"' in payload


async def test_malformed_event_comes_beside_the_whole_answer(sim: Simulator) -> None:
    payload, _ = unchunk((await play(sim, "malformed=2 chunks=5")).body)
    broken = [
        event for event in payload.split(b"\n\n") if event.startswith(b"data: {") and not event.endswith(b"}")
    ]
    assert len(broken) == 1 and payload.count(b'"content":') == 1 + 5 + 1
    assert payload.endswith(b"data: [DONE]\n\n")


async def test_malformed_whole_answer_is_no_json(sim: Simulator) -> None:
    seen = await play(sim, "malformed=20", stream=False)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(seen.body)
    assert len(seen.body) == int(seen.header("content-length")[0])


async def test_error_event_ends_the_stream(sim: Simulator) -> None:
    payload, is_terminated = unchunk((await play(sim, "error_event=2 chunks=5 code=overloaded")).body)
    last = orjson.loads(payload.rstrip().rsplit(b"data: ", 1)[1])
    assert last["error"]["code"] == "overloaded" and is_terminated and b"[DONE]" not in payload


async def test_error_in_a_whole_answer_is_a_200(sim: Simulator) -> None:
    seen = await play(sim, "error_event=0", stream=False)
    assert seen.status == 200 and orjson.loads(seen.body)["error"]["type"] == "server_error"


async def test_stall_is_a_silence_before_a_chunk(sim: Simulator) -> None:
    began = time.monotonic()
    payload, _ = unchunk((await play(sim, "stall=3:0.3 chunks=5")).body)
    assert len(texts(payload)) == 5 and time.monotonic() - began >= 0.3


async def test_ttft_and_delay_set_the_pace(sim: Simulator) -> None:
    began = time.monotonic()
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(http_request(chat_request("ttft=200 delay=20 chunks=11 close=1")))
    await reader.read(1)
    first = time.monotonic() - began
    await reader.read()
    writer.close()
    await writer.wait_closed()
    assert first >= 0.2 and time.monotonic() - began >= 0.4


@pytest.mark.parametrize("stream", [True, False])
async def test_split_cuts_through_characters_and_loses_nothing(sim: Simulator, stream: bool) -> None:
    whole = await play(sim, "chunks=4", say="你好🙂", stream=stream)
    seen = await play(sim, "split=3 chunks=4", say="你好🙂", stream=stream)
    body, split = (unchunk(each.body)[0] if stream else each.body for each in (whole, seen))
    assert len(body) == len(split)
    said = "".join(texts(split)) if stream else orjson.loads(split)["choices"][0]["message"]["content"]
    assert "你好🙂" in said


async def test_crlf_and_comments_frame_the_same_events(sim: Simulator) -> None:
    payload, _ = unchunk((await play(sim, "crlf=1 comments=1 chunks=5")).body)
    assert b": keep-alive\r\n\r\n" in payload and b"\n\n" not in payload
    assert len(texts(payload.replace(b"\r\n", b"\n"))) == 5


async def test_big_event_has_its_size(sim: Simulator) -> None:
    payload, _ = unchunk((await play(sim, "big_event=300000 chunks=3")).body)
    assert len(texts(payload)) == 3 and 300_000 < max(map(len, payload.split(b"\n\n"))) < 301_000


@pytest.mark.parametrize("size", [3_000, 200_000])
async def test_size_pads_json_to_exactly_so_many_bytes(sim: Simulator, size: int) -> None:
    seen = await play(sim, f"size={size}", stream=False)
    assert len(seen.body) == size and orjson.loads(seen.body)["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("encoding", "decode"),
    [
        ("gzip", gzip.decompress),
        ("deflate", zlib.decompress),
        ("zstd", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_encoded_answer_decodes_to_the_plain_one(
    sim: Simulator, encoding: str, decode, stream: bool
) -> None:
    seen = await play(sim, f"encoding={encoding} chunks=3", stream=stream)
    assert seen.header("content-encoding") == [encoding]
    plain = decode(unchunk(seen.body)[0])
    said = "".join(texts(plain)) if stream else plain.decode()
    assert "You said: “hello”." in said


async def test_no_length_ends_with_the_connection(sim: Simulator) -> None:
    seen = await play(sim, "no_length=1", stream=False)
    assert seen.end == "eof" and orjson.loads(seen.body)["object"] == "chat.completion"
    assert not seen.header("content-length") and not seen.header("transfer-encoding")


async def test_close_says_so_and_does_it(sim: Simulator) -> None:
    seen = await play(sim, "close=1", stream=False)
    assert seen.header("connection") == ["close"] and seen.end == "eof"


async def test_misspelled_script_is_told(sim: Simulator) -> None:
    seen = await play(sim, "statsu=500")
    assert seen.status == 400 and orjson.loads(seen.body)["error"]["code"] == "bad_script"


@pytest.mark.parametrize(
    ("path", "payload", "error"),
    [
        ("/v1/responses", {"input": "x [[sim error_event=1]]"}, {"type": "error", "code": "server_error"}),
        (
            "/v1/messages",
            {"messages": [{"role": "user", "content": "x [[sim error_event=1]]"}]},
            {"type": "error"},
        ),
    ],
)
async def test_error_event_is_told_in_its_dialect(
    sim: Simulator, path: str, payload: dict, error: dict
) -> None:
    seen = await send(sim, http_request(orjson.dumps({"model": "m", "stream": True} | payload), target=path))
    event = unchunk(seen.body)[0].rstrip().rsplit(b"\n\n", 1)[1]
    name, _, data = event.partition(b"\ndata: ")
    assert name == b"event: error" and orjson.loads(data).items() >= error.items()
