"""The endpoints we know by name: their templates, methods, and whether they take a JSON object.

Anything else under /v1 is passed through all the same, under the template `/v1/*`.
Source: OpenAI's openapi.yaml 2.3 and Anthropic's Messages API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

PREFIX = "/v1/"
_REMEMBERED_CHARACTERS = 200  # longer paths are not worth the memory


@dataclass(frozen=True, slots=True)
class Endpoint:
    template: str
    methods: frozenset[str] = frozenset()  # empty: every method goes to the provider
    takes_json: bool = False  # a POST must carry a JSON object
    needs_model: bool = False  # a missing `model` is filled from DEFAULT_MODEL
    reports_stream_usage: bool = False  # understands stream_options.include_usage
    takes_form: bool = False  # which names the model
    path: str = ""  # of one that is not known by name

    @property
    def segments(self) -> list[str]:
        """Without /v1."""
        return (self.path or self.template).removeprefix(PREFIX).split("/")


def _methods(names: str) -> frozenset[str]:
    """HEAD is a GET without its body; OPTIONS is answered before anybody asks."""
    return frozenset([*names.split(), "OPTIONS", *(["HEAD"] if "GET" in names else [])])


def _json(template: str, *, model: bool = True, usage: bool = False, methods: str = "POST") -> Endpoint:
    return Endpoint(template, _methods(methods), True, model, usage)


def _any(template: str, methods: str, *, form: bool = False) -> Endpoint:
    return Endpoint(template, _methods(methods), takes_form=form)


_EXACT = {
    endpoint.template: endpoint
    for endpoint in (
        _json("/v1/chat/completions", usage=True, methods="GET POST"),
        _json("/v1/completions", usage=True),
        _json("/v1/responses"),
        _json("/v1/messages"),
        _json("/v1/messages/count_tokens"),
        _json("/v1/embeddings"),
        # Without a model these two have one of their own.
        _json("/v1/moderations", model=False),
        _json("/v1/images/generations", model=False),
        _json("/v1/audio/speech"),
        _any("/v1/audio/transcriptions", "POST", form=True),
        _any("/v1/audio/translations", "POST", form=True),
        _any("/v1/images/edits", "POST", form=True),
        _any("/v1/images/variations", "POST", form=True),
        _any("/v1/videos", "GET POST", form=True),
        _any("/v1/models", "GET"),
        _any("/v1/files", "GET POST"),
        _any("/v1/batches", "GET POST"),
    )
}

# Model ids contain "/" and ":", so that template takes the whole rest of the path.
_PATTERNS = [
    (re.compile(pattern), Endpoint(template))
    for pattern, template in (
        (r"/v1/models/.+", "/v1/models/{model}"),
        (r"/v1/chat/completions/[^/]+", "/v1/chat/completions/{id}"),
        (r"/v1/chat/completions/[^/]+/messages", "/v1/chat/completions/{id}/messages"),
        (r"/v1/responses/input_tokens", "/v1/responses/input_tokens"),
        (r"/v1/responses/compact", "/v1/responses/compact"),
        (r"/v1/responses/[^/]+", "/v1/responses/{id}"),
        (r"/v1/responses/[^/]+/cancel", "/v1/responses/{id}/cancel"),
        (r"/v1/responses/[^/]+/input_items", "/v1/responses/{id}/input_items"),
        (r"/v1/conversations(?:/.+)?", "/v1/conversations"),
        (r"/v1/files/[^/]+", "/v1/files/{id}"),
        (r"/v1/files/[^/]+/content", "/v1/files/{id}/content"),
        (r"/v1/uploads(?:/.+)?", "/v1/uploads"),
        (r"/v1/batches/[^/]+", "/v1/batches/{id}"),
        (r"/v1/batches/[^/]+/cancel", "/v1/batches/{id}/cancel"),
        (r"/v1/vector_stores(?:/.+)?", "/v1/vector_stores"),
        (r"/v1/videos/.+", "/v1/videos"),
        (r"/v1/messages/batches(?:/.+)?", "/v1/messages/batches"),
    )
]
_OTHER = Endpoint("/v1/*")


def find(path: str) -> Endpoint:
    """The endpoint of a decoded path; a trailing slash makes no difference."""
    path = path.rstrip("/")
    if found := _EXACT.get(path):
        return found
    return _match(path) if len(path) <= _REMEMBERED_CHARACTERS else _search(path)


def _search(path: str) -> Endpoint:
    found = next((endpoint for pattern, endpoint in _PATTERNS if pattern.fullmatch(path)), None)
    return found or replace(_OTHER, path=path)


_match = lru_cache(maxsize=1024)(_search)
