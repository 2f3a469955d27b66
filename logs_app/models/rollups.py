from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Series(models.Model):
    """What a sum can be grouped by: one row for each combination that was ever seen on a node, and a coarse
    one for each of its project, model and provider, with all else empty.

    Rows are never deleted: recorders remember their ids. The two names are the latest, all else is the key.
    """

    digest = models.CharField(max_length=32, unique=True, help_text=_("Of all that the sums are kept by."))
    node = models.CharField(_("node"), max_length=64)
    project_id = models.CharField(_("project id"), max_length=36, blank=True)
    project = models.CharField(_("project"), max_length=200, blank=True)
    key_kind = models.CharField(_("kind of key"), max_length=16, blank=True)
    key_id = models.CharField(_("key id"), max_length=36, blank=True)
    key_name = models.CharField(_("key name"), max_length=200, blank=True)
    model = models.CharField(_("model"), max_length=200, blank=True)
    provider = models.CharField(_("provider"), max_length=100, blank=True)
    method = models.CharField(_("method"), max_length=16, blank=True)
    endpoint = models.CharField(_("endpoint"), max_length=200, blank=True)
    status_code = models.PositiveSmallIntegerField(_("status"), default=0, help_text=_("0: no answer."))
    outcome = models.CharField(_("outcome"), max_length=20, blank=True)
    is_coarse = models.BooleanField(_("coarse"), default=False, db_default=False)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")

    def __str__(self) -> str:
        return f"{self.project or self.project_id} {self.key_name} {self.model} {self.status_code}"


class Rollup(models.Model):
    """Sums over the records of a series that came within a span of time, see `rollups`."""

    pk = models.CompositePrimaryKey("minutes", "start", "series_id")
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), help_text=_("Length of the span; 0: all of time.")
    )
    start = models.BigIntegerField(_("start"), help_text=_("In seconds since 1970."))
    series_id = models.BigIntegerField(_("series"))
    figures = models.BinaryField(_("figures"))

    class Meta:
        verbose_name = _("sum of records")
        verbose_name_plural = _("sums of records")

    def __str__(self) -> str:
        return f"{self.start} +{self.minutes} min, series {self.series_id}"
