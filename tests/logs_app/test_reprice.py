from __future__ import annotations

import pytest
from django.core.management import call_command

from logs_app.management.commands import reprice
from logs_app.models import LogRecord
from tests.logs_app.records import add_record
from tests.logs_app.test_pricing_repricing import set_price

pytestmark = pytest.mark.django_db


def test_the_command_says_what_it_did(capsys):
    add_record()
    set_price(10**9, 0)
    call_command("reprice", dry_run=True)
    call_command("reprice", model="other")
    call_command("reprice", since="1h")
    call_command("reprice", model="m-1")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 of 1 records would change: 0 USD before, 3 USD after."
    assert said[1].startswith("0 of 0 records changed")
    assert said[-1].endswith(("3 USD after.", "0 USD after."))
    assert LogRecord.objects.get().cost_nanos == 3 * 10**9


def test_progress_is_told_on_standard_error(capsys, monkeypatch):
    monkeypatch.setattr(reprice, "REPORT_SECONDS", 0.0)
    add_record()
    call_command("reprice")
    assert capsys.readouterr().err.startswith("1 records, up to 2025-11-20 17:33")
