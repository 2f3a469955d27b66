"""The error object of every answer of ours: OpenAI's, whoever makes it and on whatever path.

`code` is stable and for programs (docs/errors.md); `type` is the kind that OpenAI has for the status.
"""

from __future__ import annotations

from typing import Any

_TYPES = {403: "permission_error", 409: "conflict_error", 429: "rate_limit_error"}


def error_object(status: int, code: str, message: str, param: str | None = None) -> dict[str, Any]:
    """What stands under `error`."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"message": message, "type": kind, "param": param, "code": code}
