"""How a state, a moment and a share look in the console: the parts of the design system that Python draws."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

EMPTY = "–"
# What a bar says when this share of it is full.
WARN_FROM, ERROR_FROM = 0.75, 0.9


def icon(name: str, classes: str = "") -> SafeString:
    """One of relay/icons.svg, silent to screen readers: words stand beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("relay/icons.svg"),
        name,
    )


def badge(kind: str, words: Any) -> SafeString:
    """`kind`: ok, warn, error, info or muted."""
    return format_html('<span class="badge badge-{}">{}</span>', kind, words)


def moment(at: datetime | None, never: Any = EMPTY) -> Any:
    """ "3 minutes ago" where scripts run, the moment itself in the title and where they do not."""
    if at is None:
        return never
    shown = date_format(localtime(at), "DATETIME_FORMAT")
    return format_html('<time datetime="{}" data-relative>{}</time>', at.isoformat(), shown)


def bar(value: float, most: float, words: Any, kind: str = "") -> SafeString:
    """`value` of `most` as a bar with `words` above it. Without a kind it warns by itself as it fills."""
    share = value / most if most else 1.0
    if not kind:
        kind = "error" if share >= ERROR_FROM else "warn" if share >= WARN_FROM else "ok"
    return format_html(
        '<span class="barred">{}'
        '<progress class="bar bar-{}" value="{}" max="1" aria-label="{}"></progress></span>',
        words,
        kind,
        f"{min(share, 1.0):.4f}",
        words,
    )
