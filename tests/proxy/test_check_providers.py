from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from proxy.models import Provider
from proxy.simulator import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(api_key="sk-good") as running:
        yield running


@pytest.fixture
def providers(db: None, simulator: Simulator) -> None:
    for name, base, is_enabled in (
        ("well", simulator.base_url, True),
        ("gone", "http://127.0.0.1:1", True),
        ("off", simulator.base_url, False),
    ):
        Provider.objects.create(provider_key=name, api_base=base, api_key="sk-good", is_enabled=is_enabled)


def run(*arguments: str, **options: Any) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_providers", *arguments, stdout=out, stderr=StringIO(), no_color=True, **options)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_table_says_who_can_be_used_and_why_not(providers: None) -> None:
    code, text = run()
    lines = text.splitlines()
    assert (code, len(lines)) == (1, 3)
    assert lines[0].split() == ["provider", "result", "time", "models", "message"]
    assert lines[1].startswith("gone      refused_connection") and "Nothing listens" in lines[1]
    assert lines[2].startswith("well      ok ") and "It lists" in lines[2]


def test_only_some_are_asked_also_disabled_ones(providers: None) -> None:
    code, text = run("well", "off")
    assert (code, [line.split()[0] for line in text.splitlines()[1:]]) == (0, ["off", "well"])


def test_json_for_scripts(providers: None) -> None:
    code, text = run("--json", "well")
    (shown,) = json.loads(text)
    assert (code, shown["ok"], shown["status"], shown["fault"]) == (0, True, 200, "")
    assert shown["models"]


def test_a_model_is_asked_for(providers: None, simulator: Simulator) -> None:
    assert run("well", "--model", "gpt-4o")[0] == 0
    assert simulator.requests[-1].method == "POST"
    assert run("well", "--model", "missing-model")[0] == 1


def test_an_unknown_name_and_no_provider_at_all(providers: None) -> None:
    with pytest.raises(CommandError, match="There is no provider 'nobody'"):
        run("nobody")
    Provider.objects.update(is_enabled=False)
    with pytest.raises(CommandError, match="no enabled provider"):
        run()


@pytest.mark.parametrize("seconds", ["0", "x", "1e9"])
def test_a_time_that_cannot_be_is_refused(seconds: str) -> None:
    with pytest.raises(CommandError, match="a number of seconds"):
        run("--timeout", seconds)


def test_progress_is_for_who_looks(providers: None) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    seen = Terminal()
    with pytest.raises(SystemExit):
        call_command("check_providers", stdout=StringIO(), stderr=seen, no_color=True)
    assert "well: ok (" in seen.getvalue() and "(0 left)" in seen.getvalue()
