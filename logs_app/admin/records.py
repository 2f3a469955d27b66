"""Records in the admin: read-only, and fast however many there are."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from logs_app.admin import drawing
from logs_app.admin.listpage import Listing
from logs_app.admin.recordpage import RecordPage
from logs_app.admin.selecting import Selecting
from logs_app.models import LogRecord


@admin.register(LogRecord)
class LogRecordAdmin(RecordPage, Selecting, Listing):
    empty_value_display = drawing.EMPTY

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not one by one and past the audit log: see `selecting`."""
        return False
