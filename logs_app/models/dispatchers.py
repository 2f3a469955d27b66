"""Who is to be told of records."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from logs_app.models.subscribers import LONGEST_NAME
from logs_app.sinks import KINDS

BATCH_SIZE = 50
LARGEST_BATCH = 1000


class Dispatcher(models.Model):
    """Run by `serve`. Its name is that of its subscriber, which keeps how far it is."""

    name = models.CharField(
        _("name"),
        max_length=LONGEST_NAME,
        unique=True,
        help_text=_("Under another name it begins anew, now."),
    )
    service = models.CharField(_("service"), max_length=32, choices=[(kind, kind) for kind in KINDS])
    endpoint = models.CharField(
        _("endpoint"),
        max_length=2000,
        blank=True,
        help_text=_(
            "Of a file its name, below the folder events of the data folder; of python the dotted path of a "
            "class; of all others a base URL, empty for the service's own."
        ),
    )
    api_key = EncryptedTextField(_("API key"), blank=True, default="")
    options = models.JSONField(_("options"), default=dict, blank=True, help_text=_("See docs/events.md."))
    filter = models.JSONField(
        _("filter"),
        default=dict,
        blank=True,
        help_text=_('Like those of a list of records: {"project": "shop", "status": "5xx"}. Empty: all.'),
    )
    batch_size = models.PositiveIntegerField(
        _("events at once"),
        default=BATCH_SIZE,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_BATCH)],
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("dispatcher")
        verbose_name_plural = _("dispatchers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
