"""Made-up records of realistic sizes, for trying things out on as many as there will be.

They go the store's own way, so indexes, sums and tags are those of real ones. The same seed makes the same
records, except for their times.
"""

from __future__ import annotations

import random
import time
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import orjson
from django.db.models import NOT_PROVIDED, Model

from logs_app import payloads
from logs_app.assembly import Row, Rows, columns, ending, previews
from logs_app.folding import Folded
from logs_app.models import LogPayload, LogRecord

NODE = "seeded"
ENGLISH = """
the of to and a in is it you that he was for on are with as I his they be at one have this from or
had by word but what some we can out other were all there when up use your how said an each she
which do their time if will way about many then them write would like so these her long make thing
see him two has look more day could go come did number sound no most people my over know water
than call first who may down side been now find index database query cache token model prompt
stream record error latency provider python function return class import value customer order
invoice refund shipping account summary translate explain analyse report meeting schedule risotto
telescope harbour quartz nebula lantern orchard cobalt
"""
CHINESE = """
的 是 我们 你们 数据 数据库 索引 查询 模型 人工智能 请 帮 我 写 一个 函数 解释 翻译 总结 报告 会议
客户 订单 退款 发货 账户 时间 问题 回答 因为 所以 但是 如果 可以 需要 使用 系统 服务 错误 延迟 供应商
望远镜
"""
MODELS = (
    ("gpt-4o-mini", "openai", 40, 150), ("gpt-4o", "openai", 18, 2500), ("gpt-5", "openai", 12, 6000),
    ("claude-sonnet-4-5", "anthropic", 12, 9000), ("deepseek-chat", "deepseek", 8, 500),
    ("qwen-max", "dashscope", 5, 1200), ("text-embedding-3-small", "openai", 4, 20),
    ("llama-3.3-70b", "local", 1, 0),
)  # fmt: skip
# Share in a thousand, status, outcome and error code.
ENDS: tuple[tuple[int, int | None, str, str], ...] = (
    (935, 200, "completed", ""), (20, 429, "failed", "rate_limit_exceeded"),
    (15, 400, "failed", "invalid_value"),
    (8, 500, "failed", "server_error"), (4, 504, "failed", "upstream_timeout"),
    (8, 200, "client_disconnected", ""), (4, 200, "upstream_truncated", ""),
    (5, 429, "rejected", "rate_limited"),
    (1, None, "interrupted", ""),
)  # fmt: skip
TAGS = ("batch", "beta", "checkout", "env=production", "env=staging", "support", "team=red", "team=blue")
PROJECTS, KEYS, USERS, SENTENCES = 6, 24, 500, 4000


