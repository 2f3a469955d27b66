"""Pictures, sounds and files as each protocol writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logs_app.jsonvalues import mapping, text_of

from .turns import Data, Media, Text

Reader = Callable[[dict[str, Any]], "Media | Text | Data"]


def at(form: str, place: str, name: str = "") -> Media:
    """An address, which may be the whole file: data:image/png;base64,…"""
    if not place.startswith("data:"):
        return Media(form, name, place=place)
    head, _, data = place.partition(",")
    return Media(form, name, data=data, content_type=head[5:].partition(";")[0])


def encoded(form: str, data: Any, content_type: str = "", name: str = "") -> Media:
    text = text_of(data)
    return at(form, text, name) if text.startswith("data:") else Media(form, name, text, b"", content_type)


def _image_url(part: dict[str, Any]) -> Media:
    """In chats the address lies in an object, in responses it is a text."""
    given = part.get("image_url")
    place = text_of(given) or text_of(mapping(given).get("url")) or text_of(part.get("file_id"))
    return at("image", place)


def _input_audio(part: dict[str, Any]) -> Media:
    sound = mapping(part.get("input_audio"))
    form = text_of(sound.get("format"))
    return encoded("audio", sound.get("data"), f"audio/{form}" if form else "")


def _file(part: dict[str, Any]) -> Media:
    file = mapping(part.get("file")) or part
    name, data = text_of(file.get("filename")), text_of(file.get("file_data"))
    if data:
        return encoded("file", data, name=name)
    return at("file", text_of(file.get("file_url")) or text_of(file.get("file_id")), name)


def _source(part: dict[str, Any]) -> Media | Text | Data:
    """Anthropic's pictures and documents."""
    form = "image" if part.get("type") == "image" else "file"
    source, name = mapping(part.get("source")), text_of(part.get("title"))
    match source.get("type"):
        case "base64":
            return encoded(form, source.get("data"), text_of(source.get("media_type")), name)
        case "text":
            return Text(text_of(source.get("data")), is_written=False)
        case "url" | "file":
            return at(form, text_of(source.get("url")) or text_of(source.get("file_id")), name)
    return Data(form, part)


def _upload(part: dict[str, Any]) -> Media:
    return Media("file", place=text_of(part.get("file_id")))


READERS: dict[str, Reader] = {
    "image_url": _image_url,
    "input_image": _image_url,
    "input_audio": _input_audio,
    "file": _file,
    "input_file": _file,
    "image": _source,
    "document": _source,
    "container_upload": _upload,
}
