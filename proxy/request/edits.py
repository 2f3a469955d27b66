"""The few changes a rule may make to a request, each listed in the record. Without a rule no byte moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from ..configuration.configuration import Provider, Settings
from ..delivery.renaming import Renaming
from . import jsonedit, modelnames, multipart
from .parsing import Call

Edit = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The request as the provider gets it, and what must be done to its answer in return."""

    body: bytes | None  # None: it travels in parts
    model: str | None
    edits: tuple[Edit, ...] = ()
    asks_usage: bool = False  # we asked for the usage chunk, so we hide it
    asked: str | None = None  # the client's name of the model, where the answer is to carry that
    is_rewritten: bool = False  # by a processor

    @property
    def renaming(self) -> Renaming | None:
        """What is to be done to the model's name in the answer."""
        if self.asked is None or self.model is None or self.asked == self.model:
            return None
        return Renaming(self.model, self.asked)


def begin(call: Call, settings: Settings) -> Outgoing:
    """The request of the client, with DEFAULT_MODEL where it names no model, and without PROVIDER_SUFFIX."""
    model = modelnames.plain(call.model, settings.provider_suffix) if call.model else None
    if model and model != call.model:
        asked = call.model if settings.rewrite_response_model else None
        return name_model(Outgoing(call.body, call.model, asked=asked), call, model, "model_prefix")
    is_wanted = settings.default_model and call.endpoint.needs_model and call.document is not None
    if not is_wanted or call.body is None or (call.document or {}).get("model"):
        return Outgoing(call.body, call.model, asked=call.model if settings.rewrite_response_model else None)
    value = orjson.dumps(settings.default_model)
    change = jsonedit.replace_member if "model" in (call.document or {}) else jsonedit.insert_member
    edit = {"kind": "default_model", "model": settings.default_model}
    return Outgoing(change(call.body, "model", value), settings.default_model, (edit,))


def name_model(outgoing: Outgoing, call: Call, name: str, kind: str = "model_mapping") -> Outgoing:
    """The request with another name of its model, which the mapping of a provider knows."""
    body = _with_model(outgoing.body, call, name) if outgoing.body and outgoing.model else None
    if body is None:
        return outgoing
    edit = {"kind": kind, "from": outgoing.model, "to": name}
    return replace(outgoing, body=body, model=name, edits=(*outgoing.edits, edit))


def _with_model(body: bytes, call: Call, name: str) -> bytes | None:
    """Of an object or a form; None for a body that is not read."""
    if call.document is not None:
        return jsonedit.set_member(body, "model", orjson.dumps(name))
    part = multipart.find(body, call.content_type, "model")
    return body[: part.start] + name.encode() + body[part.end :] if part else None


def ask_for_usage(outgoing: Outgoing, call: Call, provider: Provider, settings: Settings) -> Outgoing:
    """A stream that does not ask for its usage is made to, unless the client said an explicit no."""
    wanted = settings.inject_stream_usage
    if provider.inject_stream_usage is not None:
        wanted = provider.inject_stream_usage
    if not (wanted and call.is_streaming and call.endpoint.reports_stream_usage):
        return outgoing
    if not outgoing.body or call.document is None:
        return outgoing
    body = _with_usage(outgoing.body, call.document)
    if body is None:
        return outgoing
    edits = (*outgoing.edits, {"kind": "inject_stream_usage"})
    return replace(outgoing, body=body, edits=edits, asks_usage=True)


def _with_usage(body: bytes, document: dict[str, Any]) -> bytes | None:
    if "stream_options" not in document:
        return jsonedit.insert_member(body, "stream_options", b'{"include_usage":true}')
    options = document["stream_options"]
    if options is None:
        return jsonedit.replace_member(body, "stream_options", b'{"include_usage":true}')
    if not isinstance(options, dict) or "include_usage" in options:
        return None
    span = jsonedit.member(body, "stream_options")
    assert span is not None  # the parser found it too
    extended = jsonedit.insert_member(body[span.start : span.end], "include_usage", b"true")
    return body[: span.start] + extended + body[span.end :]
