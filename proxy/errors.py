"""Errors of ours on calls to a provider, in the caller's own format.

    RelayError            an answer we make instead of the provider's
    UpstreamError         the call to the provider failed
     ├─ NotSent           nothing reached the provider (safe to send again)
     ├─ MaybeSent         the provider may have processed the request
     └─ MidStream         the answer had begun

Shapes: OpenAI's error object on every path, Anthropic's on /v1/messages* (platform.claude.com, "Errors").
Errors of the provider pass through unchanged and never come here.
"""

from __future__ import annotations

from typing import Any

import orjson

from accounts.errorobject import error_object

ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


class RelayError(Exception):
    """An answer of ours. `code` is stable and documented in docs/errors.md; `message` is for the person."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = headers

    def as_object(self) -> dict[str, Any]:
        return error_object(self.status, self.code, self.message, self.param)

    def after(self, attempts: list[dict[str, Any]]) -> RelayError:
        """The last failure, and where there were several tries, what came of each."""
        if len(attempts) < 2:
            return self
        tried = ", ".join(f"'{a['provider']}' ({a['error'] or a['status']})" for a in attempts)
        return RelayError(
            self.status, self.code, f"{self.message} Tried in turn: {tried}.", headers=self.headers
        )

    def as_body(self, path: str, request_id: str) -> bytes:
        if speaks_anthropic(path):
            return orjson.dumps({**self._as_anthropic(), "request_id": request_id})
        return orjson.dumps({"error": self.as_object()})

    def as_event(self, path: str, sequence_number: int) -> bytes:
        """The last event of a stream that cannot be finished; nothing may follow it (no [DONE])."""
        if speaks_anthropic(path):
            return b"event: error\ndata: " + orjson.dumps(self._as_anthropic()) + b"\n\n"
        error = self.as_object()
        if path.startswith("/v1/responses"):
            # A flat error event is plain data to openai-python; only a truthy `error` key raises.
            flat = {"type": "error", **{k: error[k] for k in ("code", "message", "param")}}
            event = {**flat, "sequence_number": sequence_number, "error": error}
            return b"event: error\ndata: " + orjson.dumps(event) + b"\n\n"
        return b"data: " + orjson.dumps({"error": error}) + b"\n\n"

    def _as_anthropic(self) -> dict[str, Any]:
        kind = _ANTHROPIC_TYPES.get(self.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": self.message}}


class UpstreamError(Exception):
    """The provider did not give a whole answer. `reason` is one of the codes of `as_answer`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail

    def as_answer(self, provider_key: str) -> RelayError:
        status, sentence = _UPSTREAM_FAULTS[self.reason]
        return RelayError(status, self.reason, sentence.format(provider=provider_key, detail=self.detail))


class NotSent(UpstreamError):
    pass


class MaybeSent(UpstreamError):
    pass


class MidStream(UpstreamError):
    pass


_UPSTREAM_FAULTS = {
    "upstream_unreachable": (502, "Provider '{provider}' could not be reached: {detail}."),
    "upstream_timeout": (504, "Provider '{provider}' did not answer in time: {detail}."),
    "upstream_disconnected": (
        502,
        "Provider '{provider}' closed the connection before it answered: {detail}.",
    ),
    "upstream_truncated": (502, "Provider '{provider}' broke off in the middle of its answer: {detail}."),
    "upstream_invalid": (502, "Provider '{provider}' sent something that cannot be read: {detail}."),
}

NO_RETRY = ((b"x-should-retry", b"false"),)


def speaks_anthropic(path: str) -> bool:
    return path.startswith("/v1/messages")


def missing_key() -> RelayError:
    return RelayError(
        401,
        "missing_api_key",
        "No API key was given. Send your relay key as 'Authorization: Bearer <key>', "
        "'x-api-key' or 'api-key'.",
    )


def unknown_key(shown: str) -> RelayError:
    return RelayError(
        401,
        "token_not_found",
        f"Incorrect API key provided: {shown}. It is not a key of this relay; "
        "keys are listed in the admin under Access.",
    )


def disabled_key(name: str) -> RelayError:
    return RelayError(401, "token_inactive", f"The key '{name}' is disabled or revoked.")


def expired_key(name: str) -> RelayError:
    return RelayError(401, "token_expired", f"The key '{name}' has expired.")


