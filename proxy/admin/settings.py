"""What holds for all calls, as one page of the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.singlerow import SingleRowAdmin

from ..models import TIMEOUTS, RelaySettings

# What each is called, what it is for, and its fields; those of BREAKER are folded away.
GROUPS: tuple[tuple[Any, Any, tuple[str, ...]], ...] = (
    (
        _("Models"),
        _("Names of models, before the mapping of each provider and after it."),
        ("default_model", "provider_suffix", "rewrite_response_model"),
    ),
    (
        _("Timeouts"),
        _("How long a call may take before the client gets 504. A provider or a route may have its own."),
        TIMEOUTS,
    ),
    (
        _("When a provider fails"),
        _("Who is asked next, as long as the client has received nothing. Each attempt is in the record."),
        ("provider_choice", "http_max_retries", "max_failovers", "failover_maybe_sent", "hold_preamble"),
    ),
    (
        _("Health of the providers"),
        _("How the relay notices that a provider is away, and that it is back. Both cost no tokens."),
        ("health_interval_seconds", "breaker_enabled"),
    ),
    (
        _("Usage"),
        _("Tokens and costs are what providers report; without a report the relay counts by itself."),
        ("inject_stream_usage",),
    ),
    (
        _("What calls may contain"),
        _("A JSON object, such as {&quot;allowed_methods&quot;: [&quot;POST&quot;]}. Empty: everything may."),
        ("policy",),
    ),
)
BREAKER: tuple[tuple[Any, Any, tuple[str, ...]], ...] = (
    (
        _("Circuit breaker: when a provider is left out"),
        _("Failures in a row, of each kind, and how long it then rests. Each further time is twice as long."),
        (
            "adaptive_429_threshold",
            "adaptive_base_429_cooldown_secs",
            "adaptive_max_429_cooldown_secs",
            "adaptive_5xx_threshold",
            "adaptive_transport_threshold",
            "adaptive_base_open_duration_secs",
            "adaptive_max_open_duration_secs",
        ),
    ),
    (
        _("Circuit breaker: how it comes back"),
        _("It is tried with a few calls first, and then gets its share of the calls back step by step."),
        (
            "adaptive_half_open_max_probes",
            "adaptive_half_open_success_threshold",
            "adaptive_half_open_weight_factor",
            "adaptive_slow_start_window_secs",
            "adaptive_success_recovery_step",
            "adaptive_min_multiplier",
        ),
    ),
)


class RelaySettingsForm(forms.ModelForm):
    class Meta:
        model = RelaySettings
        fields = tuple(name for _title, _words, names in (*GROUPS, *BREAKER) for name in names)

    def clean_policy(self) -> Any:
        return self.cleaned_data["policy"] or {}


@admin.register(RelaySettings)
class RelaySettingsAdmin(SingleRowAdmin):
    form = RelaySettingsForm
    audit_kind = "settings"
    readonly_fields = ("updated_at",)
    fieldsets = (
        *((title, {"fields": names, "description": words}) for title, words, names in GROUPS),
        *(
            (title, {"fields": names, "description": words, "classes": ("collapse",)})
            for title, words, names in BREAKER
        ),
        (None, {"fields": ("updated_at",)}),
    )
