"""Which calls go where, and what is done to them on the way."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..processors import refusal_of
from .providers import Provider
from .validation import (
    positive_timeouts,
    timeout_field,
    validate_cache_policy,
    validate_name,
    validate_origins,
    validate_path_prefix,
)


class OnError(models.TextChoices):
    FAIL = "fail", _("the call fails (502)")
    SKIP = "skip", _("the call goes on without it")


class Processor(models.Model):
    """One step that a request takes before it goes out. What the types mean is in `proxy.processors`."""

    name = models.CharField(_("name"), max_length=100, unique=True, validators=[validate_name])
    type = models.CharField(_("type"), max_length=100)
    config_value = models.TextField(
        _("value"), blank=True, default="", help_text=_("What it needs most: a model, a prompt, a pattern.")
    )
    additional_config = models.JSONField(_("further settings"), default=dict, blank=True)
    on_error = models.CharField(
        _("when it fails"), max_length=10, choices=OnError.choices, default=OnError.FAIL
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("processor")
        verbose_name_plural = _("processors")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if refusal := refusal_of(self.type, self.config_value, self.additional_config):
            raise ValidationError({refusal.field: refusal.message})


class Route(models.Model):
    """Calls whose path begins with a prefix. The longest prefix that fits is taken."""

    name = models.CharField(_("name"), max_length=100, unique=True, validators=[validate_name])
    path_prefix = models.CharField(
        _("path prefix"),
        max_length=200,
        unique=True,
        validators=[validate_path_prefix],
        help_text=_("Such as /v1/chat/completions or /assistants. The longest one that fits is taken."),
    )
    providers = models.ManyToManyField(
        Provider, blank=True, verbose_name=_("providers"), help_text=_("None chosen: all of them.")
    )
    processors = models.ManyToManyField(Processor, through="RouteProcessor", verbose_name=_("processors"))
    allow_streaming = models.BooleanField(_("allow streams"), default=True)
    allow_non_streaming = models.BooleanField(_("allow answers in one piece"), default=True)
    buffer_streaming = models.BooleanField(
        _("buffer streams"),
        default=False,
        help_text=_("Hold a stream until it is whole, so that another provider can take over in its middle."),
    )
    hold_preamble = models.BooleanField(
        _("hold the preamble"), null=True, blank=True, help_text=_("Empty: as in the settings.")
    )
    allowed_origins = models.JSONField(
        _("allowed origins"),
        default=list,
        blank=True,
        validators=[validate_origins],
        help_text=_('Of browsers; a list such as ["https://app.example.com"]. Empty: as in the settings.'),
    )
    cache_policy = models.JSONField(
        _("cache policy"),
        default=dict,
        blank=True,
        validators=[validate_cache_policy],
        help_text=_(
            'Such as {"mode": "always", "ttl": 3600}; what it says counts before the word of the project.'
        ),
    )
    connect_timeout_seconds = timeout_field(_("connect timeout"))
    first_byte_timeout_seconds = timeout_field(_("first byte timeout"))
    idle_timeout_seconds = timeout_field(_("idle timeout"))
    total_timeout_seconds = timeout_field(_("total timeout"))
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        ordering = ["pk"]
        constraints = [positive_timeouts("proxy_route_positive_timeouts")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not (self.allow_streaming or self.allow_non_streaming):
            raise ValidationError(
                _("A route that allows neither streams nor answers in one piece allows nothing.")
            )


class RouteProcessor(models.Model):
    route = models.ForeignKey(Route, models.CASCADE, related_name="steps", verbose_name=_("route"))
    processor = models.ForeignKey(Processor, models.PROTECT, related_name="uses", verbose_name=_("processor"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.route} {self.position}: {self.processor}"
