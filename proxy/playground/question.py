"""What somebody asks in the playground, as the page sends it. Nonsense raises Invalid, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import orjson
from django.utils.translation import gettext as _

from accounts.errors import Invalid

PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Question:
    """`key` is "kind:id"; `body` is the request as it goes out, once it is encoded."""

    key: str
    body: dict[str, Any]
    provider: str | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        given = _object(data)
        key, body, provider = (given.get(name) for name in ("key", "body", "provider"))
        if not isinstance(key, str) or not key:
            raise Invalid(_("Choose a key to call with."), field="key")
        if not isinstance(provider, str | None):
            raise Invalid(_("A provider is named by a text."), field="provider")
        return cls(key, check(body), provider or None)

    @property
    def model(self) -> str:
        return str(self.body["model"])


def check(body: Any) -> dict[str, Any]:
    """Only what would be misunderstood here: what a provider thinks of the rest is worth seeing."""
    if not isinstance(body, dict):
        raise Invalid(_("A request is a JSON object."), field="body")
    if not isinstance(body.get("model"), str) or not body["model"].strip():
        raise Invalid(_("Choose a model, or write its name."), field="model")
    if not isinstance(body.get("messages"), list) or not body["messages"]:
        raise Invalid(_("Write a message."), field="messages")
    return body


def parse_body(data: bytes) -> dict[str, Any]:
    return check(_object(data).get("body"))


def _object(data: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(data)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Invalid(_("This is no JSON object."))
    return given
