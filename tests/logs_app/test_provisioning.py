from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from logs_app import provisioning
from logs_app.models import LogSettings

pytestmark = pytest.mark.django_db


def test_the_first_settings_take_the_given_values_and_defaults_for_the_rest() -> None:
    provisioning.ensure_settings({"REDACT_LOGS": True})
    row = LogSettings.objects.get()
    assert (row.redact_logs, row.payload_days) == (True, 7)


def test_stored_settings_are_not_touched() -> None:
    LogSettings.objects.create(redact_logs=True)
    assert provisioning.ensure_settings({"REDACT_LOGS": False}) is None
    assert LogSettings.objects.get().redact_logs is True


def test_a_value_that_cannot_be_is_refused_in_words() -> None:
    LogSettings.objects.create()
    [found] = provisioning.differences({"REDACT_LOGS": "perhaps"})
    with pytest.raises(ImproperlyConfigured, match="settings of records cannot be saved. redact_logs"):
        found.apply()


def test_what_differs_is_told_and_applied() -> None:
    LogSettings.objects.create()
    assert provisioning.differences({"REDACT_LOGS": False}) == []
    [found] = provisioning.differences({"REDACT_LOGS": True})
    assert found.line == "REDACT_LOGS is True, but False in the database"
    found.apply()
    assert LogSettings.objects.get().redact_logs is True
    assert provisioning.differences({"REDACT_LOGS": True}) == []
    assert provisioning.differences({}) == []
