"""Who called whom, and what ties the call to others."""

from __future__ import annotations

from typing import Any

from logs_app import identifiers
from logs_app.assembly import columns, correlation
from logs_app.assembly.rows import Row
from logs_app.assembly.transcript import Meta, Transcript, first_header
from logs_app.folding import Folded


def call(opened: Meta) -> Row:
    key, project = opened.get("key") or {}, opened.get("project") or {}
    return {
        "method": opened.get("method"),
        "path": opened.get("path"),
        "query": opened.get("query"),
        "endpoint": opened.get("endpoint"),
        "client_ip": opened.get("client_ip"),
        "key_id": key.get("id"),
        "key_kind": key.get("kind"),
        "key_name": key.get("name"),
        "key_prefix": key.get("prefix"),
        "project_id": project.get("id"),
        "project": project.get("name"),
    }


def ties(id: bytes, transcript: Transcript, headers: dict[str, str], request: Any) -> Row:
    opened = transcript.opened
    return {
        "request_id": first_header(transcript.answered, "x-request-id") or identifiers.as_text(id),
        "client_request_id": correlation.client_request_id(headers),
        "session": correlation.session(headers, request),
        "end_user": correlation.end_user(headers, request),
        "tags": columns.json_text(correlation.tags(headers, request)),
        "parent": columns.uuid_hex(opened.get("parent")),
        "lineage": opened.get("lineage"),
        "trace_id": correlation.trace_id(headers),
        "prompt_fingerprint": correlation.fingerprint(request),
    }


def names(transcript: Transcript, folded: Folded | None, request: Any) -> Row:
    sent = transcript.answered.get("model_sent")
    served = folded.model if folded is not None else None
    return {
        "model": transcript.opened.get("model") or sent or _asked(request) or served,
        "model_sent": sent,
        "model_served": served,
        "provider": transcript.provider,
        "service_tier": folded.service_tier if folded is not None else None,
    }


def _asked(request: Any) -> str | None:
    """Of a form: the lane reads it only where a choice depends on it."""
    model = request.get("model") if isinstance(request, dict) else None
    return model if isinstance(model, str) else None
