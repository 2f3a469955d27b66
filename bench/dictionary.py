"""Trains the dictionary that payloads are compressed with, on made-up exchanges with the simulated provider.

    python -m bench.dictionary logs_app/dictionaries/1.zdict

A dictionary that was ever used must be kept for ever: train a new one under the next number.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import zstandard

from proxy.simulator import Simulator

ROUNDS = 60
SIZE_BYTES = 16 * 1024
TEXT = """
please explain summarise translate write review a the this function class report meeting order refund
customer query index database error answer in short with an example and tests as JSON for our team of five
people 请 帮我 写 一个 函数 解释 总结 翻译 报告 数据库 错误
"""
WORDS = TEXT.split()
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather at a place.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "A city."}},
            "required": ["location"],
            "additionalProperties": False,
        },
    },
}
SDKS: tuple[dict[str, str], ...] = (
    {"user-agent": "OpenAI/Python 2.8.1", "x-stainless-lang": "python", "x-stainless-runtime": "CPython",
     "x-stainless-runtime-version": "3.12.7", "x-stainless-package-version": "2.8.1"},
    {"user-agent": "OpenAI/JS 6.9.1", "x-stainless-lang": "js", "x-stainless-runtime": "node",
     "x-stainless-runtime-version": "v22.11.0", "x-stainless-package-version": "6.9.1"},
    {"user-agent": "Anthropic/Python 0.74.0", "x-stainless-lang": "python",
     "anthropic-version": "2023-06-01"},
    {"user-agent": "python-httpx/0.28.1"},
    {"user-agent": "curl/8.11.0"},
)  # fmt: skip


def main(path: Path) -> None:
    samples = list(_samples(random.Random(1)))
    trained = zstandard.train_dictionary(SIZE_BYTES, samples, dict_id=_number(path), level=6)
    path.write_bytes(trained.as_bytes())
    print(f"{len(samples)} samples, {len(trained)} bytes, id {trained.dict_id()}")


def _number(path: Path) -> int:
    return int(path.stem)


def _samples(chance: random.Random) -> Iterator[bytes]:
    with Simulator() as provider, httpx.Client(base_url=provider.base_url) as client:
        for _ in range(ROUNDS):
            for path, body in _calls(chance):
                answer = client.post(path, json=body, headers={"authorization": "Bearer sk-key"})
                yield json.dumps(body, ensure_ascii=False).encode()
                yield answer.content[:8192]
                yield json.dumps(
                    _request_headers(chance, len(answer.content)), separators=(",", ":")
                ).encode()
                yield json.dumps(_response_headers(chance, answer), separators=(",", ":")).encode()


def _calls(chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    def said(most: int = 40) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(3, most)))

    system, user = {"role": "system", "content": said()}, {"role": "user", "content": said()}
    model = chance.choice(["gpt-4o", "gpt-4o-mini", "gpt-5", "claude-sonnet-4-5", "deepseek-chat"])
    chat = {"model": model, "messages": [system, user], "temperature": 0.7, "max_tokens": 1024}
    yield "/chat/completions", chat
    yield "/chat/completions", {**chat, "stream": True, "stream_options": {"include_usage": True}}
    yield "/chat/completions", {**chat, "tools": [TOOL], "tool_choice": "auto"}
    yield (
        "/responses",
        {"model": model, "input": [user], "instructions": said(), "stream": chance.random() < 0.5},
    )
    yield (
        "/messages",
        {"model": model, "max_tokens": 1024, "messages": [user], "stream": chance.random() < 0.5},
    )
    yield "/embeddings", {"model": "text-embedding-3-small", "input": said()}


def _request_headers(chance: random.Random, length: int) -> list[list[str]]:
    common = {
        "host": "relay.example.com", "accept": "application/json",
        "accept-encoding": "gzip, deflate, br, zstd", "connection": "keep-alive",
        "content-type": "application/json", "authorization": "***",
        "content-length": str(length), "x-stainless-arch": chance.choice(["x64", "arm64"]),
        "x-stainless-os": chance.choice(["Linux", "MacOS"]), "x-stainless-async": "false",
        "x-stainless-retry-count": "0", "x-stainless-read-timeout": "600",
        "x-relay-session": f"session-{length}",
        "x-relay-user": f"user-{length}", "x-relay-tags": "production, support",
        "traceparent": f"00-{chance.randbytes(16).hex()}-{chance.randbytes(8).hex()}-01",
    }  # fmt: skip
    return [[name, value] for name, value in (common | chance.choice(SDKS)).items()]


def _response_headers(chance: random.Random, answer: httpx.Response) -> list[list[str]]:
    id, milliseconds = chance.randbytes(16).hex(), chance.randint(100, 9999)
    date = f"Fri, 20 Nov 2026 {chance.randint(10, 23)}:{chance.randint(10, 59)}:{chance.randint(10, 59)} GMT"
    of_provider = {
        "date": date, "content-type": answer.headers.get("content-type", "application/json"),
        "transfer-encoding": "chunked", "openai-version": "2020-10-01",
        "openai-processing-ms": str(milliseconds),
        "x-ratelimit-limit-requests": "10000", "x-ratelimit-limit-tokens": "30000000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-remaining-tokens": str(30000000 - milliseconds),
        "x-ratelimit-reset-requests": "6ms", "x-ratelimit-reset-tokens": "0s",
        "anthropic-ratelimit-requests-limit": "4000", "anthropic-ratelimit-requests-remaining": "3999",
        "x-request-id": f"req_{id}", "x-content-type-options": "nosniff", "content-encoding": "gzip",
        "cache-control": "no-cache", "x-relay-request-id": id, "x-relay-provider": "default",
        "server-timing": f"relay;dur=0.{milliseconds}, upstream;dur={milliseconds}.11",
        "x-relay-model": "gpt-4o-mini", "x-accel-buffering": "no",
    }  # fmt: skip
    return [[name, value] for name, value in of_provider.items()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
