"""POST /moderations: flags texts that speak of violence, and nothing else."""

from __future__ import annotations

from typing import Any

from proxy.simulator.calls import Call
from proxy.simulator.prompts import text_of
from proxy.simulator.replies import Answer, json_answer

NAMES = (
    "harassment harassment/threatening hate hate/threatening illicit illicit/violent self-harm "
    "self-harm/instructions self-harm/intent sexual sexual/minors violence violence/graphic"
)
CATEGORIES = NAMES.split()
VIOLENT = ("kill", "murder", "杀")


def create(call: Call) -> Answer:
    given = call.need("input")
    is_parts = isinstance(given, list) and bool(given) and isinstance(given[0], dict)
    texts = [text_of(given)] if is_parts or isinstance(given, str) else given
    model = call.json.get("model") or "omni-moderation-latest"
    return json_answer(
        {"id": call.make_id("modr-"), "model": model, "results": [_judge(text) for text in texts]}
    )


def _judge(text: str) -> dict[str, Any]:
    is_violent = any(word in text.lower() for word in VIOLENT)
    flags = {category: is_violent and category == "violence" for category in CATEGORIES}
    return {
        "flagged": is_violent,
        "categories": flags,
        "category_scores": {category: 0.97 if flag else 0.0001 for category, flag in flags.items()},
        "category_applied_input_types": {category: ["text"] for category in CATEGORIES},
    }
