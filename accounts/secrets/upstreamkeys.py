"""The key of a project at its provider, as people give it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..errors import Invalid
from .keys import shown_prefix

MOST_CHARACTERS = 4096
# Documentation writes this for "your key". No preview looks like it, so taking it for none harms nobody.
PLACEHOLDER = "sk-..."
CUTS = ("...", "…", "****")


def chosen(given: str, field: str) -> str:
    """What is stored; empty is no own key. Raises Invalid."""
    key = given.strip()
    if key == PLACEHOLDER:
        return ""
    if reason := refusal(key):
        raise Invalid(reason, field=field)
    return key


def refusal(key: str) -> str | None:
    if any(cut in key for cut in CUTS):
        return _(
            "This is the preview of a key, not the key. Leave the field out to keep the one that is stored."
        )
    # It is sent as a header.
    if not key.isascii() or not key.isprintable() or " " in key:
        return _("A key consists of printable ASCII characters without spaces.")
    if len(key) > MOST_CHARACTERS:
        return _("A key has %(most)s characters at most.") % {"most": MOST_CHARACTERS}
    return None


def preview(key: str) -> str | None:
    return shown_prefix(key) if key else None
