from __future__ import annotations

import pytest

from accounts import singlerow
from logs_app.models import LogSettings

pytestmark = pytest.mark.django_db


def test_the_defaults_are_read_without_a_row_and_make_none() -> None:
    assert singlerow.read(LogSettings).payload_days == 7
    assert not LogSettings.objects.exists()


def test_whoever_changes_it_makes_it() -> None:
    row = singlerow.kept(LogSettings)
    row.payload_days = 3
    row.save()
    assert singlerow.read(LogSettings).payload_days == singlerow.kept(LogSettings).payload_days == 3
