from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from logs_app.models import ModelPrice

pytestmark = pytest.mark.django_db
FILE = {
    "date": "2026-11-21",
    "valid_from": "2026-11-21T00:00:00Z",
    "prices": [{"models": ["mine-1", "mine-2"], "input": "0.5"}],
}


def test_prices_of_a_file_are_added(tmp_path, capsys):
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(FILE))
    call_command("load_prices", file=file, dry_run=True)
    assert not ModelPrice.objects.filter(model="mine-1").exists()
    call_command("load_prices", file=file)
    assert capsys.readouterr().out == "2 prices would be added.\n2 prices added.\n"
    assert ModelPrice.objects.get(model="mine-1").input == 500_000_000


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"prices": [{"models": ["m"], "input": "x"}]}'])
def test_what_is_no_file_of_prices_is_refused(tmp_path, text):
    file = tmp_path / "prices.json"
    file.write_text(text)
    with pytest.raises(CommandError, match="cannot be read as prices"):
        call_command("load_prices", file=file)
