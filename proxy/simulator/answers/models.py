"""GET /models."""

from __future__ import annotations

from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal
from proxy.simulator.replies import Answer, json_answer

OWNERS = {
    "gpt-4o": "openai",
    "gpt-4o-mini": "openai",
    "gpt-4.1": "openai",
    "gpt-5-mini": "openai",
    "o4-mini": "openai",
    "deepseek-reasoner": "deepseek",
    "claude-sonnet-5": "anthropic",
    "meta-llama/llama-3.3-70b-instruct:free": "meta",
    "ft:gpt-4o-mini:acme::a1b2c3": "acme",
    "text-embedding-3-small": "openai",
    "text-embedding-3-large": "openai",
    "gpt-image-1": "openai",
    "tts-1": "openai",
    "whisper-1": "openai",
    "omni-moderation-latest": "openai",
}
CREATED = 1_715_367_049


def describe(model: str) -> dict[str, object]:
    return {"id": model, "object": "model", "created": CREATED, "owned_by": OWNERS.get(model, "simulator")}


def list_all(call: Call) -> Answer:
    return json_answer({"object": "list", "data": [describe(model) for model in OWNERS]})


def retrieve(call: Call, model: str) -> Answer:
    if model not in OWNERS:
        message = f"The model '{model}' does not exist"
        raise Refusal(404, message, code="model_not_found", param="model")
    return json_answer(describe(model))


def delete(call: Call, model: str) -> Answer:
    return json_answer({"id": model, "object": "model", "deleted": True})
