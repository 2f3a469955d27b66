"""Which stored answers are to go. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from .entry import Label


@dataclass(frozen=True, slots=True)
class Purge:
    """All that is named must fit; nothing named is everything. `number` and `at` are its row's."""

    number: int = 0
    at: float = 0.0
    method: str = ""
    path: str = ""
    query: str = ""
    prefix: str = ""
    model: str = ""
    project: str = ""
    provider: str = ""
    tag: str = ""

    def fits(self, label: Label) -> bool:
        return (
            (not self.method or self.method == label.method)
            and (not self.path or self.path == label.path)
            and (not self.query or self.query == label.query)
            and (not self.prefix or label.path.startswith(self.prefix))
            and (not self.model or self.model in label.models)
            and (not self.project or self.project == label.project)
            and (not self.provider or self.provider == label.provider)
            and (not self.tag or self.tag in label.tags)
        )

    def forbids(self, label: Label, asked_at: float) -> bool:
        """Whether an answer that was asked for before the purge comes too late to be kept."""
        return asked_at <= self.at and self.fits(label)

    @property
    def criteria(self) -> dict[str, Any]:
        return {n: v for n, v in asdict(self).items() if v and n not in ("number", "at")}


def of_criteria(given: Mapping[str, Any], number: int = 0, at: float = 0.0) -> Purge:
    """`url` is a path or a whole address; its query counts only where it has one."""
    named = {name: str(value) for name, value in given.items() if value}
    if url := named.pop("url", ""):
        parts = urlsplit(url)
        named["path"] = unquote(parts.path).rstrip("/") or "/"
        named["query"] = parts.query
    if "method" in named:
        method = named["method"].upper()
        named["method"] = "GET" if method == "HEAD" else method  # which is answered from what a GET brought
    return Purge(number, at, **named)
