"""What there is to know about one environment variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Variable:
    """`kind` names a cast of `environment`; a secret may also come from a file, by `<NAME>_FILE`."""

    name: str
    kind: str
    default: Any
    help: str
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @property
    def is_secret(self) -> bool:
        return self.kind in ("secret", "secrets")
