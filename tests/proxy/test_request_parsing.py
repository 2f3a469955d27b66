from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import pytest

from proxy.errors import RelayError
from proxy.request import parsing
from proxy.request.parsing import Call

JSON = [(b"content-type", b"application/json")]
CHAT = "/v1/chat/completions"
LIMIT = 1_000_000


class Given:
    """A body that comes in these parts; counts how many were taken."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self.taken = 0

    async def parts(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            self.taken += 1
            yield part


def head(target: str = CHAT, method: str = "POST", headers: Any = (), **scope: Any) -> Call:
    path, _, query = target.partition("?")
    return parsing.read_head(
        {
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": list(headers),
            "client": ["192.0.2.1", 1],
            "http_version": "1.1",
            **scope,
        }
    )


async def read(body: bytes, target: str = CHAT, method: str = "POST", headers: Any = JSON) -> Call:
    call = head(target, method, [*headers, (b"content-length", b"%d" % len(body))])
    await parsing.read_body(call, Given(body), LIMIT, lambda size: None)
    return call


async def refusal(body: bytes, target: str = CHAT, headers: Any = JSON) -> tuple[int, str]:
    with pytest.raises(RelayError) as caught:
        await read(body, target, headers=headers)
    return caught.value.status, caught.value.code


RESTS = {
    "/v1/chat/completions": "chat/completions",
    "/v1/chat/completions/": "chat/completions",
    "/v1/models/meta%2Fllama%3Afree": "models/meta%2Fllama%3Afree",
    "/v1/models/meta/llama:free": "models/meta/llama:free",
    "/v1/a%20b~c%7E": "a%20b~c%7E",
    "/%761/models": "models",
    "/v1%2Fmodels": "models",
    "/v1//models": "/models",
    "/v1": "",
    "/v1/": "",
}


@pytest.mark.parametrize(("target", "rest"), RESTS.items())
def test_the_rest_of_the_path_stays_as_it_was_written(target: str, rest: str) -> None:
    assert head(target).rest == rest


def test_the_query_stays_as_it_was_written() -> None:
    assert head("/v1/models?b=&a=%20+&a=%2F~").query == "b=&a=%20+&a=%2F~"


def test_a_number_sign_is_no_fragment() -> None:
    call = head("/v1/models/a#b?c#d")
    assert (call.rest, call.query) == ("models/a%23b", "c%23d")


def test_the_path_of_a_record_is_readable() -> None:
    assert head("/v1/models/meta%2Fllama/").path == "/v1/models/meta/llama"


def test_a_scope_without_a_raw_path_will_do() -> None:
    call = head(path="/v1/models/a b", raw_path=None)
    assert (call.rest, call.path) == ("models/a%20b", "/v1/models/a b")


LENGTHS = [
    ([(b"content-length", b"12")], "1.1", 12),
    ([(b"transfer-encoding", b"chunked")], "1.1", None),
    ([], "1.1", 0),
    ([], "2", None),
    ([(b"content-length", b"9" * 5000)], "1.1", 0),
    ([(b"content-length", b"-1")], "1.1", 0),
]


@pytest.mark.parametrize(("headers", "version", "length"), LENGTHS)
def test_the_length_of_the_body_is_known_or_it_comes_in_chunks(
    headers: Any, version: str, length: Any
) -> None:
    assert head(headers=headers, http_version=version).length == length


REFUSED_HEADS = [
    (head(method="BREW"), 405, "method_not_allowed"),
    (head(method="CONNECT"), 405, "method_not_allowed"),
    (head("/v1/embeddings", "GET"), 405, "method_not_allowed"),
    (head("/v1/embeddings", "HEAD"), 405, "method_not_allowed"),
    (head("/v1/../admin"), 400, "invalid_path"),
    (head("/v1/files/%2e%2e/models"), 400, "invalid_path"),
    (head("/v1/files/a%2F..%2Fb"), 400, "invalid_path"),
    (head(headers=[(b"content-length", b"1000001")]), 413, "request_too_large"),
]


@pytest.mark.parametrize(("call", "status", "code"), REFUSED_HEADS)
def test_a_head_is_refused(call: Call, status: int, code: str) -> None:
    with pytest.raises(RelayError) as caught:
        parsing.check_head(call, LIMIT)
    assert (caught.value.status, caught.value.code) == (status, code)


ACCEPTED_HEADS = [
    head(),
    head("/v1/models", "HEAD"),
    head("/v1/anything", "DELETE"),
    head("/v1/files/a..b"),
    head(headers=[(b"content-length", b"1000000")]),
]


@pytest.mark.parametrize("call", ACCEPTED_HEADS)
def test_a_head_is_accepted(call: Call) -> None:
    parsing.check_head(call, LIMIT)


async def test_a_json_body_tells_model_and_stream_and_keeps_its_bytes() -> None:
    body = b' { "stream" : true,"model" :"gpt-4o", "seed": 123456789012345678901234567890 } '
    call = await read(body)
    assert call.body == body
    assert (call.model, call.is_streaming) == ("gpt-4o", True)


async def test_parts_are_put_together_and_counted() -> None:
    call, held = head(headers=[*JSON, (b"transfer-encoding", b"chunked")]), []
    await parsing.read_body(call, Given(b'{"model"', b":", b'"m"}'), LIMIT, held.append)
    assert call.model == "m"
    assert held == [8, 1, 4]


ODD_BUT_LEGAL = {
    "a BOM": (b'\xef\xbb\xbf{"model":"m"}', "m"),
    "NaN": (b'{"model":"m","x":NaN}', "m"),
    "a huge integer": (b'{"model":"m","x":' + b"9" * 5000 + b"}", "m"),
    "a huge float": (b'{"model":"m","x":1e999}', "m"),
    "a lone surrogate": (b'{"model":"m","x":"\\ud800"}', "m"),
    "a lone surrogate in the model": (b'{"model":"m\\ud800"}', "m?"),
    "a repeated member": (b'{"model":"a","model":"m"}', "m"),
    "an escaped name": (b'{"mod\\u0065l":"m"}', "m"),
    "a model that is no text": (b'{"model":5}', None),
    "an empty model": (b'{"model":""}', None),
    "nesting 900 deep": (b'{"model":"m","x":' + b"[" * 900 + b"]" * 900 + b"}", "m"),
}


@pytest.mark.parametrize(("body", "model"), ODD_BUT_LEGAL.values(), ids=ODD_BUT_LEGAL)
async def test_json_may_be_odd(body: bytes, model: str | None) -> None:
    call = await read(body)
    assert call.body == body
    assert call.model == model


BAD = {
    "malformed": (b'{"model": ', "invalid_json"),
    "nested too deeply": (b"[" * 100_000, "invalid_json"),
    "deep and closed": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "invalid_json"),
    "not UTF-8": (b'{"model":"\xff"}', "invalid_json"),
    "UTF-16": ('{"model":"m"}'.encode("utf-16"), "invalid_json"),
    "two documents": (b"{}{}", "invalid_json"),
    "empty": (b"", "missing_body"),
    "blank": (b" \r\n", "missing_body"),
    "an array": (b"[]", "missing_body"),
    "a string": (b'"x"', "missing_body"),
    "null": (b"null", "missing_body"),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD)
async def test_a_bad_body_is_400(body: bytes, code: str) -> None:
    assert await refusal(body) == (400, code)


CONTENT_TYPES = [b"application/json; charset=utf-8", b"Application/JSON", b"application/vnd.api+json"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
async def test_json_has_many_content_types(content_type: bytes) -> None:
    call = await read(b'{"model":"m"}', headers=[(b"content-type", content_type)])
    assert call.model == "m"


@pytest.mark.parametrize("content_type", [b"", b"text/plain", b"application/x-www-form-urlencoded"])
async def test_an_endpoint_that_takes_json_refuses_anything_else(content_type: bytes) -> None:
    assert await refusal(b"{}", headers=[(b"content-type", content_type)]) == (400, "invalid_content_type")


async def test_what_we_do_not_know_the_provider_judges() -> None:
    for body in (b"", b"{nonsense", b"[]"):
        call = await read(body, "/v1/whatever")
        assert call.body == body
        assert call.document is None


async def test_an_encoded_body_is_not_read() -> None:
    body = b"\x1f\x8b not really gzip"
    call = await read(body, headers=[*JSON, (b"content-encoding", b"gzip")])
    assert (call.body, call.document, call.model) == (body, None, None)


@pytest.mark.parametrize("body", [b"x" * 100_000, None])
async def test_a_large_or_unmeasured_upload_travels_in_parts(body: bytes | None) -> None:
    framing = (b"content-length", b"%d" % len(body)) if body else (b"transfer-encoding", b"chunked")
    call = head("/v1/files", headers=[(b"content-type", b"multipart/form-data"), framing])
    source = Given(body or b"1", b"2")
    await parsing.read_body(call, source, LIMIT, lambda size: None)
    assert call.body is None
    assert source.taken == 0
    assert call.upload is not None
    assert [part async for part in call.upload] == [body or b"1", b"2"]


async def test_a_small_upload_is_taken_whole() -> None:
    call = await read(b"--x--", "/v1/files", headers=[(b"content-type", b"multipart/form-data; boundary=x")])
    assert call.body == b"--x--"


async def test_a_call_without_a_body_has_an_empty_one() -> None:
    call = head("/v1/responses/resp_1/cancel")
    await parsing.read_body(call, Given(), LIMIT, lambda size: None)
    assert (call.body, call.upload) == (b"", None)


async def test_an_upload_ends_where_it_becomes_too_large() -> None:
    call = head("/v1/files", headers=[(b"transfer-encoding", b"chunked")])
    await parsing.read_body(call, Given(b"x" * 60, b"x" * 60), 100, lambda size: None)
    assert call.upload is not None
    with pytest.raises(RelayError) as caught:
        [part async for part in call.upload]
    assert caught.value.code == "request_too_large"


async def test_a_get_may_ask_for_a_stream_in_its_query() -> None:
    assert head("/v1/responses/r?stream=true&starting_after=3", "GET").is_streaming
    assert not head("/v1/responses/r", "GET").is_streaming
    assert not head("/v1/responses/r?upstream=true", "GET").is_streaming


async def test_what_a_body_says_of_streaming_goes_before_the_query() -> None:
    assert not (await read(json.dumps({"stream": False}).encode(), CHAT + "?stream=true")).is_streaming
