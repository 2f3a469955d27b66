"""What a request would look like after a chain of steps, without any call being made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..configuration.configuration import Processor
from ..request.endpoints import find
from . import rewriting, types
from .options import Invalid
from .step import Context, Document, Failed


@dataclass(frozen=True, slots=True)
class Taken:
    """One step: the members that it changed, or why it failed."""

    name: str
    type: str
    changed: tuple[str, ...] = ()
    failed: str | None = None


async def run(processors: Iterable[Processor], path: str, document: Document) -> tuple[Document, list[Taken]]:
    """Ends at a failure that would end the call."""
    taken: list[Taken] = []
    for processor in processors:
        try:
            after = await types.of(processor).process(document, _context(path, document))
            changed = tuple(sorted(rewriting.differences(document, after)))
        except Exception as error:
            taken.append(Taken(processor.name, processor.type, failed=_words(error)))
            if processor.skips_on_error:
                continue
            break
        document = after
        taken.append(Taken(processor.name, processor.type, changed))
    return document, taken


def _words(error: Exception) -> str:
    """Whoever asks may change the processor, so nothing is kept from them."""
    said = isinstance(error, Failed | Invalid)
    return str(error) if said else f"it raised {type(error).__name__}: {error}"


def _context(path: str, document: Document) -> Context:
    model = document.get("model")
    return Context(
        request_id="preview",
        route="preview",
        method="POST",
        path=path,
        endpoint=find(path).template,
        model=model if isinstance(model, str) else None,
        is_streaming=document.get("stream") is True,
        size_bytes=None,
        key=None,
        project=None,
        client_ip=None,
        ask=_nobody,
    )


async def _nobody(request: Document, seconds: float) -> dict[str, Any]:
    raise Failed(f"a preview asks no model; it would have been '{request['model']}'")
