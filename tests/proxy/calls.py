"""Calls as parsing leaves them, for modules that judge them."""

from __future__ import annotations

from typing import Any

import orjson

from proxy.configuration.configuration import NO_POLICY, Key, Policy, Project, Settings
from proxy.request import parsing
from proxy.request.parsing import Call

Headers = tuple[tuple[str, str], ...]


def call(
    method: str = "POST",
    path: str = "/v1/chat/completions",
    body: Any = None,
    *,
    content_type: str = "application/json",
    headers: Headers = (),
    query: str = "",
) -> Call:
    """`body` is bytes as sent, or anything that becomes JSON."""
    content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    if content_type and content:
        raw.append((b"content-type", content_type.encode("latin-1")))
    raw.append((b"content-length", b"%d" % len(content)))
    read = parsing.read_head(
        {
            "method": method,
            "raw_path": path.encode(),
            "path": path,
            "query_string": query.encode(),
            "headers": raw,
            "http_version": "1.1",
            "client": ["127.0.0.1", 1],
        }
    )
    read.body = content
    if content_type.startswith("application/json") and not any(n == "content-encoding" for n, _ in headers):
        try:
            document = parsing.parse(content)
        except ValueError:
            return read
        if isinstance(document, dict):
            model = document.get("model")
            read.document, read.model = document, model if isinstance(model, str) and model else None
    return read


def key(
    *,
    models: tuple[str, ...] = (),
    project_models: tuple[str, ...] = (),
    policy: Policy = NO_POLICY,
) -> Key:
    project = Project("p-1", "Web shop", allowed_models=project_models, policy=policy)
    return Key("1", "credential", "app", "sk-app…", project=project, allowed_models=models)


def settings(policy: Policy = NO_POLICY) -> Settings:
    return Settings(
        default_model="",
        connect_timeout_seconds=10,
        first_byte_timeout_seconds=10,
        idle_timeout_seconds=10,
        total_timeout_seconds=None,
        inject_stream_usage=True,
        policy=policy,
    )
