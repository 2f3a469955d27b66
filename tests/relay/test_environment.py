from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from relay.environment import environment
from relay.environment.variables import TABLE

ROOT = Path(__file__).resolve().parent.parent.parent


def read(**given: str) -> dict[str, Any]:
    return environment.read(TABLE.values(), given, ROOT)


def refusal(**given: str) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        read(**given)
    return str(refused.value)


def test_without_variables_everything_has_its_default() -> None:
    values = read()
    assert (values["HOST"], values["PORT"], values["WORKERS"]) == ("127.0.0.1", 8000, 1)
    assert values["TARGET_BASE_URL"] == "https://api.openai.com"
    assert values["DATA_DIR"] == ROOT / "data"
    assert values["TOTAL_TIMEOUT_SECONDS"] is None


def test_an_empty_variable_counts_as_none() -> None:
    assert read(PORT="", WORKERS=" ")["PORT"] == 8000


def test_it_knows_which_variables_were_given() -> None:
    assert read(PORT="1", ADMIN_KEY="0123456789").given == {"PORT", "MANAGEMENT_TOKEN"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("alias", "name", "text", "value"),
    [
        ("DB_URL", "DATABASE_URL", "postgres://h/d", "postgres://h/d"),
        ("ADMIN_KEY", "MANAGEMENT_TOKEN", "secret", "secret"),
        ("ADMIN_USER", "ADMIN_USERNAME", "root", "root"),
        ("ENCRYPTION_KEY", "FIELD_ENCRYPTION_KEYS", "a,b", ("a", "b")),
        ("REQUEST_TIMEOUT_SECS", "HTTP_TIMEOUT_SECONDS", "300", 300.0),
        ("OPENAI_API_URL", "TARGET_BASE_URL", "https://example.com", "https://example.com"),
    ],
)
def test_the_names_of_earlier_systems_are_accepted(alias: str, name: str, text: str, value: Any) -> None:
    assert read(**{alias: text})[name] == value


def test_two_names_with_one_value_are_fine() -> None:
    assert read(ADMIN_USER="root", ADMIN_USERNAME="root")["ADMIN_USERNAME"] == "root"


def test_two_names_with_different_values_are_an_error_that_names_both() -> None:
    words = refusal(ADMIN_USER="root", ADMIN_USERNAME="boss")
    assert words == "ADMIN_USERNAME and ADMIN_USER say different things; set only one of them."


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-from-file\n")
    assert read(TARGET_API_KEY_FILE=str(tmp_path / "key"))["TARGET_API_KEY"] == "sk-from-file"


@pytest.mark.parametrize("name", [name for name, variable in TABLE.items() if variable.is_secret])
def test_every_secret_may_lie_in_a_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-file")
    assert read(**{f"{name}_FILE": str(tmp_path / "secret")})[name] in ("from-file", ("from-file",))


def test_an_alias_may_lie_in_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("mt")
    assert read(ADMIN_KEY_FILE=str(tmp_path / "key"))["MANAGEMENT_TOKEN"] == "mt"


def test_a_missing_secret_file_is_named() -> None:
    words = refusal(TARGET_API_KEY_FILE="/nowhere/key")
    assert words == "TARGET_API_KEY_FILE names /nowhere/key, which cannot be read: No such file or directory."


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    assert "which is empty" in refusal(PROXY_KEY_FILE=str(tmp_path / "key"))


def test_file_and_value_that_differ_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("other")
    words = refusal(PROXY_KEY="one", PROXY_KEY_FILE=str(tmp_path / "key"))
    assert words == "PROXY_KEY and PROXY_KEY_FILE say different things; set only one of them."


def test_a_value_with_a_dollar_is_taken_as_it_is() -> None:
    assert read(ADMIN_PASSWORD="$HOME")["ADMIN_PASSWORD"] == "$HOME"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PORT", "http", "PORT is 'http', but must be a whole number."),
        ("PORT", "70000", "PORT is 70000, but must be at most 65535."),
        ("WORKERS", "0", "WORKERS is 0, but must be at least 1."),
        ("DEBUG", "maybe", "DEBUG is 'maybe', but must be true or false."),
        ("CONNECT_TIMEOUT_SECONDS", "-1", "CONNECT_TIMEOUT_SECONDS is -1, but must be more than 0 seconds."),
        ("REQUEST_TIMEOUT_SECS", "nan", "REQUEST_TIMEOUT_SECS is nan, but must be more than 0 seconds."),
        (
            "TARGET_BASE_URL",
            "api.openai.com",
            "TARGET_BASE_URL is 'api.openai.com', but must be an address such as",
        ),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'loud', but must be one of debug, info, warning, "),
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8,proxy",
            "TRUSTED_PROXIES contains 'proxy', which is neither an address nor",
        ),
    ],
)
def test_a_bad_value_is_refused_in_words(name: str, text: str, words: str) -> None:
    assert refusal(**{name: text}).startswith(words)


def test_all_bad_values_are_told_at_once() -> None:
    assert refusal(PORT="x", WORKERS="y").count("\n") == 1


@pytest.mark.parametrize("text", ["true", "True", "1", "yes", "on"])
def test_a_switch_is_turned_on_by_the_usual_words(text: str) -> None:
    assert read(DEBUG=text)["DEBUG"] is True


@pytest.mark.parametrize("text", ["false", "False", "0", "no", "off"])
def test_a_switch_is_turned_off_by_the_usual_words(text: str) -> None:
    assert read(INJECT_STREAM_USAGE=text)["INJECT_STREAM_USAGE"] is False


def test_relative_paths_begin_at_the_project() -> None:
    assert read(LOG_FILE="logs/relay.log")["LOG_FILE"] == ROOT / "logs/relay.log"
    assert read(DATA_DIR="/srv/relay")["DATA_DIR"] == Path("/srv/relay")


def manage(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
    )


def test_the_env_file_is_read_and_real_variables_win(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# comment\nPORT=8111\nDEFAULT_MODEL='a model'\n")
    shown = manage(
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings; print(settings.PORT, settings.DEFAULT_MODEL)",
        ENV_FILE=str(tmp_path / ".env"),
        PORT="8222",
    )
    assert shown.stdout.strip() == "8222 a model", shown.stderr


def test_a_command_with_a_bad_value_ends_with_a_sentence_and_no_traceback() -> None:
    ended = manage("check", WORKERS="none")
    assert ended.returncode == 1
    assert ended.stderr == "Not started. WORKERS is 'none', but must be a whole number.\n"


@pytest.mark.parametrize(
    ("text", "lifetime"),
    [("", timedelta(days=30)), ("7", timedelta(days=7)), ("12H", timedelta(hours=12)), ("Never", None)],
)
def test_the_lifetime_of_tokens_is_days_unless_it_says_otherwise(
    text: str, lifetime: timedelta | None
) -> None:
    assert environment.lifetime(read(DEFAULT_TOKEN_LIFETIME=text)["DEFAULT_TOKEN_LIFETIME"]) == lifetime


@pytest.mark.parametrize(("text", "words"), [("soon", "30m, 24h, 7d"), ("0", "dead at birth")])
def test_a_lifetime_that_cannot_be_is_refused_in_words(text: str, words: str) -> None:
    assert refusal(DEFAULT_TOKEN_LIFETIME=text).startswith("DEFAULT_TOKEN_LIFETIME is ")
    assert words in refusal(DEFAULT_TOKEN_LIFETIME=text)
