"""Settings as a fresh process sees them, under the variables of different installations."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests import managing

PUBLIC = {"PROXY_BASE_URL": "https://relay.example.com"}


def manage(tmp_path: Path, *arguments: str, **environ: str) -> managing.Done:
    return managing.run(arguments, {**os.environ, "DATA_DIR": str(tmp_path), **environ})


def settings_of(tmp_path: Path, *names: str, **environ: str) -> dict[str, Any]:
    expression = f"{{name: getattr(settings, name) for name in {names!r}}}"
    code = f"import json; from django.conf import settings; print(json.dumps({expression}, default=str))"
    shown = manage(tmp_path, "shell", "--no-imports", "-c", code, **environ)
    assert shown.returncode == 0, shown.stderr
    loaded: dict[str, Any] = json.loads(shown.stdout)
    return loaded


def test_with_a_public_address_djangos_deployment_check_finds_nothing(tmp_path: Path) -> None:
    checked = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PUBLIC)
    assert checked.returncode == 0, checked.stderr


def test_a_public_https_address_closes_what_http_left_open(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path,
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "CSRF_TRUSTED_ORIGINS",
        "TRUSTED_PROXIES",
        **PUBLIC,
    )
    assert found["SESSION_COOKIE_SECURE"] and found["CSRF_COOKIE_SECURE"] and found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] > 0
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://relay.example.com"]
    assert "127.0.0.0/8" in found["TRUSTED_PROXIES"]


def test_on_loopback_plain_http_works_and_no_proxy_is_trusted(tmp_path: Path) -> None:
    found = settings_of(tmp_path, "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "TRUSTED_PROXIES", "DEBUG")
    assert found == {
        "SESSION_COOKIE_SECURE": False,
        "SECURE_SSL_REDIRECT": False,
        "TRUSTED_PROXIES": [],
        "DEBUG": False,
    }


def test_https_only_may_be_chosen_against_the_address(tmp_path: Path) -> None:
    found = settings_of(tmp_path, "SECURE_SSL_REDIRECT", HTTPS_ONLY="false", **PUBLIC)
    assert found["SECURE_SSL_REDIRECT"] is False


def test_waiting_for_bytes_falls_back_to_the_one_timeout_of_earlier_systems(tmp_path: Path) -> None:
    names = ("FIRST_BYTE_TIMEOUT_SECONDS", "IDLE_TIMEOUT_SECONDS", "TOTAL_TIMEOUT_SECONDS")
    found = settings_of(tmp_path, *names, REQUEST_TIMEOUT_SECS="30", IDLE_TIMEOUT_SECONDS="5")
    assert found == {
        "FIRST_BYTE_TIMEOUT_SECONDS": 30.0,
        "IDLE_TIMEOUT_SECONDS": 5.0,
        "TOTAL_TIMEOUT_SECONDS": None,
    }


def test_secrets_are_the_same_in_every_process(tmp_path: Path) -> None:
    names = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "MANAGEMENT_TOKEN", "NODE_ID")
    assert settings_of(tmp_path, *names) == settings_of(tmp_path, *names)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "relay.db"),
        ({"DATABASE_PATH": "/srv/other.db"}, "/srv/other.db"),
        ({"DATABASE_URL": "sqlite:////srv/third.db", "DATABASE_PATH": "/srv/other.db"}, "/srv/third.db"),
    ],
)
def test_where_the_sqlite_file_lies(environ: dict[str, str], name: str, tmp_path: Path) -> None:
    found = settings_of(tmp_path, "DATABASES", **{"DATABASE_URL": "", **environ})["DATABASES"]
    assert found["default"]["NAME"] == str(tmp_path / name)


def test_the_log_goes_where_and_how_it_was_asked_to(tmp_path: Path) -> None:
    code = "import logging; log = logging.getLogger('relay'); log.warning('seen'); log.info('not seen')"
    path = tmp_path / "logs" / "relay.log"
    environ = {"LOG_FILE": str(path), "LOG_FORMAT": "json", "LOG_LEVEL": "warning"}
    assert manage(tmp_path, "shell", "--no-imports", "-c", code, **environ).returncode == 0
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["message"] == "seen"


def test_a_log_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    ended = manage(tmp_path, "check", LOG_FILE="/proc/nowhere/relay.log")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr and "LOG_FILE cannot be written" in ended.stderr
