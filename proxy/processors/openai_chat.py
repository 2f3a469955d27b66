"""Asks a model to write the caller's last message anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from .options import Invalid, Options, required
from .step import Context, Document, Failed
from .texts import last_of_user, put

TIMEOUT_SECONDS = 60.0
_OURS = ("model", "messages", "stream", "n")


@dataclass(frozen=True)
class OpenAIChat:
    """`config_value` is the model, as any caller of this relay would name it."""

    needs_document: ClassVar[bool] = True
    model: str
    system_prompt: str
    parameters: dict[str, Any]
    timeout_seconds: float

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        parameters = options.members("parameters")
        if taken := [name for name in _OURS if name in parameters]:
            raise Invalid(
                _("'parameters' cannot contain '%(name)s': that is this type's own.") % {"name": taken[0]}
            )
        return cls(
            required(value, _("the model to ask")).strip(),
            options.text("system_prompt"),
            parameters,
            options.seconds("timeout_seconds", TIMEOUT_SECONDS),
        )

    async def process(self, document: Document, context: Context) -> Document:
        texts = last_of_user(document)
        if not any(place.text.strip() for place in texts):
            return document
        answer = await context.ask(
            self._request("\n\n".join(place.text for place in texts)), self.timeout_seconds
        )
        first, *others = texts
        new: dict[Any, str | None] = {place.path: None for place in reversed(others)}
        return put(document, new | {first.path: _text_of(answer, self.model)})

    def _request(self, text: str) -> Document:
        messages = [{"role": "system", "content": self.system_prompt}, {"role": "user", "content": text}]
        return {"model": self.model, "messages": messages, **self.parameters}


def _text_of(answer: Document, model: str) -> str:
    try:
        text = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        text = None
    if not isinstance(text, str) or not text.strip():
        raise Failed(f"the model '{model}' answered without a text")
    return text
