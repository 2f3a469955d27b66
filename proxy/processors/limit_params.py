"""Keeps numbers of the request within bounds: how long an answer may be, how wild."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

from django.utils.translation import gettext as _

from ..request.parameters import folded
from .options import Invalid, Options
from .step import Context, Document, Failed

EXAMPLE = '{"max_tokens": {"min": 100, "max": 4096}}'


class Bounds(NamedTuple):
    least: float
    most: float

    def nearest(self, number: float) -> float:
        return min(max(number, self.least), self.most)


@dataclass(frozen=True)
class LimitParameters:
    """`additional_config` has the bounds by the parameter's name. What is not given is not added."""

    needs_document: ClassVar[bool] = True
    bounds: Mapping[str, Bounds]

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        if value.strip():
            raise Invalid(_("It needs no value: the bounds are further settings."), "config_value")
        given = options.everything()
        if not given:
            raise Invalid(_("Further settings name the bounds, such as %(example)s.") % {"example": EXAMPLE})
        return cls({folded(name): _bounds(name, each) for name, each in given.items()})

    async def process(self, document: Document, context: Context) -> Document:
        """In any case of its name: some providers read it so."""
        changed = {
            name: self.bounds[key].nearest(_number(name, value))
            for name, value in document.items()
            if value is not None and (key := folded(name)) in self.bounds
        }
        return document | changed


def _bounds(name: str, given: Any) -> Bounds:
    if not isinstance(given, Mapping) or not given or not given.keys() <= {"min", "max"}:
        raise Invalid(
            _("The bounds of '%(name)s' are an object with min, max or both: %(example)s.")
            % {"name": name, "example": EXAMPLE}
        )
    if not all(_is_number(each) for each in given.values()):
        raise Invalid(_("The bounds of '%(name)s' are numbers.") % {"name": name})
    found = Bounds(given.get("min", -math.inf), given.get("max", math.inf))
    if found.least > found.most:
        raise Invalid(_("Of '%(name)s', min is above max.") % {"name": name})
    return found


def _number(name: str, value: Any) -> float:
    """A text that a provider might read as a number must not slip by."""
    if not _is_number(value):
        raise Failed(f"'{name}' is no number")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
