from __future__ import annotations

from pathlib import Path

import pytest

from deploy import secrets


def test_they_are_made_once_and_said_once(tmp_path: Path) -> None:
    said = secrets.make(tmp_path)
    assert [line.partition(":")[0] for line in said] == [
        "PostgreSQL, user relay",
        "Grafana, user admin",
        "/metrics (Prometheus sends it)",
    ]
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert secrets.make(tmp_path) == []
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
    assert len({*before.values()}) == 4


def test_the_database_is_reached_with_the_password_it_has(tmp_path: Path) -> None:
    secrets.make(tmp_path)
    password = (tmp_path / "postgres_password").read_text()
    assert (tmp_path / "database_url").read_text() == f"postgres://relay:{password}@postgres:5432/relay"


def test_what_is_missing_is_made_again_for_what_is_there(tmp_path: Path) -> None:
    secrets.make(tmp_path)
    url = (tmp_path / "database_url").read_text()
    (tmp_path / "database_url").unlink()
    secrets.make(tmp_path)
    assert (tmp_path / "database_url").read_text() == url


def test_the_command_says_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert secrets.main([str(tmp_path)]) == 0
    assert (tmp_path / "grafana_password").read_text() in capsys.readouterr().out
    assert secrets.main([str(tmp_path)]) == 0
    assert "those of the first start" in capsys.readouterr().out
    assert secrets.main([]) == 2
