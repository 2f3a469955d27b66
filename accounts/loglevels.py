"""How much of a call is recorded: everything, no bodies, or nothing but counts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FULL, METADATA, OFF = "full", "metadata", "off"
# From the most to the least.
LEVELS = (FULL, METADATA, OFF)
CHOICES = [(FULL, _("everything")), (METADATA, _("no bodies")), (OFF, _("counts only"))]


def lowest(*levels: str | None) -> str:
    """The least of what each allows; None says nothing. A word that nobody knows asks for the least."""
    return max((_lowered(level) for level in levels if level), key=LEVELS.index, default=FULL)


def _lowered(level: str) -> str:
    return level if level in LEVELS else OFF
