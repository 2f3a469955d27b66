from __future__ import annotations

import pytest

from deploy import healthcheck
from tests.running import Relay


def test_a_relay_that_serves_is_well(relay_server: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_ADDR", raising=False)
    monkeypatch.setenv("PORT", str(relay_server.port))
    assert healthcheck.main() == 0


def test_the_port_is_the_one_it_listens_on(relay_server: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_ADDR", f"0.0.0.0:{relay_server.port}")
    monkeypatch.setenv("PORT", "1")
    assert healthcheck.main() == 0


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("LISTEN_ADDR", raising=False)
    monkeypatch.setenv("PORT", "1")
    assert healthcheck.main() == 1
    assert "does not answer" in capsys.readouterr().err