class Seeder:
    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._sentences = [self._sentence() for _ in range(SENTENCES)]
        self._record, self._payload = _blank(LogRecord), _blank(LogPayload)
        self._models = _Chooser(MODELS, [weight for _, _, weight, _ in MODELS])
        self._ends = _Chooser(ENDS, [weight for weight, *_ in ENDS])

    def records(self, count: int, days: float) -> Iterator[Rows]:
        """Evenly over the days up to now, oldest first."""
        until_ms = time.time() * 1000
        step_ms = days * 86_400_000 / count
        for number in range(count):
            yield self._one(number, int(until_ms - (count - number) * step_ms))

    def _one(self, number: int, created_ms: int) -> Rows:
        chance = self._chance
        id = _id(created_ms, number)
        model, provider, _, price = self._models.choose(chance)
        _, status, outcome, error_code = self._ends.choose(chance)
        question, answer = self._words(1, 8), self._words(3, 14) if status == 200 else ""
        request = {
            "model": model,
            "messages": [
                {"role": "system", "content": self._sentences[number % 30]},
                {"role": "user", "content": question},
            ],
        }
        tokens = len(question) // 3, len(answer) // 3
        body = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]},
        }
        latency_ms = chance.lognormvariate(7, 1)
        is_streaming, is_cached = chance.random() < 0.6, chance.random() < 0.05
        cost = sum(tokens) * price
        sent, came = orjson.dumps(request), orjson.dumps(body)
        record = self._record | self._who(number) | {
            "id": id.hex(), "node": NODE, "request_id": f"req_{number}",
            "created_at": columns.moment(created_ms * 1000),
            "finished_at": columns.moment(int((created_ms + latency_ms) * 1000)),
            "latency_ms": latency_ms, "ttft_ms": latency_ms * chance.random() if is_streaming else None,
            "method": "POST", "path": "/v1/chat/completions", "endpoint": "/v1/chat/completions",
            "is_streaming": is_streaming, "is_cached": is_cached,
            "model": model, "model_sent": model, "provider": provider,
            "prompt_fingerprint": f"{number % 30:016x}", "status_code": status, "outcome": outcome,
            "error_code": error_code, "prompt_tokens": tokens[0], "completion_tokens": tokens[1],
            "total_tokens": sum(tokens), "cost_nanos": 0 if is_cached else cost,
            "saved_cost_nanos": cost if is_cached else None,
            "request_bytes": len(sent), "response_bytes": len(came),
            "request_preview": previews.of_request(request),
            "response_preview": previews.of_response(Folded("chat", body)),
        }  # fmt: skip
        payload = self._payload | {
            "record_id": id.hex(), "request_body": payloads.pack(sent), "response_body": payloads.pack(came),
            "request_content_type": "application/json", "response_content_type": "application/json",
            "usage": payloads.pack_json(body["usage"]),
        }  # fmt: skip
        return Rows(NODE, record, payload, self._attempts(id, record))

    def _attempts(self, id: bytes, record: Row) -> list[Row]:
        """One call in thirty is asked twice."""
        last = {
            "provider": record["provider"], "model": record["model_sent"], "status": record["status_code"],
            "latency_us": int(record["latency_ms"] * 1000), "key": "", "error": "", "message": "",
        }  # fmt: skip
        failed = last | {"status": 503, "error": "server_error", "latency_us": 20_000}
        tries = [failed, last] if self._chance.random() < 1 / 30 else [last]
        return [ending.attempt(id, number, given) for number, given in enumerate(tries, 1)]

    def _who(self, number: int) -> Row:
        chance = self._chance
        key = int(KEYS * chance.random() ** 2)
        project = key % PROJECTS
        tags = chance.sample(TAGS, 2) if chance.random() < 0.2 else []
        return {
            "project_id": f"00000000-0000-4000-8000-{project:012}", "project": f"project-{project}",
            "key_id": str(1000 + key), "key_kind": "credential", "key_name": f"key-{key}",
            "session": f"session-{number // 10}" if chance.random() < 0.5 else "",
            "end_user": f"user-{chance.randrange(USERS)}", "client_ip": f"192.0.2.{number % 251}",
            "tags": columns.json_text(tags),
        }  # fmt: skip

    def _words(self, fewest: int, most: int) -> str:
        return " ".join(self._chance.choices(self._sentences, k=self._chance.randint(fewest, most)))

    def _sentence(self) -> str:
        chance = self._chance
        is_chinese = chance.random() < 0.2
        words = (CHINESE if is_chinese else ENGLISH).split()
        # The first words are common, the last ones rare.
        chosen = [words[int(len(words) * chance.random() ** 2.5)] for _ in range(chance.randint(12, 30))]
        return "".join(chosen) + "。" if is_chinese else " ".join(chosen) + "."


class _Chooser:
    def __init__(self, values: tuple[Any, ...], weights: list[int]) -> None:
        self._values, self._sums = values, list(accumulate(weights))

    def choose(self, chance: random.Random) -> Any:
        return self._values[bisect(self._sums, chance.randrange(self._sums[-1]))]


def _id(created_ms: int, number: int) -> bytes:
    """A UUIDv7; the numbers keep those of one millisecond in order."""
    id = bytearray(created_ms.to_bytes(6) + bytes(10))
    id[6], id[7] = 0x70 | number >> 8 & 0x0F, number & 0xFF
    id[8] = 0x80
    id[9:] = random.randbytes(7)
    return bytes(id)


def _blank(model: type[Model]) -> Row:
    """What each column holds when there is nothing to say."""
    return {field.attname: _nothing(field) for field in model._meta.concrete_fields}


def _nothing(field: Any) -> Any:
    if field.get_internal_type() == "JSONField" and not field.null:
        return "[]"
    if field.default is not NOT_PROVIDED:
        return field.get_default()
    if field.null:
        return None
    return "" if field.get_internal_type() in ("CharField", "TextField") else 0
