"""What differs between kinds of providers: the address of a call, its credentials, its headers.

A type is one small class: one of `TYPES` by name, or anybody's own by its dotted path (docs/providers.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from .anthropic import Anthropic
from .azure import Azure
from .openai import OpenAI

if TYPE_CHECKING:
    from ..configuration.configuration import Provider

ProviderType = OpenAI
TYPES: dict[str, ProviderType] = {"openai": OpenAI(), "azure": Azure(), "anthropic": Anthropic()}


class UnknownType(LookupError):
    """Its words are a sentence for the person who named it."""


def of(provider: Provider) -> ProviderType:
    """Raises UnknownType."""
    return TYPES.get(provider.provider_type) or named(provider.provider_type)


@lru_cache(maxsize=256)
def named(name: str) -> ProviderType:
    """Raises UnknownType. A class of one's own is imported, which runs its module."""
    if name in TYPES:
        return TYPES[name]
    module_name, _dot, class_name = name.rpartition(".")
    if not module_name:
        raise UnknownType(
            _("There is no type '%(name)s': it is %(names)s, or the path of a class such as mine.Type.")
            % {"name": name, "names": ", ".join(TYPES)}
        )
    try:
        found = getattr(import_module(module_name), class_name)
    except Exception as error:  # whatever the module of somebody else does
        raise UnknownType(
            _("'%(name)s' cannot be imported: %(kind)s: %(words)s.")
            % {"name": name, "kind": type(error).__name__, "words": error}
        ) from error
    if not (isinstance(found, type) and issubclass(found, ProviderType)):
        raise UnknownType(
            _("'%(name)s' is no class derived from proxy.provider_types.OpenAI.") % {"name": name}
        )
    return _made(name, found)


def _made(name: str, kind: type[ProviderType]) -> ProviderType:
    try:
        return kind()
    except Exception as error:
        raise UnknownType(
            _("'%(name)s' cannot be made: %(kind)s: %(words)s.")
            % {"name": name, "kind": type(error).__name__, "words": error}
        ) from error


def refusal_of(name: str, params: Any) -> str | None:
    """What is wrong with a type and its parameters, as a sentence; None when nothing is."""
    if not isinstance(params, Mapping):
        return _("The parameters are an object.")
    try:
        return named(name).refusal_of(params)
    except UnknownType as error:
        return str(error)
    except Exception as error:  # of somebody else's class
        return _("The type fails on these: %(kind)s: %(words)s.") % {
            "kind": type(error).__name__,
            "words": error,
        }