def replaced_secret(name: str) -> RelayError:
    return RelayError(
        401,
        "token_expired",
        f"This secret of the key '{name}' was replaced by a new one and has ended. Send the new one.",
    )


def inactive_project(name: str) -> RelayError:
    return RelayError(403, "project_inactive", f"The project '{name}' is inactive.", headers=NO_RETRY)


def keys_unavailable() -> RelayError:
    return RelayError(
        503,
        "keys_unavailable",
        "The relay cannot check this key now because its database does not answer. Try again.",
        headers=((b"retry-after", b"1"),),
    )


def overloaded() -> RelayError:
    return RelayError(
        503,
        "relay_overloaded",
        "The relay holds as many requests as it may (MAX_INFLIGHT_REQUESTS, MAX_INFLIGHT_BYTES). Try again.",
        headers=((b"retry-after", b"1"),),
    )


def stopping() -> RelayError:
    return RelayError(503, "relay_stopping", "The relay is shutting down and ended this answer early.")


def total_timeout(seconds: float) -> RelayError:
    return RelayError(504, "total_timeout", f"The answer took longer than {seconds:g} seconds in all.")


def no_provider() -> RelayError:
    return RelayError(
        503,
        "no_provider",
        "No provider is configured. Set TARGET_API_KEY (and TARGET_BASE_URL) in .env and run "
        "`manage.py sync_config`, or add a provider in the admin under Route → Providers.",
        headers=NO_RETRY,
    )


def no_weight() -> RelayError:
    return RelayError(
        503,
        "no_provider",
        "Every provider of this model has the weight 0, which means no new calls. "
        "Give one a weight in the admin under Route → Providers.",
        headers=NO_RETRY,
    )


def provider_without_key(provider_key: str) -> RelayError:
    return RelayError(
        503,
        "provider_key_missing",
        f"Provider '{provider_key}' has no API key. Set TARGET_API_KEY in .env and run "
        "`manage.py sync_config`, or enter the key in the admin under Route → Providers.",
        headers=NO_RETRY,
    )


def provider_unusable(provider_key: str, why: str) -> RelayError:
    return RelayError(503, "provider_unusable", f"Provider '{provider_key}' cannot be used: {why}")


def upstream_auth(provider_key: str, project_name: str | None = None) -> RelayError:
    """With the name of a project it was that one's own key."""
    whose, where = "the relay's own API key", "provider's key in the admin under Route → Providers"
    if project_name is not None:
        whose = f"the API key of project '{project_name}'"
        where = "project's key in the admin under Access → Projects"
    return RelayError(
        502,
        "upstream_auth_error",
        f"Provider '{provider_key}' refused {whose}. Your key is fine; "
        f"whoever runs the relay must correct the {where}.",
        headers=NO_RETRY,
    )


def body_too_large(limit_bytes: int) -> RelayError:
    return RelayError(
        413,
        "request_too_large",
        f"The request body is larger than this relay accepts ({limit_bytes} bytes, MAX_REQUEST_BYTES).",
    )


def bad_json(detail: str) -> RelayError:
    return RelayError(400, "invalid_json", f"The request body is not valid JSON: {detail}.")


def wrong_content_type(given: str) -> RelayError:
    shown = f"not '{given}'" if given else "but none was given"
    return RelayError(
        400, "invalid_content_type", f"This endpoint takes 'Content-Type: application/json', {shown}."
    )


def missing_body() -> RelayError:
    return RelayError(400, "missing_body", "This endpoint needs a JSON object as its request body.")


def bad_path() -> RelayError:
    return RelayError(400, "invalid_path", "The path contains '..' segments, which are not forwarded.")


def bad_headers(detail: str) -> RelayError:
    return RelayError(400, "invalid_headers", f"The request's headers cannot be sent on: {detail}.")


def method_not_allowed(method: str, allowed: str = ALLOWED_METHODS) -> RelayError:
    return RelayError(
        405,
        "method_not_allowed",
        f"The method {method} is not allowed here. Allowed: {allowed}.",
        headers=((b"allow", allowed.encode()),),
    )


def internal() -> RelayError:
    return RelayError(
        500, "relay_error", "The relay failed on this request. The log of the relay has the details."
    )
