"""How an application calls this relay, as programs to copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accounts import singlerow
from logs_app.models import Series
from logs_app.presentation import drafts, snippets
from proxy.models import Provider, RelaySettings

PATH = "/v1/chat/completions"
# Where nothing else is known: the name that most readers will replace with theirs.
USUAL_MODEL = "gpt-4o-mini"
_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Example:
    language: str
    name: str
    plain: str
    stream: str


def write(base_url: str) -> list[Example]:
    body = {"model": model(), "messages": [{"role": "user", "content": "Say hello."}]}
    plain, stream = drafts.draft(PATH, body), drafts.draft(PATH, body | {"stream": True})
    return [
        Example(language, snippets.NAMES[language], program(plain, base_url), program(stream, base_url))
        for language, program in snippets.LANGUAGES.items()
    ]


def model() -> str:
    """One that will answer: the default, one that a provider names, or one that was asked for."""
    return next(filter(None, _candidates()), USUAL_MODEL)


def _candidates() -> Iterator[str]:
    yield singlerow.read(RelaySettings).default_model
    for mapping in Provider.objects.filter(is_enabled=True).values_list("model_mapping", flat=True):
        yield from (name for name in mapping if _PATTERN.isdisjoint(name))
    newest = Series.objects.filter(endpoint=PATH, status_code=200).exclude(model="").order_by("-pk")
    yield newest.values_list("model", flat=True).first() or ""
