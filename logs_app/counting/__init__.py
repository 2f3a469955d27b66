"""Tokens counted here, for the answers whose provider did not say: always marked as an estimate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from logs_app.assembly.usage import NOTHING, Usage, normalise
from logs_app.folding import Folded

from . import answers, prompts
from .meter import Meter, count_text

__all__ = ["count_text", "estimate"]

CONVERSATIONS = frozenset({"chat", "response", "message"})


def estimate(request: Any, folded: Folded) -> Usage | None:
    """None when there is nothing to count. Never raises: a record without counts is better than no record."""
    try:
        return _estimate(request if type(request) is dict else {}, folded)
    except Exception:
        return None


def _estimate(request: dict[str, Any], folded: Folded) -> Usage | None:
    asked = request.get("model")
    model = folded.model or (asked if type(asked) is str else None)
    prompt = _prompt(folded.kind, request, model) if request else None
    completion = _completion(folded, model)
    if prompt is None and completion is None:
        return None
    if folded.kind == "embedding":
        return Usage(prompt=prompt, total=prompt, estimated=True)
    known = _known(folded)
    if known.prompt is not None:
        prompt = known.prompt
    total = None if prompt is None or completion is None else prompt + completion
    return replace(known, prompt=prompt, completion=completion, total=total, estimated=True)


def _known(folded: Folded) -> Usage:
    """Of a message that was cut the provider has said what it read, and what it wrote is counted."""
    raw = folded.body.get("usage") if folded.kind == "message" else None
    return normalise(raw) or NOTHING


def _prompt(kind: str, request: dict[str, Any], model: str | None) -> int | None:
    meter = Meter(model)
    if kind in CONVERSATIONS:
        prompts.read_chat(meter, request, model)
    elif kind == "completion":
        prompts.read_text(meter, request.get("prompt"))
    elif kind == "embedding":
        prompts.read_text(meter, request.get("input"))
    else:
        return None
    return meter.tokens


def _completion(folded: Folded, model: str | None) -> int | None:
    if folded.kind not in CONVERSATIONS and folded.kind != "completion":
        return None
    meter = Meter(model)
    answers.read(meter, folded.kind, folded.body)
    return meter.tokens
