"""What was asked, what was answered, and what is said about it, as places for conversations want it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from logs_app import jsontext
from logs_app.events import Event

# Members of a request that are no parameters of it.
SAID = frozenset(("model", "messages", "input", "prompt", "system", "instructions", "tools", "stream"))
SCALARS = (str, int, float, bool)


def is_of_model(event: Event) -> bool:
    """Listings, files and the like are nothing to places for conversations."""
    return bool(event.model)


def asked(event: Event) -> Any:
    """Messages where the request has any, instructions among them; None where it is not kept."""
    body = None if event.request.is_withheld else event.request.body
    if not isinstance(body, dict):
        return body
    told = next((body[name] for name in ("messages", "input", "prompt") if name in body), body)
    instructions = body.get("system") or body.get("instructions")
    if not instructions:
        return told
    messages = told if isinstance(told, list) else [{"role": "user", "content": told}]
    return [{"role": "system", "content": instructions}, *messages]


def answered(event: Event) -> Any:
    """One message, several where there are several choices; the object where it is of another kind."""
    body = None if event.response.is_withheld else event.response.body
    match body:
        case {"choices": [*choices]}:
            said = [_message(choice) for choice in choices if isinstance(choice, dict)]
            return said[0] if len(said) == 1 else said
        case {"type": "message", "content": content}:
            return {"role": "assistant", "content": content}
        case {"output": output}:
            return output
        case {"data": [*results]}:  # vectors and pictures say nothing to a reader, and are long
            return {"results": len(results)}
    return body


def _message(choice: Mapping[str, Any]) -> Any:
    return choice["message"] if "message" in choice else {"role": "assistant", "content": choice.get("text")}


def parameters(event: Event) -> dict[str, Any]:
    """Temperature and the like: scalars, and lists of them."""
    body = event.request.body
    if event.request.is_withheld or not isinstance(body, dict):
        return {}
    return {name: value for name, value in body.items() if name not in SAID and _is_plain(value)}


def about(event: Event) -> dict[str, Any]:
    """The rest of what is known, scalars only; nothing of what is not known."""
    known = {
        "project": event.project,
        "key": event.key_name,
        "provider": event.provider,
        "model_asked": event.model,
        "endpoint": event.endpoint,
        "status": event.status_code,
        "outcome": event.outcome,
        "finish_reason": event.finish_reason,
        "session": event.session,
        "stream": event.is_streaming,
        "cached": event.is_cached,
        "attempts": len(event.attempts),
        "latency_ms": event.latency_ms,
        "ttft_ms": event.ttft_ms,
        "cost_usd": None if event.cost is None else float(event.cost),
        "request_id": event.request_id,
        "parent": event.parent,
        "node": event.node,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def model(event: Event) -> str:
    """What really served, as far as it is known."""
    return event.model_served or event.model_sent or event.model


def failure(event: Event) -> str:
    """Why it is no success."""
    status = f"HTTP {event.status_code}" if event.status_code else ""
    return event.error_message or event.error_code or status or event.outcome


def iso(moment: datetime) -> str:
    return jsontext.iso(moment, "milliseconds")


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, SCALARS) for each in value)
    return isinstance(value, SCALARS)
