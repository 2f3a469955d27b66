from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(*arguments: str, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_lists_every_target() -> None:
    targets = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
    listed = re.findall(r"^  make ([a-z-]+) +\S", make("help").stdout, re.MULTILINE)
    assert listed == targets
    assert {"run", "demo", "test", "coverage", "lint", "format", "bench", "lock"} <= set(targets)


def test_help_is_what_make_alone_shows() -> None:
    assert make().stdout == make("help").stdout


def test_it_stays_short() -> None:
    assert len(MAKEFILE.splitlines()) <= 60


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone without an environment."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    for name in ("base.txt", "dev.txt"):
        (tmp_path / "requirements" / name).touch()
    return tmp_path


@pytest.fixture
def old_python(tmp_path: Path) -> Path:
    """A program that says it is Python 3.9 and fits nothing."""
    program = tmp_path / "old" / "python3"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1" && exit\nexit 1\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for other in ("python3.11", "python3.12", "python3.13"):
        shutil.copy(program, program.with_name(other))
    return program


def test_without_a_fitting_python_it_says_which_one_it_found(checkout: Path, old_python: Path) -> None:
    ended = make("run", cwd=checkout, PATH=f"{old_python.parent}:/usr/bin:/bin")
    assert ended.returncode != 0
    words = ended.stderr.splitlines()[0]
    assert words == "LLM Relay needs Python 3.11, 3.12 or 3.13, and found Python 3.9.1."
    assert not (checkout / ".venv").exists()


def test_a_chosen_python_that_does_not_fit_is_refused_too(checkout: Path, old_python: Path) -> None:
    assert "found Python 3.9.1." in make("run", f"PYTHON={old_python}", cwd=checkout).stderr


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "base").touch()
    planned = make("-n", "run", cwd=checkout).stdout
    assert "manage.py serve" in planned and "pip install" not in planned
    os.utime(checkout / ".venv" / "base", (0, 0))
    assert "pip install" in make("-n", "run", cwd=checkout).stdout


def told(program: Path, record: Path) -> None:
    """It writes down what it is told to do."""
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\necho "$@" >>"{record}"\n')
    program.chmod(0o755)


@pytest.mark.parametrize("has_uv", [True, False])
def test_uv_installs_where_it_is_and_pip_elsewhere(checkout: Path, tmp_path: Path, has_uv: bool) -> None:
    by_uv, by_python = tmp_path / "by-uv", tmp_path / "by-python"
    folders = ["/usr/bin", "/bin", *([str(tmp_path / "tools")] if has_uv else [])]
    if has_uv:
        told(tmp_path / "tools" / "uv", by_uv)
    elif shutil.which("uv", path=os.pathsep.join(folders)):
        pytest.skip("uv is installed beside make")
    for name in ("python", "pip"):
        told(checkout / ".venv" / "bin" / name, by_python)
    done = make(".venv/dev", f"PYTHON={sys.executable}", cwd=checkout, PATH=os.pathsep.join(folders))
    assert done.returncode == 0, done.stderr
    asked = (by_uv if has_uv else by_python).read_text().splitlines()
    start = "pip install --quiet --python .venv/bin/python" if has_uv else "-m pip install --quiet"
    assert [line.startswith(start) for line in asked] == [True, True]
    assert [line.split()[-1] for line in asked] == ["requirements/base.txt", "requirements/dev.txt"]
    assert by_uv.exists() != by_python.exists()


def test_pip_installs_what_uv_cannot(checkout: Path, tmp_path: Path) -> None:
    by_python = tmp_path / "by-python"
    uv = tmp_path / "tools" / "uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\necho no certificate >&2\nexit 1\n")
    uv.chmod(0o755)
    for name in ("python", "pip"):
        told(checkout / ".venv" / "bin" / name, by_python)
    folders = os.pathsep.join(("/usr/bin", "/bin", str(uv.parent)))
    done = make(".venv/dev", f"PYTHON={sys.executable}", cwd=checkout, PATH=folders)
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in by_python.read_text().splitlines()] == [
        "requirements/base.txt",
        "requirements/dev.txt",
    ]
    assert "uv could not install; pip tries." in done.stderr
