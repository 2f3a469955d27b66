"""Errors as OpenAI and Anthropic word them.

Refusal       an endpoint cannot answer; becomes an error answer in `server.Simulator.answer`
"""

from __future__ import annotations

from typing import Any

import orjson

from proxy.simulator.replies import Answer

# code → status, type, param, message
KNOWN: dict[str, tuple[int, str, str | None, str]] = {
    "context_length_exceeded": (
        400,
        "invalid_request_error",
        "messages",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 "
        "tokens. Please reduce the length of the messages.",
    ),
    "content_filter": (
        400,
        "invalid_request_error",
        "prompt",
        "The response was filtered due to the prompt triggering our content management policy.",
    ),
    "model_not_found": (
        404,
        "invalid_request_error",
        None,
        "The model does not exist or you do not have access.",
    ),
    "rate_limit_exceeded": (
        429,
        "requests",
        None,
        "Rate limit reached for requests. Please try again in 2s.",
    ),
    "insufficient_quota": (
        429,
        "insufficient_quota",
        None,
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "invalid_api_key": (401, "invalid_request_error", None, "Incorrect API key provided."),
    "server_error": (
        500,
        "server_error",
        None,
        "The server had an error while processing your request. Sorry!",
    ),
    "overloaded": (
        503,
        "service_unavailable_error",
        None,
        "The engine is currently overloaded, try again later.",
    ),
}
TYPICAL = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded", 500: "server_error"}
TYPICAL |= {503: "overloaded", 529: "overloaded"}

ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class Refusal(Exception):
    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.kind = status, message, code, param, kind


def not_found(what: str, name: str) -> Refusal:
    return Refusal(404, f"No such {what}: '{name}'.", param="id")


def typical(status: int, code: str | None = None, message: str | None = None) -> Refusal:
    """The error a provider sends with this status."""
    code = code or TYPICAL.get(status)
    _, kind, param, words = KNOWN.get(
        code or "", (status, "invalid_request_error", None, f"Simulated error {status}.")
    )
    if status >= 500 and code not in KNOWN:
        kind = "server_error"
    return Refusal(status, message or words, code, param, kind)


def answer(refusal: Refusal, is_messages: bool) -> Answer:
    return Answer(orjson.dumps(body(refusal, is_messages)), refusal.status)


def body(refusal: Refusal, is_messages: bool) -> dict[str, Any]:
    if is_messages:
        kind = ANTHROPIC_TYPES.get(refusal.status, "api_error")
        return {
            "type": "error",
            "error": {"type": kind, "message": refusal.message},
            "request_id": "req_simulated",
        }
    return {
        "error": {
            "message": refusal.message,
            "type": refusal.kind,
            "param": refusal.param,
            "code": refusal.code,
        }
    }


def html(status: int) -> Answer:
    """The page Cloudflare puts in the place of an answer."""
    page = (
        f"<!DOCTYPE html>\n<html><head><title>api.openai.com | {status}: Bad gateway</title></head>\n"
        f"<body><h1>Error {status}</h1><p>The web server reported a bad gateway error.</p>"
        f"<p>Ray ID: 8f0c0ffee</p></body></html>\n"
    )
    return Answer(page.encode(), status, "text/html; charset=UTF-8")
