"""Streams of the image and audio endpoints: typed events, one of which carries the result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from . import fragments
from .audio import join_base64


class TypedEvents(ABC):
    gaps = 0

    def __init__(self) -> None:
        self.done = False
        self.error: Any = None
        self.saw_token = False

    def add(self, event: str, data: dict[str, Any]) -> None:
        kind = data.get("type") or event
        if kind != "error" and not data.get("error"):
            self.take(str(kind), data)
        elif self.error is None:
            self.error = data.get("error") or data

    def close(self) -> None:
        self.done = True

    @abstractmethod
    def take(self, kind: str, data: dict[str, Any]) -> None: ...

    @abstractmethod
    def body(self) -> dict[str, Any]: ...


class Images(TypedEvents):
    """Partial images are previews of the final one: they are seen, not kept."""

    COMMON = ("created_at", "background", "output_format", "quality", "size", "usage")

    def __init__(self) -> None:
        super().__init__()
        self._images: list[dict[str, Any]] = []
        self._common: dict[str, Any] = {}

    def take(self, kind: str, data: dict[str, Any]) -> None:
        self.saw_token = True
        if not kind.endswith(".completed"):
            return
        self.done = True
        for key in self.COMMON:
            if key in data:
                self._common["created" if key == "created_at" else key] = data.pop(key)
        self._images.append(_untyped(data))

    def body(self) -> dict[str, Any]:
        return {**self._common, "data": self._images}


class Transcript(TypedEvents):
    def __init__(self) -> None:
        super().__init__()
        self._text: list[str] = []
        self._segments: list[dict[str, Any]] = []
        self._result: dict[str, Any] = {}

    def take(self, kind: str, data: dict[str, Any]) -> None:
        self.saw_token = True
        if kind == "transcript.text.delta" and type(data.get("delta")) is str:
            self._text.append(data["delta"])
        elif kind == "transcript.text.segment":
            self._segments.append(_untyped(data))
        elif kind == "transcript.text.done":
            self.done = True
            self._result = _untyped(data)

    def body(self) -> dict[str, Any]:
        body = {"text": fragments.join(self._text) if self._text else "", **self._result}
        return {**body, "segments": self._segments} if self._segments else body


class Speech(TypedEvents):
    def __init__(self) -> None:
        super().__init__()
        self._audio: list[str] = []
        self._result: dict[str, Any] = {}

    def take(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "speech.audio.delta" and type(data.get("audio")) is str:
            self._audio.append(data["audio"])
            self.saw_token = True
        elif kind == "speech.audio.done":
            self.done = True
            self._result = _untyped(data)

    def body(self) -> dict[str, Any]:
        return {"audio": join_base64(self._audio), **self._result}


def _untyped(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in data.items() if key not in ("type", "obfuscation", "sequence_number")
    }
