"""What a complete answer says about itself, whichever endpoint it came from."""

from __future__ import annotations

from typing import Any

BY_OBJECT = {
    "chat.completion": "chat",
    "text_completion": "completion",
    "response": "response",
    "response.compaction": "response",
    "embedding": "embedding",
    "model": "model",
    "file": "file",
    "batch": "batch",
}
# By the path, in the order of asking: an answer need not name its kind.
BY_PATH = (
    ("/chat/completions", "chat"),
    ("/completions", "completion"),
    ("/embeddings", "embedding"),
    ("/messages", "message"),
    ("/images/", "image"),
    ("/audio/", "audio"),
    ("/moderations", "moderation"),
    ("/models", "model"),
    ("/files", "file"),
    ("/batches", "batch"),
    ("/responses", "response"),
)
# The key that an answer of this kind cannot lack: what is without it is an error page or a list.
MARKS = {
    "chat": "choices",
    "completion": "choices",
    "embedding": "data",
    "message": "stop_reason",
    "image": "data",
    "moderation": "results",
    "response": "output",
}


def about(kind: str, body: Any) -> dict[str, Any]:
    return {
        "model": model(body),
        "finish_reason": finish_reason(kind, body),
        "usage": usage(kind, body),
        "service_tier": service_tier(body),
    }


def of_path(path: str) -> str:
    return next((kind for piece, kind in BY_PATH if piece in path), "json")


def kind(body: Any, path: str) -> str:
    if type(body) is not dict:
        return "json"
    named = body.get("object")
    if type(named) is str and named in BY_OBJECT:
        return BY_OBJECT[named]
    if body.get("error"):
        return "json"
    by_path = of_path(path)
    return by_path if by_path not in MARKS or MARKS[by_path] in body else "json"


def error(body: Any) -> Any:
    if type(body) is not dict:
        return None
    return body.get("error") or (body if body.get("object") == "error" else None)


def model(body: Any) -> str | None:
    named = body.get("model") if type(body) is dict else None
    return named if type(named) is str and named else None


def usage(kind: str, body: Any) -> dict[str, Any] | None:
    if type(body) is not dict:
        return None
    if kind == "message" and body.get("stop_reason") is None:
        return None  # cut: what message_start said of the output is a placeholder
    groq = body.get("x_groq")
    for holder in (body, groq if type(groq) is dict else {}):
        if type(holder.get("usage")) is dict and holder["usage"]:
            return holder["usage"]
    return None


def service_tier(body: Any) -> str | None:
    if type(body) is not dict:
        return None
    used = body.get("usage")
    tier = body.get("service_tier") or (used.get("service_tier") if type(used) is dict else None)
    return tier if type(tier) is str and tier else None


def finish_reason(kind: str, body: Any) -> str | None:
    """A choice's own word; for responses the reason of being incomplete, else the status, as of batches."""
    if type(body) is not dict:
        return None
    reason: Any = None
    if kind in ("chat", "completion"):
        choices = body.get("choices")
        first = choices[0] if type(choices) is list and choices else None
        reason = first.get("finish_reason") if type(first) is dict else None
    elif kind == "message":
        reason = body.get("stop_reason")
    elif kind in ("batch", "file"):
        reason = body.get("status")
    elif kind == "response":
        details = body.get("incomplete_details")
        reason = (details.get("reason") if type(details) is dict else None) or body.get("status")
    return reason if type(reason) is str and reason else None
