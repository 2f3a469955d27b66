"""What somebody wants to be told of, and what of it is the case."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, validate_email
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField

LONGEST_WINDOW_MINUTES = 24 * 60
SCOPE = ("project", "key", "model", "provider")
PERCENTILES = (50, 90, 95, 99)
# How far a value must go back before an alert is over, where nothing else is said.
CLEAR_SHARE = 0.8


class Kind(models.TextChoices):
    ERROR_RATE = "error_rate", _("Share of failed calls (%)")
    LATENCY = "latency", _("Latency (ms)")
    SPEND = "spend", _("Spend in a period (US dollars)")
    PROVIDER = "provider", _("Provider set aside or unreachable")
    EXPIRY = "expiry", _("Key about to expire (hours left)")
    QUOTA = "quota", _("Quota of a token about to end (% left)")


class Period(models.TextChoices):
    HOUR = "hour", _("Hour")
    DAY = "day", _("Day")
    WEEK = "week", _("Week, from Monday")
    MONTH = "month", _("Month")


class AlertRule(models.Model):
    """Of the scope, names or ids as in a list of records; empty is all."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    project = models.CharField(_("project"), max_length=200, blank=True, default="")
    key = models.CharField(_("key"), max_length=200, blank=True, default="")
    model = models.CharField(_("model"), max_length=200, blank=True, default="")
    provider = models.CharField(_("provider"), max_length=100, blank=True, default="")
    threshold = models.FloatField(
        _("threshold"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("In the unit of the kind. A provider set aside needs none."),
    )
    clear_threshold = models.FloatField(
        _("over at"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_(
            "Of calls and spend: the alert is over when the value is back here. Empty: at four fifths of the "
            "threshold, so that a value around it is one alert and not twenty."
        ),
    )
    percentile = models.PositiveSmallIntegerField(
        _("percentile"),
        default=95,
        choices=[(each, f"p{each}") for each in PERCENTILES],
        help_text=_("Of latency: so many of 100 calls took no longer."),
    )
    window_minutes = models.PositiveIntegerField(
        _("minutes looked back"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_WINDOW_MINUTES)],
        help_text=_("Of failed calls and latency."),
    )
    least_requests = models.PositiveIntegerField(
        _("least calls"),
        default=20,
        validators=[MinValueValidator(1)],
        help_text=_("With fewer calls in that time nothing is judged: one failure at night is no 100 %."),
    )
    period = models.CharField(
        _("period"), max_length=8, choices=Period.choices, default=Period.DAY, help_text=_("Of spend, UTC.")
    )
    cool_down_minutes = models.PositiveIntegerField(
        _("quiet minutes"),
        default=30,
        help_text=_("The same alert is told again only so long after it was last told."),
    )
    emails = models.JSONField(
        _("e-mail to"), default=list, blank=True, help_text=_("Addresses. Sending needs EMAIL_URL.")
    )
    webhook_url = EncryptedTextField(
        _("webhook"), blank=True, default="", help_text=_("Stored encrypted: such a URL often is a secret.")
    )
    webhook_secret = EncryptedTextField(_("secret of the webhook"), blank=True, default="")
    evaluated_at = models.DateTimeField(_("looked at"), null=True, blank=True, editable=False)
    evaluation_error = models.CharField(
        _("could not be read"), max_length=500, blank=True, default="", editable=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if refusals := {**self._refused_threshold(), **self._refused_emails()}:
            raise ValidationError(refusals)

    def _refused_threshold(self) -> dict[str, str]:
        if self.kind != Kind.PROVIDER and not self.threshold:
            return {"threshold": str(_("Say from which value on you want to be told."))}
        if self.clear_threshold is not None and self.clear_threshold > self.threshold:
            return {"clear_threshold": str(_("This lies beyond the threshold."))}
        return {}

    def _refused_emails(self) -> dict[str, str]:
        """A list of texts; each one is an address."""
        if not isinstance(self.emails, list):
            return {"emails": str(_("This is a list of addresses."))}
        for each in self.emails:
            try:
                validate_email(each)
            except ValidationError:
                return {"emails": str(_("'%(text)s' is no e-mail address.") % {"text": each})}
        return {}

    @property
    def over_at(self) -> float:
        return self.threshold * CLEAR_SHARE if self.clear_threshold is None else self.clear_threshold

    @property
    def scope(self) -> dict[str, str]:
        return {name: value for name in SCOPE if (value := getattr(self, name))}


class News(models.TextChoices):
    NONE = "", _("told")
    OPENED = "opened", _("begun, not told yet")
    RESOLVED = "resolved", _("over, not told yet")


class AlertState(models.Model):
    """Of a rule and what it is about: itself (empty), a provider of a machine, a key.

    `news` is what is still to be told; who sets `claimed_until` tells it, and nobody else does until then.
    """

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="states")
    subject = models.CharField(_("about"), max_length=200, blank=True, default="")
    node = models.CharField(_("machine"), max_length=64, blank=True, default="")
    is_open = models.BooleanField(_("open"), default=False)
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    opened_at = models.DateTimeField(_("begun"), null=True)
    resolved_at = models.DateTimeField(_("over"), null=True)
    value = models.FloatField(_("value"), null=True)
    words = models.CharField(_("in words"), max_length=1000, blank=True, default="")
    path = models.CharField(max_length=1000, blank=True, default="")
    news = models.CharField(_("notice"), max_length=10, blank=True, choices=News.choices, default=News.NONE)
    reached = models.CharField(max_length=40, blank=True, default="", help_text="Who was told of the news.")
    claimed_until = models.DateTimeField(null=True)
    told_at = models.DateTimeField(_("told"), null=True)
    error = models.CharField(_("not told because"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("state of an alert")
        verbose_name_plural = _("states of alerts")
        ordering = ["-is_open", "subject"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "subject", "node"], name="alert_state_of_subject")
        ]

    def __str__(self) -> str:
        return self.words or self.subject
