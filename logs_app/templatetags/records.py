"""`{% load records %}`: the figures of a record, as people read them."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts import money
from logs_app.admin import drawing
from logs_app.live.flights import Flight
from logs_app.models import LogRecord, Outcome
from logs_app.presentation import listing

register = template.Library()
register.filter("duration", drawing.duration)
register.filter("row", listing.row)


@register.filter
def remarks(record: LogRecord) -> str:
    """Why it ended badly, if it did, and what else was special."""
    is_well = record.outcome == Outcome.COMPLETED
    found = [
        "" if is_well else record.error_code or record.get_outcome_display(),
        f"×{record.repeats}" if record.repeats > 1 else "",
        _("stream") if record.is_streaming else "",
        _("cached") if record.is_cached else "",
        record.lineage,
    ]
    return " · ".join(filter(None, found))


@register.filter
def price(record: LogRecord) -> str:
    return money.shown(record.cost_nanos, record.usage_estimated)


@register.filter
def tokens(record: LogRecord) -> SafeString | str:
    """What went in and what came out."""
    if record.total_tokens is None:
        return drawing.EMPTY
    about = "≈ " if record.usage_estimated else ""
    if not record.completion_tokens:
        return f"{about}{record.total_tokens:,}"
    title = _("%s tokens in all") % f"{record.total_tokens:,}"
    parts = f"{about}{record.prompt_tokens or 0:,} → {record.completion_tokens:,}"
    return format_html('<span title="{}">{}</span>', title, parts)


@register.filter
def served(record: LogRecord) -> str:
    """By whom, and as what where that is not what was asked for."""
    return _by(record.provider, record.model_served or record.model_sent, record.model)


@register.filter
def sent(flight: Flight) -> str:
    return _by(flight.provider, flight.model_sent, flight.model)


def _by(provider: str, model: str, asked: str) -> str:
    return " ".join(filter(None, (provider, f"→ {model}" if model and model != asked else "")))
