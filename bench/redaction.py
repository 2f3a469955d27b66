"""`python -m bench.redaction`: processor time of redaction for texts of 100 KB, and for whole exchanges.

It needs neither a server nor a database. The best of several rounds counts: the others were disturbed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

import django
import orjson

from logs_app.journal.journal import META_LENGTH
from logs_app.journal.segments import ANSWERED, CLOSED, OPENED, PART
from logs_app.redaction import Redactor, Ruleset

LENGTH = 100_000
AIM_TEXT_MS, AIM_EXCHANGE_MS = 40.0, 0.4
ENGLISH = (
    "The quick brown fox of order 123456 jumps over version 1.2.3 on 2026-11-20 at 10:20:30, costs $1,234.56 "
    "and says: see https://example.com/docs?id=987654 for more. "
)
CHINESE = "今天的天气很好，我们一起去公园散步吧。订单号20261120153045，金额1234.56元，请在3天内处理。"
SECRETS = "Mail joe@example.com or call +86 138 1234 5678, card 4111 1111 1111 1111. "
HEADERS = [
    ["host", "relay.example"],
    ["user-agent", "OpenAI/Python 2.1.0"],
    ["x-stainless-lang", "python"],
    ["content-type", "application/json"],
    ["accept", "application/json"],
    ["authorization", "***"],
]
TEXTS = {
    "English prose": ENGLISH,
    "Chinese prose": CHINESE,
    "English and Chinese, three secrets a kilobyte": (ENGLISH * 4 + CHINESE * 8)[:930] + SECRETS,
    "nothing but secrets": SECRETS,
    "hostile: a@a@…": "a@",
    "hostile: 1111…": "1",
    "hostile: 1 1 1 …": "1 ",
    "hostile: eyJ.eyJ.…": "eyJaaaaaaaaaa.",
    "hostile: +861+861…": "+861",
    "hostile: AA00 AA00…": "AA00 1234 ",
}


def best_ms(work: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return 1000 * min(taken)


def exchange(words: str) -> list[tuple[int, int, bytes]]:
    """Entries of a chat of 1 KB and its answer of 1.5 KB, with the headers that clients send."""
    question = [{"role": "system", "content": ENGLISH * 2}, {"role": "user", "content": words}]
    message = {"role": "assistant", "content": words + ENGLISH}
    answer = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1763660000,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 300, "total_tokens": 500},
    }
    opened = orjson.dumps({"path": "/v1/chat/completions", "method": "POST", "headers": HEADERS})
    request = orjson.dumps({"model": "gpt-4o", "messages": question})
    answered = {"status": 200, "headers": [["content-type", "application/json"]], "provider": "default"}
    return [
        (OPENED, 0, META_LENGTH.pack(len(opened)) + opened + request),
        (ANSWERED, 1000, orjson.dumps(answered)),
        (PART, 2000, orjson.dumps(answer)),
        (CLOSED, 3000, orjson.dumps({"outcome": "completed", "status": 200})),
    ]


def added_ms(words: str, rounds: int) -> float:
    """What redaction adds to the making of a record."""
    from logs_app.assembly import assemble  # noqa: PLC0415 - Django first

    def make(redactor_for: Callable[[str], Redactor | None]) -> object:
        return assemble(bytes(16), "n", pieces, LENGTH, redactor_for=redactor_for)

    pieces = exchange(words)
    plain = best_ms(lambda: make(lambda _: None), rounds)
    return best_ms(lambda: make(lambda _: Redactor(Ruleset())), rounds) - plain


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.redaction", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=15, help="of each text; twenty times as many of an exchange"
    )
    rounds = parser.parse_args().rounds
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relay.settings")
    django.setup()
    print("| 100 KB of | ms |\n|---|---|")
    for name, piece in TEXTS.items():
        text = (piece * (LENGTH // len(piece) + 1))[:LENGTH]
        print(f"| {name} | {best_ms(lambda text=text: Redactor(Ruleset()).text(text), rounds):.1f} |")
    print(f"\naim: {AIM_TEXT_MS:g} ms\n\n| exchange | ms |\n|---|---|")
    for name, words in (
        ("without secrets", ENGLISH * 4),
        ("with twelve to replace", SECRETS * 4 + ENGLISH * 3),
    ):
        print(f"| {name} | {added_ms(words, 20 * rounds):.3f} |")
    print(f"\naim: {AIM_EXCHANGE_MS:g} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
