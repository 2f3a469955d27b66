"""Text of others on a page: escaped, with what was redacted marked, and with what hides in it made visible.

Some characters show nothing and change what is read: they turn the direction of what follows, or spell
instructions that only a model sees. They are shown by their code point.
"""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from logs_app.redaction.redactor import PLACEHOLDER

# Directional overrides, embeddings and isolates; invisible operators; tags; line and paragraph separators.
HIDDEN = "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f"
_MARKED = re.compile(
    f"(?P<label>{PLACEHOLDER.pattern})|(?P<hidden>[{HIDDEN}\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f])"
)


def marked(text: str) -> SafeString:
    pieces: list[str] = []
    last = 0
    for match in _MARKED.finditer(text):
        pieces.append(escape(text[last : match.start()]))
        pieces.append(_shown(match))
        last = match.end()
    pieces.append(escape(text[last:]))
    return mark_safe("".join(pieces))


def _shown(match: re.Match[str]) -> str:
    if match["label"]:
        return f'<span class="redacted">{match["label"]}</span>'
    return f'<span class="hidden-character">U+{ord(match["hidden"]):04X}</span>'
