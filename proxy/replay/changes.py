"""What a replay asks differently. A request without changes goes out with the bytes that were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from logs_app.chatmembers import PROMPT_ROLES
from logs_app.jsontext import dumps, loads_exactly

# Where each protocol has its system prompt, if it is no message.
_MEMBERS = {"/v1/messages": "system", "/v1/responses": "instructions"}


@dataclass(frozen=True, slots=True)
class Changes:
    """`set` holds members of the request by name; `drop` names those that it goes without."""

    model: str | None = None
    provider: str | None = None
    system: str | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()

    @property
    def are_of_the_body(self) -> bool:
        return bool(self.model or self.set or self.drop) or self.system is not None


def apply(path: str, body: bytes, changes: Changes) -> bytes:
    """The body of the new request. Raises Invalid where the changes make no sense for it."""
    if not changes.are_of_the_body:
        return body
    document = _parse(body)
    if changes.system is not None:
        _set_system(path, document, changes.system)
    document |= changes.set
    for name in changes.drop:
        document.pop(name, None)
    if changes.model:
        document["model"] = changes.model
    return dumps(document)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        document = loads_exactly(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Invalid(
            _("Only a request that is a JSON object can be changed; this one can be asked as it was.")
        )
    return document


def system_of(path: str, document: Any) -> str:
    """The system prompt of a request, as one text: what another would take the place of."""
    if not isinstance(document, dict):
        return ""
    first = _first_of_the_prompt(_turns(document))
    content = document.get(_MEMBERS.get(path, "")) if first is None else first.get("content")
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _set_system(path: str, document: dict[str, Any], text: str) -> None:
    turns = _turns(document)
    first = _first_of_the_prompt(turns)
    if first is not None:
        first["content"] = text
    elif path in _MEMBERS:
        document[_MEMBERS[path]] = text
    elif isinstance(document.get("messages"), list):
        document["messages"] = [{"role": "system", "content": text}, *turns]
    else:
        raise Invalid(_("This request has no place for a system prompt."), field="system")


def _turns(document: dict[str, Any]) -> list[Any]:
    given = [document.get(name) for name in ("messages", "input")]
    return next((turns for turns in given if isinstance(turns, list)), [])


def _first_of_the_prompt(turns: list[Any]) -> dict[str, Any] | None:
    messages = (turn for turn in turns if isinstance(turn, dict))
    return next((turn for turn in messages if turn.get("role") in PROMPT_ROLES), None)
