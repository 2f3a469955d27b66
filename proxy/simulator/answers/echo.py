"""Anything else: the request told back, so that a test can compare what left with what arrived."""

from __future__ import annotations

from proxy.simulator.calls import Call
from proxy.simulator.replies import Answer, json_answer

TEXT_BYTES = 64 * 1024


def describe(call: Call) -> Answer:
    body: dict[str, object] = {"bytes": call.body.size, "sha256": call.body.sha256}
    if call.body.size <= TEXT_BYTES:
        body["text"] = call.body.content.decode("utf-8", "replace")
    return json_answer(
        {
            "object": "simulator.echo",
            "method": call.head.method,
            "target": call.head.target,
            "path": call.path,
            "query": call.query,
            "headers": [list(pair) for pair in call.head.headers],
            "body": body,
        }
    )
