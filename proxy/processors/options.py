"""`additional_config` of a processor, read strictly: a name that nobody reads is a mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_TIMEOUT_SECONDS = 3600


class Invalid(ValueError):
    """What is wrong, for whoever wrote it. `field` is a processor's."""

    def __init__(self, message: str, field: str = "additional_config") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Options:
    def __init__(self, given: Any) -> None:
        if not isinstance(given, Mapping):
            raise Invalid('Further settings are an object, such as {"mode": "append"}.')
        self._given = given
        self._known: list[str] = []

    def text(self, name: str, default: str | None = None, *, may_be_empty: bool = False) -> str:
        value = self._take(name, default)
        if not isinstance(value, str) or not (value.strip() or may_be_empty):
            raise Invalid(f"'{name}' is missing, or no text.")
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name, False)
        if not isinstance(value, bool):
            raise Invalid(f"'{name}' is true or false.")
        return value

    def seconds(self, name: str, default: float) -> float:
        value = self._take(name, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= LONGEST_TIMEOUT_SECONDS:
            raise Invalid(
                f"'{name}' is a number of seconds, more than 0 and at most {LONGEST_TIMEOUT_SECONDS}."
            )
        return float(value)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """The first one where none is given."""
        value = self._take(name, choices[0])
        if value not in choices:
            raise Invalid(f"'{name}' is one of {', '.join(choices)}.")
        return str(value)

    def choices(self, name: str, choices: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
        value = self._take(name, list(default))
        if not isinstance(value, list) or not value or any(one not in choices for one in value):
            raise Invalid(f"'{name}' is a list with some of {', '.join(choices)}.")
        return tuple(value)

    def members(self, name: str) -> dict[str, Any]:
        value = self._take(name, {})
        if not isinstance(value, Mapping):
            raise Invalid(f"'{name}' is an object.")
        return dict(value)

    def everything(self) -> dict[str, Any]:
        """Of a type whose settings are its user's own."""
        self._known += map(str, self._given)
        return dict(self._given)

    def check_names(self) -> None:
        """After all are read."""
        unknown = [name for name in self._given if name not in self._known]
        if unknown:
            known = f"It knows {', '.join(self._known)}." if self._known else "It knows none."
            raise Invalid(f"This type knows no further setting '{unknown[0]}'. {known}")

    def _take(self, name: str, default: Any) -> Any:
        self._known.append(name)
        return self._given.get(name, default)


def required(value: str, what: str) -> str:
    """Of `config_value`."""
    if not value.strip():
        raise Invalid(f"The value is {what}; it is empty.", "config_value")
    return value
