"""Where a call names the models it wants: in its path, its query, its body.

Places from OpenAI's openapi.yaml 2.3 (realtime sessions, image generation as a tool, evals, graders), from
Anthropic's message batches, and from routers that take a list to fall back on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .parameters import Parameters, Ways, has_plain_head, path_of
from .parsing import Call

PLACES = tuple(
    path_of(name)
    for name in (
        "model",
        "models",
        "fallbacks",
        "tools.model",
        "session.model",
        "session.audio.input.transcription.model",
        "session.input_audio_transcription.model",
        "audio.input.transcription.model",
        "input_audio_transcription.model",
        "requests.params.model",
        "data_source.model",
        "grader.model",
        "testing_criteria.model",
        "method.reinforcement.grader.model",
    )
)
_IN_PATH = re.compile(
    r"/v1/(?:openai/)?(?:models/(.+)|(?:engines|deployments)/([^/]+).*)", re.IGNORECASE | re.DOTALL
)
# What takes a body without running a model; anything else that names none has one of its own choosing.
_RUNS_NONE = re.compile(
    r"/v1/(?:"
    r"(?:files|uploads|vector_stores|conversations|containers|skills)(?:/.*)?"
    r"|(?:batches|messages/batches|responses)/[^/]+/cancel"
    r"|chat/completions/[^/]+"
    r"|assistants/[^/]+"
    r"|threads(?:/[^/]+(?:/messages(?:/.*)?|/runs/.+)?)?"
    r"|evals(?:/[^/]+)?"
    r"|fine_tuning/jobs/[^/]+/(?:cancel|pause|resume)"
    r")"
)
_PATHS = ("/v1/models/", "/v1/engines/", "/v1/deployments/", "/v1/openai/")
# With the s and k that ASCII does not know, but whoever ignores case does.
_OTHER_NAMES = (b'"models"', '"model\u017f"'.encode(), b'"fallbac')
# An escaped ASCII letter or NUL: no encoder writes the first, no name has the second.
_HIDING = re.compile(rb"\\u00(?:[4-7]|00)")


def plain(model: str, suffix: str) -> str:
    """Without PROVIDER_SUFFIX and its slash: with `Proxy`, `Proxy/gpt-4` is `gpt-4`. Other prefixes stay."""
    return model.removeprefix(f"{suffix}/") or model if suffix else model


def spellings(model: str, suffix: str) -> Ways:
    """As it was asked for, and the other way of writing the same: with the suffix or without."""
    if not suffix:
        return (model,)
    other = plain(model, suffix)
    return model, other if other != model else f"{suffix}/{model}"


def only_one(call: Call) -> str | None:
    """The model of a JSON call in which no other place can name one; None when that takes a closer look."""
    if not call.body or not call.document or call.query or call.path.lower().startswith(_PATHS):
        return None
    body = call.body.lower()
    if body.count(b'"model"') != 1 or any(name in body for name in _OTHER_NAMES):
        return None
    if b"\\" in body and b"\\u" in body and _HIDING.search(body):
        return None
    return call.model if call.document.get("model") == call.model and has_plain_head(call) else None


def named(call: Call, parameters: Parameters, suffix: str = "") -> Iterator[Ways]:
    """Each with the ways in which it can be read."""
    if model := in_path(call.path):
        yield spellings(model, suffix)
    for place in PLACES:
        for ways in parameters.values(place):
            yield tuple(each for way in ways for each in spellings(way, suffix)) if suffix else ways


def in_path(path: str) -> str | None:
    found = _IN_PATH.fullmatch(path)
    return (found[1] or found[2]) if found else None


def is_left_open(call: Call, parameters: Parameters) -> bool:
    """Whether a call that names no model would be run by one all the same."""
    return parameters.has_body and not _RUNS_NONE.fullmatch(call.path)
