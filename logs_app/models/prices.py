"""What providers charge."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ModelPrice(models.Model):
    """The price of a model from a moment on, in nano USD; an empty rate is not charged, or like its parent.

    Tokens are priced per million, characters per million, images and seconds each.
    """

    model = models.CharField(
        _("model"), max_length=200, help_text=_("A name, or a pattern such as gpt-4o-2024-*.")
    )
    provider = models.CharField(
        _("provider"), max_length=100, blank=True, help_text=_("Empty: wherever the model is served.")
    )
    service_tier = models.CharField(
        _("service tier"),
        max_length=32,
        blank=True,
        help_text=_("flex, priority, batch; empty: the ordinary."),
    )
    above_prompt_tokens = models.PositiveIntegerField(
        _("above prompt tokens"), default=0, help_text=_("Only for prompts longer than this.")
    )
    valid_from = models.DateTimeField(_("valid from"))
    input = models.PositiveBigIntegerField(_("input"), null=True, blank=True)
    cached_input = models.PositiveBigIntegerField(
        _("cached input"), null=True, blank=True, help_text=_("Empty: like input.")
    )
    cache_write = models.PositiveBigIntegerField(
        _("cache write"), null=True, blank=True, help_text=_("Empty: like input.")
    )
    output = models.PositiveBigIntegerField(_("output"), null=True, blank=True)
    image = models.PositiveBigIntegerField(_("per image"), null=True, blank=True)
    second = models.PositiveBigIntegerField(_("per second"), null=True, blank=True)
    characters = models.PositiveBigIntegerField(_("per million characters"), null=True, blank=True)
    audio_input = models.PositiveBigIntegerField(
        _("sound in the prompt"), null=True, blank=True, help_text=_("Empty: like input.")
    )
    audio_output = models.PositiveBigIntegerField(
        _("sound in the answer"), null=True, blank=True, help_text=_("Empty: like output.")
    )
    image_input = models.PositiveBigIntegerField(
        _("pictures in the prompt"), null=True, blank=True, help_text=_("Empty: like input.")
    )
    image_output = models.PositiveBigIntegerField(
        _("pictures in the answer"), null=True, blank=True, help_text=_("Empty: like output.")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["model", "provider", "service_tier", "above_prompt_tokens", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "provider", "service_tier", "above_prompt_tokens", "valid_from"],
                name="price_once",
            )
        ]

    def __str__(self) -> str:
        where = f" at {self.provider}" if self.provider else ""
        tier = f" {self.service_tier}" if self.service_tier else ""
        return f"{self.model}{tier}{where} from {self.valid_from:%Y-%m-%d}"
