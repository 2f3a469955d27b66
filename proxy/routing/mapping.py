"""A provider's mapping of models: from the name a client asks for to the name the provider knows.

    {"gpt-4o": "gpt-4o-2024-11-20",        a name; it wins over every pattern
     "gpt-*": "openai/gpt-*",              what the star stands for goes along
     "openai/(.*)": "\\\\1",                a regular expression and its group: openai/o3 becomes o3
     "qwen-*": {"mapped_model": "qwen-max", "max_tokens": 8192},
     "*": "*"}                             the rest, each under its own name

Of several patterns the one with the most literal characters is taken. `{}` takes every model under its own
name. Pure: values in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from . import modelpatterns
from .modelpatterns import BadPattern, ModelPattern

ASKED = "*"  # as a value: the name that was asked for
_MAPPED = "mapped_model"
_GROUP = re.compile(r"\\(\d)")
_FILLED = re.compile(r"\\\d|\*")
_LONGEST_NAME = 500
_COUNTS = re.compile(r"max_[a-z_]+")
_PRICES = re.compile(r"[a-z_]+_cost(?:_per_[a-z0-9_]+)?")
_SWITCHES = re.compile(r"supports_[a-z_]+")


class BadMapping(ValueError):
    """Its words are a sentence for the person who wrote the mapping."""


@dataclass(frozen=True, slots=True)
class Target:
    """The provider's name of the model, and what the mapping tells of it: limits, prices, abilities."""

    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ModelMapping:
    names: Mapping[str, Target]
    patterns: tuple[tuple[ModelPattern, Target], ...]  # the most specific first
    takes_all: bool

    def listed(self) -> dict[str, Target]:
        """The models that the mapping names one by one."""
        return {name: target for name, target in self.names.items() if not _is_pattern(name)}

    def asking(self, upstream: str) -> set[str]:
        """Names that lead to one of the provider's: itself, or a pattern with its star filled in again."""
        found = {upstream}
        for pattern, target in self.patterns:
            if target.name != ASKED and len(_FILLED.findall(target.name)) == 1:
                back = modelpatterns.compile(_FILLED.sub("*", target.name))
                groups = back.groups_in(upstream) if back.is_glob else None
                found.add((groups and pattern.filled(groups[0] or "")) or upstream)
        return {name for name in found if (target_ := self.upstream(name)) and target_.name == upstream}

    def rule(self, model: str) -> str:
        """The name or pattern that decides about a model which is served; empty where every one is."""
        if self.takes_all or model in self.names:
            return "" if self.takes_all else model
        fitting = (p for p, target in self.patterns if (found := p.groups_in(model)) is not None
                   and _filled(target.name, model, found))  # fmt: skip
        return next((pattern.text for pattern in fitting), "")

    def upstream(self, model: str) -> Target | None:
        """None: this provider does not serve the model."""
        if self.takes_all:
            return Target(model)
        if named := self.names.get(model):
            return named
        for pattern, target in self.patterns:
            groups = pattern.groups_in(model)
            if groups is not None and (name := _filled(target.name, model, groups)):
                return Target(name, target.metadata)
        return None


def compile(mapping: Mapping[str, Any]) -> ModelMapping:
    """Raises BadMapping."""
    if error := refusal_of(mapping):
        raise BadMapping(error)
    # A pattern may be a name as well: `claude[1m]` is somebody's model.
    names = {
        key: _named(key, value) for key, value in mapping.items() if not (_is_pattern(key) and _fills(value))
    }
    patterns = [(modelpatterns.compile(key), _template(mapping[key])) for key in mapping if _is_pattern(key)]
    patterns.sort(key=lambda entry: entry[0].rank)
    return ModelMapping(names, tuple(patterns), takes_all=not mapping)


def refusal_of(mapping: Any) -> str | None:
    """What is wrong with a mapping, as a sentence; None when nothing is."""
    if not isinstance(mapping, Mapping):
        return _('The models are an object, such as {"gpt-4o": "gpt-4o-2024-11-20"}.')
    return next(filter(None, (refusal_of_rule(key, value) for key, value in mapping.items())), None)


def refusal_of_rule(key: str, value: Any) -> str | None:
    if not key.strip():
        return _("A model without a name cannot be mapped.")
    if isinstance(value, Mapping):
        if error := _refusal_of_metadata(key, value):
            return error
        value = value.get(_MAPPED, ASKED)
    if not isinstance(value, str) or not value.strip():
        return _(
            "'%(key)s' must lead to the provider's name of the model, or to an object with %(member)s."
        ) % {"key": key, "member": _MAPPED}
    if not value.isprintable():
        return _("The name that '%(key)s' leads to has characters that cannot be seen.") % {"key": key}
    if len(value) > _LONGEST_NAME:
        return _("The name that '%(key)s' leads to is longer than %(most)s characters.") % {
            "key": key,
            "most": _LONGEST_NAME,
        }
    try:
        return _refusal_of_name(key, value)
    except BadPattern as error:
        return _("'%(key)s' %(why)s.") % {"key": key, "why": error}


def _refusal_of_name(key: str, value: str) -> str | None:
    groups = modelpatterns.compile(key).groups if _is_pattern(key) else 0
    if value == ASKED:
        return None
    if value.count("*") > groups:
        return _("'%(value)s' has more * than '%(key)s'.") % {"value": value, "key": key}
    wrong = next((group for group in _GROUP.findall(value) if not 1 <= int(group) <= groups), None)
    return (
        _("'%(value)s' names the group %(wrong)s, which '%(key)s' does not have.")
        % {"value": value, "wrong": wrong, "key": key}
        if wrong
        else None
    )


def _refusal_of_metadata(key: str, metadata: Mapping[str, Any]) -> str | None:
    for name, value in metadata.items():
        if name == _MAPPED:
            continue
        if wanted := _wanted(name, value):
            return _("'%(name)s' of '%(key)s' %(wanted)s.") % {"name": name, "key": key, "wanted": wanted}
    return None


def _wanted(name: str, value: Any) -> str | None:
    """What a member of the metadata should be, when it is not."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if _COUNTS.fullmatch(name):
        return (
            None
            if isinstance(value, int) and is_number and value > 0
            else _("must be a whole number above 0")
        )
    if _PRICES.fullmatch(name):
        return None if is_number and 0 <= value < float("inf") else _("must be a price of 0 or more")
    if _SWITCHES.fullmatch(name):
        return None if isinstance(value, bool) else _("must be true or false")
    if name == "mode":
        return None if isinstance(value, str) else _("must be a word such as chat")
    return _("is unknown; there are mapped_model, max_…, …_cost_per_…, supports_… and mode")


def _named(name: str, value: Any) -> Target:
    template = _template(value)
    return Target(name, template.metadata) if template.name == ASKED else template


def _template(value: Any) -> Target:
    if isinstance(value, str):
        return Target(value)
    metadata = {name: told for name, told in value.items() if name != _MAPPED}
    return Target(value.get(_MAPPED, ASKED), metadata)


def _fills(value: Any) -> bool:
    name = _template(value).name
    return name != ASKED and _FILLED.search(name) is not None


def _filled(name: str, model: str, groups: tuple[str | None, ...]) -> str:
    """Every `*` takes the next group, `\\1` to `\\9` the one of that number."""
    if name == ASKED:
        return model
    rest = iter(groups)
    return _FILLED.sub(
        lambda mark: (next(rest) if mark[0] == "*" else groups[int(mark[0][1]) - 1]) or "", name
    )


@lru_cache(maxsize=65536)
def _is_pattern(key: str) -> bool:
    return not modelpatterns.is_plain(key)
