"""The version that tells every process when the configuration has moved."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils.translation import gettext_lazy as _


class ConfigVersion(models.Model):
    """One row, moved by the triggers of `changes`: its order is the order of commits."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    version = models.BigIntegerField()

    class Meta:
        verbose_name = _("configuration version")
        verbose_name_plural = _("configuration version")

    def __str__(self) -> str:
        return str(self.version)


class ConfigChange(models.Model):
    """A row that changed, and the version this led to; only the newest are kept."""

    version = models.BigIntegerField(db_index=True)
    table_name = models.CharField(max_length=63)
    row_pk = models.CharField(max_length=64, blank=True, help_text="Empty: the whole table.")

    class Meta:
        verbose_name = _("configuration change")
        verbose_name_plural = _("configuration changes")

    def __str__(self) -> str:
        return f"{self.version} {self.table_name} {self.row_pk}".rstrip()


SQL = f"SELECT version FROM {ConfigVersion._meta.db_table} WHERE id = 1"


def current(using: str = DEFAULT_DB_ALIAS) -> int:
    """Plain SQL, because every process asks several times a second. 0: nothing was ever written."""
    with connections[using].cursor() as cursor:
        cursor.execute(SQL)
        row = cursor.fetchone()
    return row[0] if row else 0
