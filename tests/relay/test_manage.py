from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    command = f"""{sys.executable} manage.py shell --no-imports -c "print('x' * 200_000)" | head -c 1"""
    environ = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    script = ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"]
    done = subprocess.run(script, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("x", "", 141)
