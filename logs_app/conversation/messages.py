"""Messages of chats and of Anthropic's protocol: a role and a content, and what stands beside it."""

from __future__ import annotations

from typing import Any

from logs_app.chatmembers import thought_of
from logs_app.jsonvalues import items, mapping, mappings, text_of

from . import calls, content
from .attachments import at, encoded
from .turns import Data, Media, Part, Reasoning, Refusal, Result, Text, Turn


def read(message: Any) -> Turn:
    if not isinstance(message, dict):
        return Turn("", content.read(message))
    role, name = text_of(message.get("role")), text_of(message.get("name"))
    if role in ("tool", "function"):
        parts = calls.spoken(message.get("content"), content.read)
        return Turn(role, [Result(text_of(message.get("tool_call_id")), parts, name=name)], name)
    return Turn(role, parts_of(message), name)


def parts_of(message: dict[str, Any]) -> list[Part]:
    """In the order in which models speak: thoughts, words, calls."""
    parts = [*_thoughts(message), *content.read(message.get("content"))]
    if refusal := text_of(message.get("refusal")):
        parts.append(Refusal(refusal))
    _cite(parts, message)
    parts += _made(message)
    return parts + calls.of_message(message)


def _thoughts(message: dict[str, Any]) -> list[Part]:
    if said := text_of(thought_of(message)):
        return [Reasoning(said)]
    # Of OpenRouter: texts, summaries, or what is encrypted.
    return [part for part in content.read(message.get("reasoning_details")) if isinstance(part, Reasoning)]


def _cite(parts: list[Part], message: dict[str, Any]) -> None:
    noted = [*items(message.get("annotations")), *items(message.get("citations"))]
    text = next((part for part in parts if isinstance(part, Text)), None)
    if text is not None:
        text.citations += [citation for note in noted if (citation := content.cited(note))]


def _made(message: dict[str, Any]) -> list[Part]:
    """Sounds and pictures that came with the words."""
    made: list[Part] = []
    sound = mapping(message.get("audio"))
    if sound:
        made.append(_sound(sound))
    for picture in mappings(message.get("images")):
        place = text_of(mapping(picture.get("image_url")).get("url"))
        made.append(at("image", place) if place else Data("image", picture))
    return made


def _sound(sound: dict[str, Any]) -> Media:
    media = encoded("audio", sound.get("data"))
    media.place = "" if media.is_here else text_of(sound.get("id"))
    media.transcript = text_of(sound.get("transcript"))
    return media
