"""Replaces what a regular expression finds in the texts of some roles.

On RE2, whose time is in proportion to the text whatever the expression: who writes one cannot stop the relay
with it. It has no look-around and no back-references within the expression.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import re2
from django.utils.translation import gettext as _

from .options import Invalid, Options, required
from .step import Context, Document
from .texts import ROLES, places, put

LONGEST_EXPRESSION = 2000
# More text than this is searched in a thread: other calls go on meanwhile.
_LONG_CHARACTERS = 200_000
# RE2's own expansion takes a replacement for Latin-1.
_REFERENCE = re.compile(r"\\(?:(\d)|(\\))")


@dataclass(frozen=True, slots=True)
class RegexReplace:
    needs_document: ClassVar[bool] = True
    pattern: Any
    replacement: str
    roles: tuple[str, ...]

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        pattern = _compiled(required(value, _("the regular expression")), options.flag("ignore_case"))
        replacement = options.text("replacement", "", may_be_empty=True)
        highest = max((int(found[1] or 0) for found in _REFERENCE.finditer(replacement)), default=0)
        if highest > pattern.groups:
            raise Invalid(
                _("'replacement' speaks of group %(highest)s; the expression has %(groups)s.")
                % {"highest": highest, "groups": pattern.groups}
            )
        return cls(pattern, replacement, options.choices("roles", ROLES, ("user",)))

    async def process(self, document: Document, context: Context) -> Document:
        found = {place.path: place.text for place in places(document) if place.role in self.roles}
        if sum(map(len, found.values())) > _LONG_CHARACTERS:
            changed = await asyncio.to_thread(self._changed, found)
        else:
            changed = self._changed(found)
        return put(document, changed) if changed else document

    def _changed(self, texts: dict[Any, str]) -> dict[Any, str | None]:
        return {path: new for path, text in texts.items() if (new := self._replaced(text)) is not None}

    def _replaced(self, text: str) -> str | None:
        """None when nothing was found."""
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode()  # RE2 reads no lone surrogates
        new, count = self.pattern.subn(self._expand, text)
        return new if count else None

    def _expand(self, match: Any) -> str:
        return _REFERENCE.sub(
            lambda reference: "\\" if reference[2] else match[int(reference[1])] or "", self.replacement
        )


def _compiled(expression: str, ignore_case: bool) -> Any:
    if len(expression) > LONGEST_EXPRESSION:
        raise Invalid(
            _("The expression is longer than %(most)s characters.") % {"most": LONGEST_EXPRESSION},
            "config_value",
        )
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        words = error.args[0].decode("utf-8", "replace") if error.args else "it cannot be read"
        raise Invalid(
            _("This is no regular expression of RE2: %(words)s.") % {"words": words}, "config_value"
        ) from None
    except UnicodeEncodeError:
        raise Invalid(_("The expression contains half a character."), "config_value") from None
