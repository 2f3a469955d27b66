"""What OpenTelemetry calls the facts of a call of a model.

The names of github.com/open-telemetry/semantic-conventions-genai of 2026, which are in development: this is
the one place where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from logs_app import jsontext
from logs_app.events import Event
from logs_app.sinks import content

OPERATIONS = {
    "/v1/chat/completions": "chat",
    "/v1/responses": "chat",
    "/v1/messages": "chat",
    "/v1/completions": "text_completion",
    "/v1/embeddings": "embeddings",
}
# Names of providers that the conventions know; any other one is called as it is here.
PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
PARAMETERS = {
    "temperature": ("gen_ai.request.temperature", float),
    "top_p": ("gen_ai.request.top_p", float),
    "top_k": ("gen_ai.request.top_k", float),
    "frequency_penalty": ("gen_ai.request.frequency_penalty", float),
    "presence_penalty": ("gen_ai.request.presence_penalty", float),
    "max_tokens": ("gen_ai.request.max_tokens", int),
    "max_completion_tokens": ("gen_ai.request.max_tokens", int),
    "max_output_tokens": ("gen_ai.request.max_tokens", int),
    "seed": ("gen_ai.request.seed", int),
}
USAGE = {
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "completion_tokens": "gen_ai.usage.output_tokens",
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}

DATA_URL = re.compile(r"data:([\w/+.-]*);base64,")

Attributes = dict[str, Any]


def operation(event: Event) -> str:
    return operation_of(event.endpoint, event.model) or event.method


def operation_of(endpoint: str, model: str) -> str:
    """Empty for a call of no model, such as a listing of files."""
    return OPERATIONS.get(endpoint, "generate_content" if model else "")


def name(event: Event) -> str:
    return f"{operation(event)} {event.model or event.endpoint}"


def provider(key: str) -> str:
    return PROVIDERS.get(key, key)


def attributes(event: Event) -> Attributes:
    """What is not known is left out. `relay.` are our own."""
    found: Attributes = {
        "gen_ai.operation.name": operation(event),
        "gen_ai.provider.name": provider(event.provider),
        "gen_ai.request.model": event.model,
        "gen_ai.response.model": event.model_served,
        "gen_ai.conversation.id": event.session,
        "gen_ai.request.stream": event.is_streaming or None,
        "gen_ai.response.finish_reasons": [event.finish_reason] if event.finish_reason else None,
        "error.type": _error_type(event) if event.is_error else None,
        "enduser.id": event.end_user,
        "http.request.method": event.method,
        "http.response.status_code": event.status_code,
        "url.path": event.path,
        "http.route": event.endpoint,
        "relay.http.request.id": event.id,
        "relay.project": event.project,
        "relay.key": event.key_name,
        "relay.outcome": event.outcome,
        "relay.cached": event.is_cached,
        "relay.tags": list(event.tags),
        "relay.cost_usd": None if event.cost is None else float(event.cost),
        **_response(event),
        **_parameters(event),
        **{USAGE[name]: count for name, count in event.usage.items() if name in USAGE},
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def said(event: Event) -> Attributes:
    """The conversation itself, where it is wished for."""
    asked, answered = content.asked(event), content.answered(event)
    found = {
        "gen_ai.input.messages": _messages(asked, "user"),
        "gen_ai.output.messages": _messages(answered, "assistant", event.finish_reason),
    }
    return {name: jsontext.dumps(messages).decode() for name, messages in found.items() if messages}


def _error_type(event: Event) -> str:
    return event.error_code or (str(event.status_code) if event.status_code else event.outcome)


def _response(event: Event) -> Attributes:
    body = event.response.body
    id = body.get("id") if isinstance(body, dict) and not event.response.is_withheld else None
    found: Attributes = {"gen_ai.response.id": id if isinstance(id, str) else None}
    if event.is_streaming and event.ttft_ms is not None:
        found["gen_ai.response.time_to_first_chunk"] = event.ttft_ms / 1000
    return found


def _parameters(event: Event) -> Attributes:
    found: Attributes = {}
    for given, value in content.parameters(event).items():
        if given in PARAMETERS and type(value) in (int, float):
            attribute, kind = PARAMETERS[given]
            found[attribute] = kind(value)
        elif given == "stop":
            found["gen_ai.request.stop_sequences"] = [value] if isinstance(value, str) else value
        elif given == "n" and value != 1:
            found["gen_ai.request.choice.count"] = value
    return found


def _messages(said: Any, role: str, finish_reason: str = "") -> list[dict[str, Any]]:
    """As the schemas of the conventions want them: messages of parts."""
    if said in (None, "", []):
        return []
    found = [_message(each, role) for each in (said if isinstance(said, list) else [said])]
    return [each | {"finish_reason": finish_reason} for each in found] if finish_reason else found


def _message(message: Any, role: str) -> dict[str, Any]:
    if not isinstance(message, dict) or not ({"role", "content"} & message.keys()):
        return {"role": role, "parts": [_part(message)]}
    own = str(message.get("role") or role)
    if own == "tool":
        result = {"type": "tool_call_response", "id": message.get("tool_call_id")}
        return {"role": own, "parts": [result | {"response": message.get("content")}]}
    given = message.get("content")
    parts = [_part(each) for each in (given if isinstance(given, list) else [given]) if each is not None]
    return {"role": own, "parts": [*parts, *_calls(message.get("tool_calls") or ())]}


def _part(given: Any) -> dict[str, Any]:
    match given:
        case str():
            return {"type": "text", "content": given}
        case {"type": "text" | "input_text" | "output_text", "text": str(text)}:
            return {"type": "text", "content": text}
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return _image(url)
        case {"type": str()}:
            return given
    return {"type": "data", "content": given}


def _image(url: str) -> dict[str, Any]:
    if match := DATA_URL.match(url):
        return {"type": "blob", "modality": "image", "mime_type": match[1], "content": url[match.end() :]}
    return {"type": "uri", "modality": "image", "uri": url}


def _calls(calls: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for call in calls:
        function: Mapping[str, Any] = call.get("function") or {} if isinstance(call, dict) else {}
        if function:
            yield {
                "type": "tool_call",
                "id": call.get("id"),
                "name": str(function.get("name") or ""),
                "arguments": _parsed(function.get("arguments")),
            }


def _parsed(arguments: Any) -> Any:
    try:
        return orjson.loads(arguments)
    except (orjson.JSONDecodeError, TypeError):
        return arguments
