"""What an answer says, as turns. Several are alternatives of each other."""

from __future__ import annotations

import math
from typing import Any

from logs_app.folding import facts
from logs_app.jsonvalues import mapping, mappings, text_of
from logs_app.presentation import elision, summaries

from . import content, messages, responses
from .attachments import at, encoded
from .turns import Data, Media, Part, Text, Token, Turn

MOST_TOKENS = 2000


def read(endpoint: str, response: Any) -> list[Turn]:
    if response is None or response == "":
        return []
    if isinstance(response, str):
        return [Turn("assistant", [Text(response, is_written=False)])]
    if not isinstance(response, dict):
        return [Turn("assistant", [Data("", response)])]
    error = facts.error(response)
    failed = [Turn("error", _error(error))] if error else []
    return [*_said(endpoint, response), *failed] or [Turn("assistant", _other(endpoint, response))]


def _said(endpoint: str, body: dict[str, Any]) -> list[Turn]:
    if mappings(body.get("choices")):
        choices = mappings(body["choices"])
        return [_choice(choice, place if len(choices) > 1 else None) for place, choice in enumerate(choices)]
    if isinstance(body.get("output"), list):
        turns = responses.read(body["output"], "assistant")
        if turns:
            turns[-1].finish_reason = facts.finish_reason("response", body) or ""
        return turns
    if body.get("type") == "message" and "content" in body:
        return [
            Turn("assistant", content.read(body["content"]), finish_reason=text_of(body.get("stop_reason")))
        ]
    return _of_ollama(body) if "done" in body else []


def _of_ollama(body: dict[str, Any]) -> list[Turn]:
    if isinstance(body.get("message"), dict):
        return [messages.read(body["message"])]
    return [Turn("assistant", content.read(text_of(body.get("response"))))]


def _choice(choice: dict[str, Any], place: int | None) -> Turn:
    message = mapping(choice.get("message"))
    parts = messages.parts_of(message) if message else _completed(choice)
    role = text_of(message.get("role")) or "assistant"
    reason = text_of(choice.get("finish_reason"))
    return Turn(role, parts, choice=place, finish_reason=reason, tokens=_tokens(choice.get("logprobs")))


def _completed(choice: dict[str, Any]) -> list[Part]:
    text = text_of(choice.get("text"))
    return [Text(text)] if text else []


def _other(endpoint: str, body: dict[str, Any]) -> list[Part]:
    """Answers that are no conversation: pictures, sounds, transcripts, and what has a summary."""
    kind = facts.kind(body, endpoint)
    if kind == "image":
        return [part for picture in mappings(body.get("data")) for part in _picture(picture, body)]
    if "base64" in body and "content_type" in body:
        return [_file(body)]
    if kind == "audio":
        return _heard(body)
    return [Data(summaries.summary(kind, body), elision.elided(body))]


def _picture(picture: dict[str, Any], body: dict[str, Any]) -> list[Part]:
    revised = text_of(picture.get("revised_prompt"))
    form = text_of(body.get("output_format"))
    data = encoded("image", picture.get("b64_json"), f"image/{form}" if form else "")
    shown = data if data.is_here else at("image", text_of(picture.get("url")))
    return [shown, *([Text(revised, is_written=False)] if revised else [])]


def _file(body: dict[str, Any]) -> Media:
    content_type = text_of(body.get("content_type"))
    form = content_type.partition("/")[0]
    return encoded(form if form in ("image", "audio") else "file", body.get("base64"), content_type)


def _heard(body: dict[str, Any]) -> list[Part]:
    if sound := text_of(body.get("audio")):
        return [encoded("audio", sound)]
    parts: list[Part] = [Text(text_of(body.get("text")), is_written=False)] if body.get("text") else []
    rest = {name: value for name, value in body.items() if name not in ("text", "usage")}
    return [*parts, *([Data("", rest)] if rest else [])]


def _error(error: Any) -> list[Part]:
    about = mapping(error)
    message = text_of(error) or text_of(about.get("message"))
    parts: list[Part] = [Text(message, is_written=False)] if message else []
    return [*parts, *([Data("", about)] if about else [])] or [Data("", error)]


def _tokens(logprobs: Any) -> list[Token]:
    """As chats tell of them; the older ones of completions stay in the JSON."""
    return [_token(entry) for entry in mappings(mapping(logprobs).get("content"))[:MOST_TOKENS]]


def _token(entry: dict[str, Any]) -> Token:
    others = [
        (text_of(other.get("token")), _probability(other))
        for other in mappings(entry.get("top_logprobs"))
        if other.get("token") != entry.get("token")
    ]
    return Token(text_of(entry.get("token")), _probability(entry), others)


def _probability(entry: dict[str, Any]) -> float:
    given: Any = entry.get("logprob")
    is_number = isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
    return math.exp(min(float(given), 0.0)) if is_number else 0.0
