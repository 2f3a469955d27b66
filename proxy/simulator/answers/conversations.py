"""/conversations: enough to create one, fill it, read it and delete it."""

from __future__ import annotations

from typing import Any

from proxy.simulator.calls import Call
from proxy.simulator.errors import not_found
from proxy.simulator.replies import Answer, json_answer, listing


def create(call: Call) -> Answer:
    conversation_id = call.make_id("conv_")
    metadata = call.json.get("metadata") or {}
    shown = {"id": conversation_id, "object": "conversation", "created_at": call.now, "metadata": metadata}
    items = _numbered(call, call.json.get("items") or [])
    call.shelves.conversations.put(conversation_id, {"shown": shown, "items": items})
    return json_answer(shown)


def retrieve(call: Call, conversation_id: str) -> Answer:
    return json_answer(_stored(call, conversation_id)["shown"])


def update(call: Call, conversation_id: str) -> Answer:
    shown = _stored(call, conversation_id)["shown"]
    shown["metadata"] = call.json.get("metadata") or {}
    return json_answer(shown)


def delete(call: Call, conversation_id: str) -> Answer:
    _stored(call, conversation_id)
    call.shelves.conversations.remove(conversation_id)
    return json_answer({"id": conversation_id, "object": "conversation.deleted", "deleted": True})


def add_items(call: Call, conversation_id: str) -> Answer:
    new = _numbered(call, call.need("items"))
    _stored(call, conversation_id)["items"].extend(new)
    return listing(new)


def list_items(call: Call, conversation_id: str) -> Answer:
    return listing(_stored(call, conversation_id)["items"], call.arguments)


def _numbered(call: Call, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "message", "id": call.make_id(f"msg_{i}")} | item for i, item in enumerate(items)]


def _stored(call: Call, conversation_id: str) -> dict[str, Any]:
    conversation = call.shelves.conversations.get(conversation_id)
    if conversation is None:
        raise not_found("conversation", conversation_id)
    return conversation
