"""What holds for all calls."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .validation import positive_timeouts, validate_policy, validate_seconds

# How long a provider rests the first time, and at most.
RESTS = (
    ("adaptive_base_429_cooldown_secs", "adaptive_max_429_cooldown_secs"),
    ("adaptive_base_open_duration_secs", "adaptive_max_open_duration_secs"),
)


class ProviderChoice(models.TextChoices):
    ROUND_ROBIN = "round_robin", _("round robin, exact shares")
    RANDOM = "random", _("random")


def _share(name: Any, default: float, words: Any) -> models.FloatField:
    limits = [MinValueValidator(0), MaxValueValidator(1)]
    return models.FloatField(name, default=default, validators=limits, help_text=words)


def _seconds(name: Any, default: float, words: Any) -> models.FloatField:
    return models.FloatField(name, default=default, validators=[MinValueValidator(0)], help_text=words)


def _count(name: Any, default: int, words: Any) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        name, default=default, validators=[MinValueValidator(1)], help_text=words
    )


class RelaySettings(models.Model):
    """One row. What is empty in a provider is taken from here."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    default_model = models.CharField(
        _("default model"),
        max_length=200,
        blank=True,
        help_text=_("Put into requests that name no model. Empty: such requests are sent as they are."),
    )
    connect_timeout_seconds = models.FloatField(
        _("connect timeout"),
        default=10.0,
        validators=[validate_seconds],
        help_text=_("Seconds until a provider accepts the connection."),
    )
    first_byte_timeout_seconds = models.FloatField(
        _("first byte timeout"),
        default=600.0,
        validators=[validate_seconds],
        help_text=_("Seconds until a provider's answer begins."),
    )
    idle_timeout_seconds = models.FloatField(
        _("idle timeout"),
        default=600.0,
        validators=[validate_seconds],
        help_text=_("Seconds between two parts of an answer. A stream may run for hours."),
    )
    total_timeout_seconds = models.FloatField(
        _("total timeout"),
        null=True,
        blank=True,
        validators=[validate_seconds],
        help_text=_("Seconds for a whole call. Empty: no limit."),
    )
    inject_stream_usage = models.BooleanField(
        _("ask for usage in streams"),
        default=True,
        help_text=_(
            "Asks providers for the token usage of streams whose request does not mention it, and hides "
            "the extra event from the client. Off: requests and streams are not touched."
        ),
    )
    provider_suffix = models.CharField(
        _("model prefix"),
        max_length=50,
        blank=True,
        default="",
        help_text=_("With Proxy, the model Proxy/gpt-4o means gpt-4o."),
    )
    rewrite_response_model = models.BooleanField(
        _("answer with the asked model name"),
        default=True,
        help_text=_("Where a mapping changed the name, the answer carries the one the client asked for."),
    )
    provider_choice = models.CharField(
        _("choice by weight"),
        max_length=20,
        choices=ProviderChoice.choices,
        default=ProviderChoice.ROUND_ROBIN,
    )
    http_max_retries = models.PositiveSmallIntegerField(
        _("retries"), default=0, help_text=_("Repeats at the same provider, before another one is asked.")
    )
    max_failovers = models.PositiveSmallIntegerField(
        _("failovers"), default=2, help_text=_("How many other providers are asked when one fails.")
    )
    failover_maybe_sent = models.BooleanField(
        _("fail over when the request may have arrived"),
        default=True,
        help_text=_("After a reset or a timeout the first provider may still bill the call."),
    )
    hold_preamble = models.BooleanField(
        _("hold the preamble"),
        default=False,
        help_text=_(
            "A stream counts as begun at its first real token; until then another provider can take over."
        ),
    )
    health_interval_seconds = models.FloatField(
        _("health check interval"),
        default=30.0,
        validators=[MinValueValidator(0)],
        help_text=_("Seconds between two requests for a provider's list of models. 0: none are made."),
    )
    breaker_enabled = models.BooleanField(
        _("circuit breaker"),
        default=True,
        help_text=_("A provider that keeps failing is left out for a while."),
    )
    adaptive_min_multiplier = _share(
        _("least share"), 0.05, _("Least share of its weight that a failing provider keeps.")
    )
    adaptive_half_open_weight_factor = _share(
        _("share while tried again"), 0.2, _("Share of its weight while it is being tried again.")
    )
    adaptive_success_recovery_step = _share(
        _("share that a success gives back"), 0.1, _("Share of its weight that each success gives back.")
    )
    adaptive_slow_start_window_secs = _seconds(
        _("time to the full weight"), 60, _("Seconds until a recovered provider has its full weight.")
    )
    adaptive_429_threshold = _count(
        _("answers 429 in a row"), 3, _("Answers 429 in a row until it is left out.")
    )
    adaptive_5xx_threshold = _count(
        _("answers 5xx in a row"), 5, _("Answers 5xx in a row until it is left out.")
    )
    adaptive_transport_threshold = _count(
        _("broken connections in a row"), 4, _("Broken connections in a row until it is left out.")
    )
    adaptive_half_open_success_threshold = _count(
        _("successes until healthy"), 2, _("Successes until it counts as healthy again.")
    )
    adaptive_half_open_max_probes = _count(
        _("calls at once while tried again"), 1, _("Calls at once that try it again.")
    )
    adaptive_base_429_cooldown_secs = _seconds(
        _("first rest after a 429"), 15, _("Seconds of rest after the first 429; doubles.")
    )
    adaptive_max_429_cooldown_secs = _seconds(
        _("longest rest after a 429"), 300, _("Longest rest after a 429, in seconds.")
    )
    adaptive_base_open_duration_secs = _seconds(
        _("first time left out"), 30, _("Seconds it is left out the first time; doubles.")
    )
    adaptive_max_open_duration_secs = _seconds(
        _("longest time left out"), 300, _("Longest time it is left out, in seconds.")
    )
    policy = models.JSONField(
        _("policy"),
        default=dict,
        blank=True,
        validators=[validate_policy],
        help_text=_(
            "Holds for every key; a project's own policy must allow as well. Members: param_whitelist, "
            "allowed_origins, required_headers, allowed_endpoints, allowed_methods."
        ),
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("relay settings")
        verbose_name_plural = _("relay settings")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="proxy_relaysettings_one_row"),
            positive_timeouts("proxy_relaysettings_positive_timeouts"),
        ]

    def __str__(self) -> str:
        return str(_("Relay settings"))

    def clean(self) -> None:
        """A rest that begins longer than it may ever be is a slip of the pen."""
        words = _("This is more than the longest, %(most)g seconds.")
        crossed = {
            first: ValidationError(words, params={"most": getattr(self, longest)})
            for first, longest in RESTS
            if getattr(self, first) > getattr(self, longest)
        }
        if crossed:
            raise ValidationError(crossed)
