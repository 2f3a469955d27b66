"""POST /embeddings: a unit vector for each text, the same for the same text."""

from __future__ import annotations

import array
import base64
import functools
import hashlib
import math
from typing import Any

from proxy.simulator import words
from proxy.simulator.calls import Call
from proxy.simulator.replies import Answer, json_answer

DIMENSIONS = {"text-embedding-3-large": 3072}
USUAL_DIMENSIONS = 1536


def create(call: Call) -> Answer:
    model = call.model
    texts = _inputs(call.need("input"))
    dimensions = call.json.get("dimensions") or DIMENSIONS.get(model, USUAL_DIMENSIONS)
    as_text = call.json.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _write(vector(text, dimensions), as_text)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(map(words.count, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_answer({"object": "list", "data": data, "model": model, "usage": usage})


def _inputs(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given]
    if given and isinstance(given[0], int):
        return [" ".join(map(str, given))]
    return [each if isinstance(each, str) else " ".join(map(str, each)) for each in given]


@functools.lru_cache(maxsize=128)
def vector(text: str, dimensions: int) -> array.array[float]:
    noise = array.array("h", hashlib.shake_128(text.encode()).digest(dimensions * 2))
    length = math.sqrt(sum(value * value for value in noise)) or 1.0
    return array.array("f", (value / length for value in noise))


def _write(values: array.array[float], as_text: bool) -> Any:
    return base64.b64encode(values.tobytes()).decode() if as_text else values.tolist()
