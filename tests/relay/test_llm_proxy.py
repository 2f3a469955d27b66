"""The words of an earlier system's program, typed into a shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests import managing
from tests.managing import Done
from tests.running import ROOT, Relay

MODULE = "relay.llm_proxy"
PROGRAM = [sys.executable, "-P", "-m", MODULE]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    given = {"DATA_DIR": str(tmp_path / "data"), "ENV_FILE": os.devnull, "PYTHONPATH": str(ROOT)}
    os.mkdir(given["DATA_DIR"])
    return {**os.environ, **given, "DATABASE_URL": ""}


def run(environ: dict[str, str], *arguments: str, cwd: Path = ROOT) -> Done:
    return managing.run(arguments, environ, module=MODULE, cwd=cwd)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["setup"],
        ["server", "--daemon"],
        ["migrate", "down"],
        ["manage"],
        ["manage", "cache", "paint"],
        ["manage", "project", "paint"],
        ["manage", "project", "list", "--daemon"],
    ],
)
def test_what_does_not_exist_is_refused_with_a_list_of_what_does(
    environ: dict[str, str], arguments: list[str]
) -> None:
    done = run(environ, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: llm-proxy")
    assert "Traceback" not in done.stderr


def test_migrate_prepares_the_named_database(environ: dict[str, str], tmp_path: Path) -> None:
    assert (
        "[ ]  accounts.0001_initial"
        in run(environ, "migrate", "status", "--db", "my.db", cwd=tmp_path).stdout
    )
    assert run(environ, "migrate", "up", "--db", "my.db", cwd=tmp_path).returncode == 0
    assert "[ ]" not in run(environ, "migrate", "status", "--db", "my.db", cwd=tmp_path).stdout
    assert (tmp_path / "my.db").stat().st_size > 0
    assert not (tmp_path / "data" / "relay.db").exists()


def test_a_missing_file_of_variables_is_said(environ: dict[str, str]) -> None:
    done = run(environ, "server", "--env", "nowhere.env")
    assert (done.returncode, done.stderr) == (1, "There is no file nowhere.env.\n")


def test_a_bad_variable_is_said(environ: dict[str, str]) -> None:
    done = run(environ | {"WORKERS": "many"}, "manage", "project", "list")
    assert done.returncode == 1
    assert done.stderr.startswith("Not started. WORKERS")


def test_manage_does_what_the_commands_do(environ: dict[str, str]) -> None:
    assert run(environ, "migrate", "up").returncode == 0
    made = json.loads(run(environ, "manage", "project", "create", "--name", "Shop", "--json").stdout)
    listed = json.loads(run(environ, "manage", "--json", "project", "list").stdout)
    assert [row["id"] for row in listed] == [made["id"]]
    token = run(environ, "manage", "token", "generate", "--project-id", made["id"], "--duration", "24")
    assert "\ntoken " in token.stdout


def test_global_flags_may_stand_in_front(environ: dict[str, str], relay_server: Relay) -> None:
    flags = ["--manage-api-base-url", relay_server.url, "--management-token", relay_server.management_token]
    done = run(environ, "manage", *flags, "--json", "credential", "list")
    assert "default" in [row["name"] for row in json.loads(done.stdout)]


def test_server_starts_a_relay_where_the_flags_say(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "my.env").write_text("MANAGEMENT_TOKEN=from-the-file-of-variables\n")
    environ.pop("MANAGEMENT_TOKEN", None)
    flags = ["--addr", "127.0.0.1:0", "--db", "my.db", "--env", "my.env", "--log-level", "warning"]
    server = subprocess.Popen(
        [*PROGRAM, "server", *flags], env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        url = _address(server)
        bearer = {"Authorization": "Bearer from-the-file-of-variables"}
        assert httpx.get(f"{url}/manage/projects", headers=bearer).status_code == 200
        assert (tmp_path / "my.db").exists()
    finally:
        server.terminate()
        server.communicate(timeout=60)
    assert server.returncode == 0


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    ends_at = time.monotonic() + 60
    for line in server.stdout:
        if "answers on " in line:
            return line.partition("answers on ")[2].partition("/v1")[0]
        assert time.monotonic() < ends_at
    raise AssertionError("The server ended.")


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_puts_the_program_beside_python(environ: dict[str, str], tmp_path: Path) -> None:
    checkout = tmp_path / "a checkout"
    (checkout / "requirements").mkdir(parents=True)
    (checkout / "requirements" / "base.txt").touch()
    shutil.copy(ROOT / "Makefile", checkout)
    (checkout / "relay").symlink_to(ROOT / "relay")
    for name, text in (("python", f'#!/bin/sh\n[ "$2" = pip ] || exec {sys.executable} "$@"\n'), ("pip", "")):
        program = checkout / ".venv" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    subprocess.run(["make", ".venv/base", f"PYTHON={sys.executable}"], cwd=checkout, check=True)
    program = checkout / ".venv" / "bin" / "llm-proxy"
    environ.pop("PYTHONPATH")
    done = subprocess.run([program, "migrate", "sideways"], env=environ, cwd=tmp_path, capture_output=True)
    assert done.returncode == 2
    assert b"usage: llm-proxy migrate" in done.stderr
