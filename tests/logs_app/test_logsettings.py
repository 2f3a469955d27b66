from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from logs_app import logsettings
from logs_app.models import LogSettings

pytestmark = pytest.mark.django_db


def test_without_a_row_the_defaults_hold() -> None:
    value = logsettings.read()
    assert (value.redact_logs, value.redacted_kinds, value.payload_days, value.metadata_days) == (
        False,
        None,
        7,
        365,
    )


def test_the_row_is_read() -> None:
    LogSettings.objects.create(redact_logs=True, redacted_kinds=["EMAIL"], payload_days=None)
    value = logsettings.read()
    assert (value.redact_logs, value.redacted_kinds, value.payload_days) == (True, ("EMAIL",), None)


def test_there_is_one_row() -> None:
    LogSettings.objects.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        LogSettings.objects.create(pk=2)
