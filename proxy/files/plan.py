"""What a file asks for, whatever its format: values by column, of rows by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, Any]
Table = dict[str, Any]


class FileRefused(ValueError):
    """What is wrong with a file, in words that begin with the place."""


@dataclass(slots=True)
class Plan:
    """Columns that are not named stay as they are.

    A route's `providers` and `processors` are lists of names. `notes` tell what has no equal here, `lines`
    what belongs into .env.
    """

    providers: dict[str, Fields] = field(default_factory=dict)
    processors: dict[str, Fields] = field(default_factory=dict)
    routes: dict[str, Fields] = field(default_factory=dict)
    settings: Fields = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class Section:
    """A table of a file, taken apart member by member; what nobody took is an error."""

    def __init__(self, place: str, table: Any) -> None:
        if not isinstance(table, dict):
            raise FileRefused(f"{place}: write a table of names and values.")
        self.place = place
        self._left: Table = {str(name): value for name, value in table.items()}

    def take(self, name: str, kind: type | tuple[type, ...] = object, default: Any = None) -> Any:
        """The member's value; `default` where it is missing or null."""
        value = self._left.pop(name, None)
        if value is None:
            return default
        is_flag = isinstance(value, bool) and kind in (int, float, (int, float))
        if is_flag or not isinstance(value, kind):
            raise FileRefused(f"{self.place}.{name}: {value!r} is not {_words(kind)}.")
        return value

    def need(self, name: str, kind: type | tuple[type, ...] = str) -> Any:
        value = self.take(name, kind)
        if value is None:
            raise FileRefused(f"{self.place}: {name} is missing.")
        return value

    def take_texts(self, name: str) -> list[str] | None:
        values = self.take(name, list)
        if values is not None and not all(isinstance(value, str) for value in values):
            raise FileRefused(f"{self.place}.{name}: write a list of texts.")
        return values

    def sections(self, name: str) -> dict[str, Section]:
        """Its tables by name: `[name.x]`."""
        tables = Section(f"{self.place}.{name}".lstrip("."), self.take(name, dict, {}))
        return {each: Section(f"{tables.place}.{each}", table) for each, table in tables._left.items()}

    def rest(self) -> Table:
        left, self._left = self._left, {}
        return left

    def end(self) -> None:
        if self._left:
            names = ", ".join(sorted(self._left))
            raise FileRefused(f"{self.place or 'The file'}: nothing here is called {names}.")


def _words(kind: type | tuple[type, ...]) -> str:
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    names |= {list: "a list", dict: "a table"}
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(names[each] for each in kinds)
