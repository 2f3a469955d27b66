from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RecordTag(models.Model):
    """The tags of records once more, in the order in which a page of them is read."""

    pk = models.CompositePrimaryKey("tag", "record_id")
    tag = models.CharField(_("tag"), max_length=200)
    record_id = models.UUIDField(editable=False)

    class Meta:
        verbose_name = _("tag of a record")
        verbose_name_plural = _("tags of records")
        indexes = [models.Index(fields=["record_id"], name="record_tag_record")]

    def __str__(self) -> str:
        return f"{self.tag}: {self.record_id}"


class SearchText(models.Model):
    """What is searched instead of payloads, see `search`.

    SQLite's full-text index refers to `id` and follows by triggers. Altering this table there makes it anew
    and drops them: a migration that does so ends with `search.schema.remove` and `install`.
    """

    id = models.BigAutoField(primary_key=True)
    record_id = models.UUIDField(unique=True, editable=False)
    text = models.TextField(_("folded text"))

    class Meta:
        verbose_name = _("searched text")
        verbose_name_plural = _("searched texts")

    def __str__(self) -> str:
        return str(self.record_id)


class SearchCursor(models.Model):
    """How far the records of a node are in the search index."""

    node = models.CharField(_("node"), primary_key=True, max_length=64)
    seq = models.BigIntegerField(_("sequence number"), default=0)

    class Meta:
        verbose_name = _("search cursor")
        verbose_name_plural = _("search cursors")

    def __str__(self) -> str:
        return f"{self.node} @ {self.seq}"
