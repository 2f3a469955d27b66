"""Sets or takes away parameters of the request: its members at the top."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from logs_app import jsontext

from ..request.parameters import folded
from .options import Invalid, Options
from .step import Context, Document

ALWAYS, IF_MISSING = ("always", "if_missing")


@dataclass(frozen=True)
class SetParameters:
    """`additional_config` holds them by name."""

    needs_document: ClassVar[bool] = True
    parameters: dict[str, Any]
    only_missing: bool

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        if value not in ("", ALWAYS, IF_MISSING):
            raise Invalid(
                _("The value is %(always)s (also when empty) or %(if_missing)s.")
                % {"always": ALWAYS, "if_missing": IF_MISSING},
                "config_value",
            )
        parameters = options.everything()
        if not parameters:
            raise Invalid(_('Further settings name the parameters to set, such as {"temperature": 0.2}.'))
        _check_names(parameters)
        try:
            jsontext.dumps(parameters)
        except (TypeError, ValueError):
            raise Invalid(_("The parameters are not JSON.")) from None
        return cls(parameters, value == IF_MISSING)

    async def process(self, document: Document, context: Context) -> Document:
        if self.only_missing:
            given = set(map(folded, document))
            return document | {n: v for n, v in self.parameters.items() if folded(n) not in given}
        return _without(document, self.parameters, but=self.parameters) | self.parameters


@dataclass(frozen=True, slots=True)
class DropParameters:
    """`config_value` names them."""

    needs_document: ClassVar[bool] = True
    names: frozenset[str]

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        names = frozenset(filter(None, map(str.strip, value.split(","))))
        if not names:
            raise Invalid(_("The value names what to drop, with commas: logprobs, user."), "config_value")
        _check_names(names, "config_value")
        if "model" in names:
            raise Invalid(_("Without a model no provider can be chosen."), "config_value")
        return cls(names)

    async def process(self, document: Document, context: Context) -> Document:
        return _without(document, self.names)


def _without(document: Document, names: Iterable[str], but: Container[str] = ()) -> Document:
    """Neither in another case: some providers read a name in any."""
    gone = set(map(folded, names))
    return {name: value for name, value in document.items() if name in but or folded(name) not in gone}


def _check_names(names: Iterable[str], field: str = "additional_config") -> None:
    if "stream" in names:
        raise Invalid(
            _("Whether an answer streams is the caller's choice; a route can refuse one or the other."), field
        )
