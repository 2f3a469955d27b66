"""`{% load recordpage %}`: how the values of a record are written."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import loglevels, money
from accounts.admin.drawing import badge
from logs_app.admin import drawing
from logs_app.conversation import wording
from logs_app.conversation.turns import Media
from logs_app.models import LogRecord, Outcome
from logs_app.presentation import elision, markdown, marks, snippets
from logs_app.recordpage import pictures, reasons

register = template.Library()
register.filter("duration", drawing.duration)
register.filter("markdown", markdown.render)
register.filter("is_web", markdown.may_lead_to)
register.filter("json_pretty", wording.pretty)

ROLES = {
    "system": gettext_lazy("System"),
    "developer": gettext_lazy("Developer"),
    "user": gettext_lazy("User"),
    "assistant": gettext_lazy("Assistant"),
    "tool": gettext_lazy("Tool"),
    "function": gettext_lazy("Function"),
    "error": gettext_lazy("Error"),
}
FAULTS = {
    reasons.CALLER: gettext_lazy("The caller's fault."),
    reasons.RELAY: gettext_lazy("A matter of this relay."),
    reasons.PROVIDER: gettext_lazy("The provider's fault."),
    reasons.NETWORK: gettext_lazy("A matter of the network."),
}
CHARGES = {
    "input": gettext_lazy("Input"),
    "cached_input": gettext_lazy("Input from the provider's cache"),
    "cache_write": gettext_lazy("Written to the provider's cache"),
    "output": gettext_lazy("Output"),
    "audio_input": gettext_lazy("Input of sound"),
    "audio_output": gettext_lazy("Output of sound"),
    "image_input": gettext_lazy("Input of pictures"),
    "image_output": gettext_lazy("Output of pictures"),
    "image": gettext_lazy("Images"),
    "second": gettext_lazy("Seconds of sound"),
    "characters": gettext_lazy("Characters spoken"),
}
TOKENS = (
    "prompt_tokens", "cached_tokens", "cache_write_tokens", "completion_tokens", "reasoning_tokens",
    "audio_tokens", "prompt_audio_tokens", "image_tokens", "prompt_image_tokens", "total_tokens",
    "image_count", "audio_seconds", "character_count",
)  # fmt: skip
_KINDS = {
    Outcome.COMPLETED: "ok",
    Outcome.CLIENT_DISCONNECTED: "muted",
    Outcome.INTERRUPTED: "warn",
    Outcome.REJECTED: "warn",
}


@register.filter
def marked(value: Any) -> Any:
    """Text of others, escaped; what hides in it is made visible."""
    return marks.marked(value) if isinstance(value, str) else value


@register.filter
def outcome_badge(record: LogRecord) -> SafeString:
    kind = _KINDS.get(Outcome(record.outcome), "error")
    words = f"{record.status_code or ''} {record.get_outcome_display()}".strip()
    return badge(kind, words)


@register.filter
def level(name: str) -> Any:
    """How much was recorded, in words."""
    return dict(loglevels.CHOICES).get(name, name)


@register.filter
def exact_price(record: LogRecord) -> str:
    dollars = money.dollars(record.cost_nanos)
    return drawing.EMPTY if dollars is None else f"{'≈ ' if record.usage_estimated else ''}${dollars}"


@register.filter
def counted(record: LogRecord) -> list[tuple[Any, Any]]:
    """What was counted, by the names of their columns."""
    counted = [(name, getattr(record, name)) for name in TOKENS]
    names = {field.name: field.verbose_name for field in LogRecord._meta.concrete_fields}
    return [(capfirst(str(names[name])), count) for name, count in counted if count is not None]


@register.filter
def form(media: Media) -> str:
    """image, audio, file, or elsewhere."""
    return pictures.kind_of(media) if media.is_here else "elsewhere"


@register.filter
def role(name: str) -> Any:
    return ROLES.get(name) or marks.marked(name or _("Somebody"))


@register.filter
def role_class(name: str) -> str:
    return name if name in ROLES else "other"


@register.filter
def fault(name: str) -> Any:
    return FAULTS[name]


@register.filter
def charged(name: str) -> Any:
    return CHARGES[name]


@register.filter
def language(name: str) -> str:
    return snippets.NAMES[name]


@register.filter
def percent(share: float) -> str:
    return f"{share * 100:.1f} %" if share >= 0.001 else f"{share * 100:.2g} %"


@register.filter
def tenth(share: float) -> int:
    """0 to 9: a class of what is probable."""
    return min(int(share * 10), 9)


@register.filter
def figure(number: float | None) -> str:
    return drawing.EMPTY if number is None else f"{number:,}"


@register.filter
def is_long(text: str, most: int) -> bool:
    return len(text) > most


@register.filter
def json_line(value: Any) -> str:
    """In one line, as far as it is worth one."""
    if isinstance(value, str):
        return value[:300]
    try:
        return json.dumps(elision.elided(value), ensure_ascii=False, default=str)[:300]
    except (RecursionError, ValueError):
        return "…"
