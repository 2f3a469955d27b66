"""Two records beside each other: what they said, what they cost, how long they took."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from logs_app.models import LogPayload, LogRecord
from logs_app.presentation import answertext, differences, presentation

_FACTS = ("provider", "model_sent", "model_served", "status_code", "outcome", "finish_reason", "error_code")
_NUMBERS = (
    "prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens", "reasoning_tokens", "cost_nanos",
    "latency_ms", "ttft_ms",
)  # fmt: skip


def compare(before: LogRecord, after: LogRecord) -> dict[str, Any]:
    """{before, after, numbers {name: {before, after, change}}, text [blocks], json [changes]}.

    `change` is after minus before; null where one of them is not known.
    """
    one, other = (presentation.response_body(record.payload) for record in (before, after))
    return {
        "before": summary(before),
        "after": summary(after),
        "numbers": dict(_number(name, before, after) for name in _NUMBERS),
        "is_same_text": answertext.of(one) == answertext.of(other),
        "text": [asdict(block) for block in differences.of_texts(answertext.of(one), answertext.of(other))],
        "json": [asdict(change) for change in differences.of_values(one, other)],
    }


def summary(record: LogRecord) -> dict[str, Any]:
    return {"id": str(record.pk), **{name: getattr(record, name) or None for name in _FACTS}}


def answer_of(payload: LogPayload) -> str:
    return answertext.of(presentation.response_body(payload))


def _number(name: str, before: LogRecord, after: LogRecord) -> tuple[str, dict[str, Any]]:
    one, other = getattr(before, name), getattr(after, name)
    change = None if one is None or other is None else round(other - one, 3)
    if name == "cost_nanos":
        return "cost", {
            key: presentation.cost(value)
            for key, value in (("before", one), ("after", other), ("change", change))
        }
    return name, {"before": one, "after": other, "change": change}
