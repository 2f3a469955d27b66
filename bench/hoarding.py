"""How much memory the cache really takes, against what it may, while a million different answers come in.

    python -m bench.hoarding [--answers 1000000] [--limit-mb 64] [--body-bytes 20]

No server, no network: answers like those of providers, each of its own objects, are put into the store of one
process (`proxy/cache/memory.py`), as ten projects that never ask the same thing twice would have it do. Small
bodies are the hard case: the objects around them are then nearly all there is.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from pathlib import Path
from typing import Any

from proxy.cache import choosing, keys
from proxy.cache.entry import Entry, Label
from proxy.cache.freshness import Terms
from proxy.cache.memory import MemoryStore
from proxy.configuration.configuration import Provider

ANSWERS, LIMIT_MB, BODY_BYTES = 1_000_000, 64, 20
PROJECTS = 10
PROVIDER = Provider(1, "default", "openai", "https://api.openai.com/v1", "sk-bench")
# Of an answer of OpenAI's, what is kept of it.
HEAD = """content-type: application/json
openai-version: 2020-10-01
x-content-type-options: nosniff
x-openai-proxy-wasm: v0.1
access-control-expose-headers: X-Request-ID
cache-control: no-cache, must-revalidate
vary: Accept-Encoding
content-language: en"""


def measure(answers: int = ANSWERS, limit_mb: int = LIMIT_MB, body_bytes: int = BODY_BYTES) -> dict[str, Any]:
    store = MemoryStore(limit_mb * 1024 * 1024)
    gc.collect()
    before, began = _rss_bytes(), time.process_time()
    most = 0
    for number in range(answers):
        store.put(*_answer(number, body_bytes))
        assert store.counters.bytes <= limit_mb * 1024 * 1024
        if number % 10_000 == 0:
            most = max(most, _rss_bytes())
    took = time.process_time() - began
    return {
        "answers put": answers,
        "answers held": store.counters.entries,
        "bound (MB)": float(limit_mb),
        "counted (MB)": store.counters.bytes / 2**20,
        "resident, at the end (MB)": (_rss_bytes() - before) / 2**20,
        "resident, at most (MB)": (max(most, _rss_bytes()) - before) / 2**20,
        "CPU for an answer, its making included (µs)": took / answers * 1e6,
    }


def _answer(number: int, body_bytes: int) -> tuple[keys.Key, Entry]:
    project, now = f"{number % PROJECTS:032x}", time.time()
    key = keys.of(f"project:{project}", ("POST", "chat/completions", "", ""), [], (), b"%d" % number)
    head = [line.encode().split(b": ", 1) for line in HEAD.splitlines()]
    entry = Entry(
        headers=[(name, value) for name, value in head],
        body=(b"%d" % number).ljust(body_bytes),
        terms=Terms(now, 0.5, 3600.0 + number),
        label=Label("POST", f"/v1/chat/{'completions'}", "", ("gpt-4o",), project, (), "default"),
        provider="default",
        target=choosing.target_of(PROVIDER, "gpt-4o"),
        model="gpt-4o",
        routed="gpt-4o",
        source=f"{number:032x}",
    )
    return key, entry


def _rss_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--limit-mb", type=int, default=LIMIT_MB)
    parser.add_argument("--body-bytes", type=int, default=BODY_BYTES)
    given = parser.parse_args()
    for what, figure in measure(given.answers, given.limit_mb, given.body_bytes).items():
        print(f"{what:<46}{figure:12,.1f}" if isinstance(figure, float) else f"{what:<46}{figure:12,}")


if __name__ == "__main__":
    main()
