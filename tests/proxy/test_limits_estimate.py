from __future__ import annotations

import base64
import timeit
from typing import Any

import orjson
import pytest

from proxy.limits import estimate
from proxy.request.endpoints import find
from proxy.request.parsing import Call


def call(document: Any = None, *, body: bytes | None = None, method: str = "POST") -> Call:
    body = orjson.dumps(document) if document is not None else body
    return Call(
        method=method,
        path="/v1/chat/completions",
        rest="chat/completions",
        query="",
        headers=[],
        endpoint=find("/v1/chat/completions"),
        client_ip=None,
        body=body,
        document=document if isinstance(document, dict) else {},
    )


def test_four_bytes_are_a_token() -> None:
    assert estimate.tokens(call(body=b"x" * 4000)) == 1000


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens", "max_output_tokens"])
def test_the_answer_may_be_as_long_as_was_asked_for(name: str) -> None:
    short = estimate.tokens(call({"model": "m"}))
    long = estimate.tokens(call({"model": "m", name: 500}))

    assert 500 <= long - short < 515


@pytest.mark.parametrize("value", [None, -5, "500", 1.5, True, [1]])
def test_a_length_that_is_none_counts_nothing(value: Any) -> None:
    assert estimate.tokens(call({"max_tokens": value})) < 10


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,%s"}},
        {"type": "input_audio", "input_audio": {"data": "%s", "format": "wav"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "%s"}},
    ],
)
@pytest.mark.parametrize("spaced", [False, True])
def test_an_image_or_a_sound_counts_the_same_whatever_its_size(part: Any, spaced: bool) -> None:
    media = base64.b64encode(bytes(1_000_000))
    text = orjson.dumps({"messages": [{"role": "user", "content": [part]}]})
    if spaced:
        text = text.replace(b'":"', b'": "')
    body = text.replace(b"%s", media)

    assert estimate.MEDIA_TOKENS <= estimate.tokens(call(body=body)) < estimate.MEDIA_TOKENS + 100


def test_a_body_that_only_begins_like_an_image_is_text() -> None:
    assert estimate.tokens(call(body=b'{"data":"' + b"x" * 40_000)) == (9 + 40_000) // 4


def test_calls_that_ask_for_nothing_use_no_tokens() -> None:
    assert estimate.tokens(call(method="GET")) == 0


def test_an_upload_counts_when_it_is_settled() -> None:
    assert estimate.tokens(call()) == 1


def test_a_large_body_is_estimated_within_a_millisecond_or_a_few() -> None:
    large = call(body=b'{"data":"' + b"x" * 20_000_000 + b'"}')
    assert min(timeit.repeat(lambda: estimate.tokens(large), number=1, repeat=5)) < 0.1
