"""`additional_config` of a processor, read strictly: a name that nobody reads is a mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

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
            raise Invalid(_('Further settings are an object, such as {"mode": "append"}.'))
        self._given = given
        self._known: list[str] = []

    def text(self, name: str, default: str | None = None, *, may_be_empty: bool = False) -> str:
        value = self._take(name, default)
        if not isinstance(value, str) or not (value.strip() or may_be_empty):
            raise Invalid(_("'%(name)s' is missing, or no text.") % {"name": name})
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name, False)
        if not isinstance(value, bool):
            raise Invalid(_("'%(name)s' is true or false.") % {"name": name})
        return value

    def seconds(self, name: str, default: float) -> float:
        value = self._take(name, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 < value <= LONGEST_TIMEOUT_SECONDS:
            raise Invalid(
                _("'%(name)s' is a number of seconds, more than 0 and at most %(most)s.")
                % {"name": name, "most": LONGEST_TIMEOUT_SECONDS}
            )
        return float(value)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """The first one where none is given."""
        value = self._take(name, choices[0])
        if value not in choices:
            raise Invalid(_("'%(name)s' is one of %(names)s.") % {"name": name, "names": ", ".join(choices)})
        return str(value)

    def choices(self, name: str, choices: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
        value = self._take(name, list(default))
        if not isinstance(value, list) or not value or any(one not in choices for one in value):
            raise Invalid(
                _("'%(name)s' is a list with some of %(names)s.")
                % {"name": name, "names": ", ".join(choices)}
            )
        return tuple(value)

    def members(self, name: str) -> dict[str, Any]:
        value = self._take(name, {})
        if not isinstance(value, Mapping):
            raise Invalid(_("'%(name)s' is an object.") % {"name": name})
        return dict(value)

    def everything(self) -> dict[str, Any]:
        """Of a type whose settings are its user's own."""
        self._known += map(str, self._given)
        return dict(self._given)

    def check_names(self) -> None:
        """After all are read."""
        unknown = [name for name in self._given if name not in self._known]
        if unknown:
            known = (
                _("It knows %(names)s.") % {"names": ", ".join(self._known)}
                if self._known
                else _("It knows none.")
            )
            raise Invalid(
                _("This type knows no further setting '%(name)s'. %(known)s")
                % {"name": unknown[0], "known": known}
            )

    def _take(self, name: str, default: Any) -> Any:
        self._known.append(name)
        return self._given.get(name, default)


def required(value: str, what: str) -> str:
    """Of `config_value`."""
    if not value.strip():
        raise Invalid(_("The value is %(what)s; it is empty.") % {"what": what}, "config_value")
    return value
