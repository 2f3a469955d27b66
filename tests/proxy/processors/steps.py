"""One step on one request, without a lane."""

from __future__ import annotations

import asyncio
from typing import Any

from proxy.processors import Context, types
from proxy.processors.step import Document


async def nobody(request: Document, seconds: float) -> Document:
    raise AssertionError("no model is asked here")


def context(path: str = "/v1/chat/completions", **given: Any) -> Context:
    usual: dict[str, Any] = {
        "request_id": "01a1", "route": "team", "method": "POST", "path": path, "endpoint": path,
        "model": "gpt-4o", "is_streaming": False, "size_bytes": 10, "key": "app", "project": None,
        "client_ip": "192.0.2.1", "ask": nobody,
    }  # fmt: skip
    return Context(**usual | given)


def take(
    type_: str,
    value: str,
    settings: Any,
    document: Document,
    path: str = "/v1/chat/completions",
    **given: Any,
) -> Document:
    step = types.make(type_, value, settings)
    return asyncio.run(step.process(document, context(path, **given)))


def chat(*contents: Any) -> Document:
    """Messages given as "role: text"; a list is the parts of a user's."""
    messages = [
        {"role": "user", "content": content}
        if isinstance(content, list)
        else dict(zip(("role", "content"), content.split(": ", 1), strict=True))
        for content in contents
    ]
    return {"model": "gpt-4o", "messages": messages}
